/**
 * fw_cfg, by which a virtual machine talks to its firmware (QEMU's docs/specs/fw_cfg): selector and data at ports 510H and
 * 511H, and the DMA interface at 514H, whose 64-bit address is big-endian.
 */
import type { BoardServices, Region } from '../board-services.ts';
import { type Device, type DeviceState, defineDevice, property } from '../device-class.ts';
import { hex32 } from '../property-types.ts';
import { stateLike, stateOf } from '../saved-state.ts';
import { describeSystemDevice } from './describe-system-device.ts';
import type { FirmwareItemStore } from './firmware-item-store.ts';
import { FW_CFG_ID } from './fw-cfg-keys.ts';

export interface FwCfgPorts extends BoardServices {
  /** What it hands out; the same store as `firmwareItems`. */
  readonly firmwareItems: FirmwareItemStore;
}

const SELECTOR_PORT = 0x510;
const DATA_PORT = 0x511;
const UNSET_PORT = 0xffffffff;
const DMA_PORT = 0x514;
const DMA_BYTES = 8;
const FEATURES = Uint8Array.of(0x03, 0, 0, 0);
/** Read at the DMA registers: "QEMU CFG", the first half first. */
const DMA_SIGNATURE_HIGH = 0x51454d55;
const DMA_SIGNATURE_LOW = 0x20434647;

/** Fields and bits of an access descriptor. */
const DESCRIPTOR_LENGTH = 4;
const DESCRIPTOR_ADDRESS = 8;
const DESCRIPTOR_BYTES = 16;
const CONTROL_ERROR = 0x01;
const CONTROL_READ = 0x02;
const CONTROL_SKIP = 0x04;
const CONTROL_SELECT = 0x08;
const CONTROL_WRITE = 0x10;
const CONTROL_KEY_SHIFT = 16;

const TWO_32 = 2 ** 32;
/** What lies behind the end of an item. */
const ZEROES = new Uint8Array(65536);

const POWER_ON = {
  key: 0,
  /** The next byte of the item. */
  position: 0,
  /** Upper half of the descriptor's address, as far as written. */
  addressHigh: 0,
};

function swap32(value: number): number {
  return ((value >>> 24) | ((value >>> 8) & 0xff00) | ((value << 8) & 0xff0000) | (value << 24)) >>> 0;
}

class FwCfg implements Device {
  readonly chosen = { ctl_iobase: SELECTOR_PORT, data_iobase: DATA_PORT };
  #state = { ...POWER_ON };
  #contents: Uint8Array = new Uint8Array(0);
  readonly #ports: FwCfgPorts;
  readonly #regions: readonly Region[];

  constructor(ports: FwCfgPorts) {
    this.#ports = ports;
    ports.firmwareItems.item(FW_CFG_ID, FEATURES);
    this.#regions = [
      ports.ports.claim(
        SELECTOR_PORT,
        2,
        {
          read: (_offset, size) => (size === 1 ? this.#readByte() : 0),
          write: (_offset, size, value) => {
            // A byte written is one to the item, and items cannot be written this way.
            if (size === 2) this.#select(value);
          },
        },
        { name: 'fwcfg', widest: 2, posted: true },
      ),
      ports.ports.claim(
        DMA_PORT,
        DMA_BYTES,
        {
          read: (offset) => swap32(offset === 0 ? DMA_SIGNATURE_HIGH : DMA_SIGNATURE_LOW),
          write: (offset, _size, value) => this.#writeAddress(offset, swap32(value)),
        },
        { name: 'fwcfg.dma', narrowest: 4 },
      ),
    ];
  }

  describe(): readonly string[] {
    return describeSystemDevice(0, [
      [undefined, 2],
      [undefined, 1],
    ]);
  }

  reset(): void {
    this.#state = { ...POWER_ON };
    this.#select(0);
  }

  save(): DeviceState {
    return stateOf(this.#state);
  }

  restore(state: DeviceState): void {
    const saved = stateLike(POWER_ON, state, fwCfg.name);
    this.#select(saved.key);
    this.#state = saved;
  }

  unrealize(): void {
    for (const region of this.#regions) region.remove();
  }

  #select(key: number): void {
    this.#state.key = key;
    this.#state.position = 0;
    this.#contents = this.#ports.firmwareItems.select(key);
  }

  /** The next byte of the item; zeroes behind its end. */
  #readByte(): number {
    const byte = this.#contents[this.#state.position] ?? 0;
    if (this.#state.position < this.#contents.length) this.#state.position += 1;
    return byte;
  }

  /** Writing the lower half starts the transfer. */
  #writeAddress(offset: number, value: number): void {
    if (offset === 0) {
      this.#state.addressHigh = value;
      return;
    }
    const address = this.#state.addressHigh * TWO_32 + value;
    this.#state.addressHigh = 0;
    this.#transfer(address);
  }

  #transfer(descriptor: number): void {
    const { guest } = this.#ports;
    const bytes = guest.read(descriptor, DESCRIPTOR_BYTES);
    const view = new DataView(bytes.buffer, bytes.byteOffset, DESCRIPTOR_BYTES);
    const control = view.getUint32(0);
    const length = view.getUint32(DESCRIPTOR_LENGTH);
    const address = Number(view.getBigUint64(DESCRIPTOR_ADDRESS));
    if ((control & CONTROL_SELECT) !== 0) this.#select(control >>> CONTROL_KEY_SHIFT);
    let failed = false;
    if ((control & CONTROL_READ) !== 0) this.#readInto(address, length);
    else if ((control & CONTROL_WRITE) !== 0) failed = true;
    else if ((control & CONTROL_SKIP) !== 0) this.#skip(length);
    const answer = new Uint8Array(4);
    new DataView(answer.buffer).setUint32(0, failed ? CONTROL_ERROR : 0);
    guest.write(descriptor, answer);
  }

  #readInto(address: number, length: number): void {
    const { guest } = this.#ports;
    const { position } = this.#state;
    const part = this.#contents.subarray(position, position + length);
    guest.write(address, part);
    this.#skip(length);
    for (let done = part.length; done < length; done += ZEROES.length) {
      guest.write(address + done, ZEROES.subarray(0, length - done));
    }
  }

  #skip(length: number): void {
    this.#state.position = Math.min(this.#state.position + length, this.#contents.length);
  }
}

export const fwCfg = defineDevice({
  name: 'fw_cfg',
  bus: 'System',
  hotpluggable: false,
  userCreatable: false,
  properties: {
    ctl_iobase: property(hex32, UNSET_PORT, 'port of the selector'),
    data_iobase: property(hex32, UNSET_PORT, 'port of the data'),
  },
  create: (ports: FwCfgPorts) => new FwCfg(ports),
});
