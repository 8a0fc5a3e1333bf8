/** The register blocks of a modern or transitional device, all in one memory BAR (VIRTIO 1.1, 4.1.4). */
import type { RegionHandler } from '../board-services.ts';
import type { DeviceState } from '../device-class.ts';
import type { InterfaceHost } from './legacy-interface.ts';
import { littleEndian, readLittleEndian } from './little-endian.ts';
import { fieldsOf } from './saved-fields.ts';
import { NO_VECTOR } from './virtio-bits.ts';
import type { VirtioCore } from './virtio-core.ts';
import type { RingAddresses, Virtqueue } from './virtqueue.ts';

/** Where the blocks lie in the BAR: a page each. Notifications have one word a queue. */
export const COMMON_BLOCK = 0x0000;
export const ISR_BLOCK = 0x1000;
export const DEVICE_BLOCK = 0x2000;
export const NOTIFY_BLOCK = 0x3000;
export const BLOCK_BYTES = 0x1000;
export const MODERN_BAR_BYTES = 0x4000;
export const NOTIFY_MULTIPLIER = 4;

/** Fields of the common configuration (4.1.4.3). */
const DEVICE_FEATURE_SELECT = 0;
const DEVICE_FEATURE = 4;
const DRIVER_FEATURE_SELECT = 8;
const DRIVER_FEATURE = 12;
const CONFIG_MSIX_VECTOR = 16;
const NUM_QUEUES = 18;
const DEVICE_STATUS = 20;
const CONFIG_GENERATION = 21;
const QUEUE_SELECT = 22;
const QUEUE_SIZE = 24;
const QUEUE_MSIX_VECTOR = 26;
const QUEUE_ENABLE = 28;
const QUEUE_NOTIFY_OFF = 30;
const QUEUE_DESC = 32;
const QUEUE_DRIVER = 40;
const QUEUE_DEVICE = 48;
const HIGH_HALF = 4;

const WORD_BITS = 32;
const TWO_TO_32 = 2 ** 32;
const U16 = 0xffff;

const RING_PARTS: Readonly<Record<number, keyof RingAddresses>> = {
  [QUEUE_DESC]: 'descriptors',
  [QUEUE_DRIVER]: 'available',
  [QUEUE_DEVICE]: 'used',
};

export class ModernInterface implements RegionHandler {
  readonly #core: VirtioCore;
  readonly #host: InterfaceHost;
  #deviceFeatureSelect = 0;
  #driverFeatureSelect = 0;
  #selected = 0;

  constructor(core: VirtioCore, host: InterfaceHost) {
    this.#core = core;
    this.#host = host;
  }

  read(offset: number, size: number): number {
    const within = offset % BLOCK_BYTES;
    switch (offset - within) {
      case COMMON_BLOCK:
        return readLittleEndian(littleEndian(this.#common(within), 4), 0, size);
      case ISR_BLOCK:
        return within === 0 ? this.#host.takeInterruptStatus() : 0;
      case DEVICE_BLOCK:
        return readLittleEndian(this.#core.readConfig(), within, size);
      default:
        return 0;
    }
  }

  write(offset: number, size: number, value: number): void {
    const within = offset % BLOCK_BYTES;
    switch (offset - within) {
      case COMMON_BLOCK:
        this.#setCommon(within, value);
        break;
      case DEVICE_BLOCK:
        this.#core.writeConfig(within, littleEndian(value, size));
        break;
      case NOTIFY_BLOCK:
        this.#core.notify(Math.floor(within / NOTIFY_MULTIPLIER));
        break;
    }
  }

  /** The selectors are not the device's: they outlive its reset by the driver, but not a reset of the machine. */
  reset(): void {
    this.#deviceFeatureSelect = 0;
    this.#driverFeatureSelect = 0;
    this.#selected = 0;
  }

  save(): DeviceState {
    return {
      deviceFeatureSelect: this.#deviceFeatureSelect,
      driverFeatureSelect: this.#driverFeatureSelect,
      selected: this.#selected,
    };
  }

  restore(state: DeviceState): void {
    const saved = fieldsOf(state);
    this.#deviceFeatureSelect = saved.number('deviceFeatureSelect');
    this.#driverFeatureSelect = saved.number('driverFeatureSelect');
    this.#selected = saved.number('selected');
  }

  #common(field: number): number {
    switch (field) {
      case DEVICE_FEATURE_SELECT:
        return this.#deviceFeatureSelect;
      case DEVICE_FEATURE:
        return featureWord(this.#core.offeredFeatures('modern'), this.#deviceFeatureSelect);
      case DRIVER_FEATURE_SELECT:
        return this.#driverFeatureSelect;
      case DRIVER_FEATURE:
        return featureWord(this.#core.chosenFeatures, this.#driverFeatureSelect);
      case CONFIG_MSIX_VECTOR:
        return this.#core.configVector;
      case NUM_QUEUES:
        return this.#core.queueCount;
      case DEVICE_STATUS:
        return this.#core.status;
      case CONFIG_GENERATION:
        return this.#core.configGeneration;
      case QUEUE_SELECT:
        return this.#selected;
      default:
        return this.#queueField(this.#core.findQueue(this.#selected), field);
    }
  }

  #queueField(queue: Virtqueue | undefined, field: number): number {
    switch (field) {
      case QUEUE_SIZE:
        return queue?.size ?? 0;
      case QUEUE_MSIX_VECTOR:
        return queue?.vector ?? NO_VECTOR;
      case QUEUE_ENABLE:
        return queue?.enabled === true ? 1 : 0;
      case QUEUE_NOTIFY_OFF:
        return queue?.index ?? 0;
    }
    const half = field % (2 * HIGH_HALF);
    const part = RING_PARTS[field - half];
    if (queue === undefined || part === undefined) {
      return 0;
    }
    const address = queue.rings[part];
    return half === 0 ? address % TWO_TO_32 : Math.floor(address / TWO_TO_32);
  }

  #setCommon(field: number, value: number): void {
    switch (field) {
      case DEVICE_FEATURE_SELECT:
        this.#deviceFeatureSelect = value;
        break;
      case DRIVER_FEATURE_SELECT:
        this.#driverFeatureSelect = value;
        break;
      case DRIVER_FEATURE:
        this.#chooseWord(value);
        break;
      case CONFIG_MSIX_VECTOR:
        this.#core.configVector = this.#host.acceptVector(value & U16);
        break;
      case DEVICE_STATUS:
        this.#core.writeStatus(value);
        break;
      case QUEUE_SELECT:
        this.#selected = value & U16;
        break;
      default:
        this.#setQueueField(this.#core.findQueue(this.#selected), field, value);
    }
  }

  #setQueueField(queue: Virtqueue | undefined, field: number, value: number): void {
    if (queue === undefined) {
      return;
    }
    if (field === QUEUE_SIZE) {
      queue.resize(value & U16);
    } else if (field === QUEUE_MSIX_VECTOR) {
      queue.vector = this.#host.acceptVector(value & U16);
    } else if (field === QUEUE_ENABLE && value === 1) {
      queue.enable();
      // A driver that enables a queue late may have filled it before.
      this.#core.notify(queue.index);
    } else {
      placeHalf(queue, field, value);
    }
  }

  #chooseWord(value: number): void {
    if (this.#driverFeatureSelect <= 1) {
      const shift = BigInt(this.#driverFeatureSelect * WORD_BITS);
      const others = this.#core.chosenFeatures & ~(BigInt(0xffffffff) << shift);
      this.#core.chooseFeatures(others | (BigInt(value) << shift));
    }
  }
}

function featureWord(features: bigint, select: number): number {
  return select > 1 ? 0 : Number(BigInt.asUintN(WORD_BITS, features >> BigInt(select * WORD_BITS)));
}

/** Half of one of the three addresses; offsets that are none are passed over. */
function placeHalf(queue: Virtqueue, field: number, value: number): void {
  const half = field % (2 * HIGH_HALF);
  const part = RING_PARTS[field - half];
  if (part !== undefined && half % HIGH_HALF === 0) {
    const old = queue.rings[part];
    const high = half === 0 ? Math.floor(old / TWO_TO_32) : value;
    const low = half === 0 ? value : old % TWO_TO_32;
    queue.place({ [part]: high * TWO_TO_32 + low });
  }
}
