/** The register block of a legacy or transitional device in I/O space (VIRTIO 1.1, 4.1.4.8 and 4.1.4.8.1). */
import type { RegionHandler } from '../board-services.ts';
import type { DeviceState } from '../device-class.ts';
import { littleEndian, readLittleEndian } from './little-endian.ts';
import { fieldsOf } from './saved-fields.ts';
import { NO_VECTOR } from './virtio-bits.ts';
import type { VirtioCore } from './virtio-core.ts';

const DEVICE_FEATURES = 0;
const DRIVER_FEATURES = 4;
const QUEUE_ADDRESS = 8;
const QUEUE_SIZE = 12;
const QUEUE_SELECT = 14;
const QUEUE_NOTIFY = 16;
const DEVICE_STATUS = 18;
const ISR_STATUS = 19;
/** These two are there while MSI-X is enabled; the device's own configuration follows what is there. */
const CONFIG_VECTOR = 20;
const QUEUE_VECTOR = 22;
const CONFIG_WITHOUT_MSIX = 20;
const CONFIG_WITH_MSIX = 24;
const SMALLEST_BAR = 64;

/** What both interfaces need of the PCI function. */
export interface InterfaceHost {
  readonly msixEnabled: boolean;
  /** Reads and clears the interrupt status; the line falls. */
  takeInterruptStatus(): number;
  /** The vector that `vector` becomes: itself, or NO_VECTOR when there is none of that number. */
  acceptVector(vector: number): number;
}

/** Ports that the block of a device with `configBytes` bytes of configuration takes. */
export function legacyBarBytes(configBytes: number): number {
  return Math.max(SMALLEST_BAR, 2 ** Math.ceil(Math.log2(CONFIG_WITH_MSIX + configBytes)));
}

export class LegacyInterface implements RegionHandler {
  readonly #core: VirtioCore;
  readonly #host: InterfaceHost;
  #selected = 0;

  constructor(core: VirtioCore, host: InterfaceHost) {
    this.#core = core;
    this.#host = host;
  }

  /** A reset of the machine; the driver's own reset leaves the selector. */
  reset(): void {
    this.#selected = 0;
  }

  save(): DeviceState {
    return { selected: this.#selected };
  }

  restore(state: DeviceState): void {
    this.#selected = fieldsOf(state).number('selected');
  }

  read(offset: number, size: number): number {
    const config = offset - this.#configStart;
    const value =
      config >= 0 ? readLittleEndian(this.#core.readConfig(), config, size) : this.#register(offset);
    return readLittleEndian(littleEndian(value, 4), 0, size);
  }

  write(offset: number, size: number, value: number): void {
    const config = offset - this.#configStart;
    if (config >= 0) {
      this.#core.writeConfig(config, littleEndian(value, size));
    } else {
      this.#setRegister(offset, value);
    }
  }

  get #configStart(): number {
    return this.#host.msixEnabled ? CONFIG_WITH_MSIX : CONFIG_WITHOUT_MSIX;
  }

  #register(offset: number): number {
    const queue = this.#core.findQueue(this.#selected);
    switch (offset) {
      case DEVICE_FEATURES:
        return Number(this.#core.offeredFeatures('legacy'));
      case DRIVER_FEATURES:
        return Number(BigInt.asUintN(32, this.#core.chosenFeatures));
      case QUEUE_ADDRESS:
        return queue?.legacyPage ?? 0;
      case QUEUE_SIZE:
        return queue?.size ?? 0;
      case QUEUE_SELECT:
        return this.#selected;
      case DEVICE_STATUS:
        return this.#core.status;
      case ISR_STATUS:
        return this.#host.takeInterruptStatus();
      case CONFIG_VECTOR:
        return this.#core.configVector;
      case QUEUE_VECTOR:
        return queue?.vector ?? NO_VECTOR;
      default:
        return 0;
    }
  }

  #setRegister(offset: number, value: number): void {
    const queue = this.#core.findQueue(this.#selected);
    switch (offset) {
      case DRIVER_FEATURES:
        this.#core.chooseFeatures(BigInt(value));
        break;
      case QUEUE_ADDRESS:
        queue?.placeLegacy(value);
        break;
      case QUEUE_SELECT:
        this.#selected = value;
        break;
      case QUEUE_NOTIFY:
        this.#core.notify(value);
        break;
      case DEVICE_STATUS:
        this.#core.writeStatus(value);
        break;
      case CONFIG_VECTOR:
        this.#core.configVector = this.#host.acceptVector(value);
        break;
      case QUEUE_VECTOR:
        if (queue !== undefined) {
          queue.vector = this.#host.acceptVector(value);
        }
        break;
    }
  }
}
