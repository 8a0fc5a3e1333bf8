/** A PCI function whose BARs are always mapped: I/O ones from 0xc000, memory ones from 0xfe000000 on. */
import type { BoardServices, Region } from '../../../../src/devices/board-services.ts';
import type {
  BarBacking,
  BarOptions,
  MsixTable,
  PciFunction,
  PciIdentity,
} from '../../../../src/devices/pci/pci-contract.ts';
import type { FakeWire } from '../../support/fake-wire.ts';

const IO_BASE = 0xc000;
const IO_STEP = 0x100;
const MEMORY_BASE = 0xfe000000;
const MEMORY_STEP = 0x10000;
const CONFIG_BYTES = 256;
const FIRST_CAPABILITY = 0x40;
const CAPABILITIES_POINTER = 0x34;

type ConfigHook = (offset: number, size: number) => void;

export class FakePciFunction implements PciFunction {
  readonly devfn = 0x20;
  readonly config = new Uint8Array(CONFIG_BYTES);
  readonly writable = new Uint8Array(CONFIG_BYTES);
  readonly clearable = new Uint8Array(CONFIG_BYTES);
  readonly intx: FakeWire;
  readonly identity: PciIdentity;
  busMaster = true;
  /** Base addresses by BAR. */
  readonly bases = new Map<number, number>();
  /** How MSI-X stands: tests enable it. */
  msixEnabled = false;
  /** Vectors that were notified, oldest first. */
  readonly notified: number[] = [];
  readonly #board: BoardServices;
  readonly #regions: Region[] = [];
  #nextCapability = FIRST_CAPABILITY;
  #lastLink = CAPABILITIES_POINTER;
  #written: ConfigHook = () => undefined;
  #reading: ConfigHook = () => undefined;

  constructor(board: BoardServices, identity: PciIdentity, intx: FakeWire) {
    this.#board = board;
    this.identity = identity;
    this.intx = intx;
  }

  bar(index: number, options: BarOptions, backing: BarBacking): void {
    if (!('handler' in backing)) throw new Error('This PCI function maps handlers only');
    const isIo = options.kind === 'io';
    const base = isIo ? IO_BASE + index * IO_STEP : MEMORY_BASE + index * MEMORY_STEP;
    const space = isIo ? this.#board.ports : this.#board.memory;
    this.#regions.push(space.claim(base, options.bytes, backing.handler, { name: options.name }));
    this.bases.set(index, base);
  }

  rom(): void {
    throw new Error('This PCI function has no option ROM');
  }

  capability(id: number, bytes: number): number {
    const at = this.#nextCapability;
    this.#nextCapability += Math.ceil(bytes / 4) * 4;
    this.config[this.#lastLink] = at;
    this.config[at] = id;
    this.#lastLink = at + 1;
    return at;
  }

  msix(_barIndex: number, _vectors: number): MsixTable {
    const isEnabled = (): boolean => this.msixEnabled;
    return {
      get enabled() {
        return isEnabled();
      },
      notify: (vector) => this.notified.push(vector),
    };
  }

  onBarMoved(): void {
    // The BARs of this function do not move.
  }

  onConfigWrite(written: ConfigHook): void {
    this.#written = written;
  }

  onConfigRead(reading: ConfigHook): void {
    this.#reading = reading;
  }

  /** The guest reads its configuration space. */
  readConfig(offset: number, size: number): number {
    this.#reading(offset, size);
    return Buffer.from(this.config.buffer).readUIntLE(offset, size);
  }

  writeConfig(offset: number, size: number, value: number): void {
    for (let index = 0; index < size; index++) {
      const at = offset + index;
      const mask = this.writable[at] ?? 0;
      const byte = (value >>> (index * 8)) & 0xff;
      this.config[at] = ((this.config[at] ?? 0) & ~mask) | (byte & mask);
    }
    this.#written(offset, size);
  }

  /** Offsets of the capabilities with that id, in the order of the list. */
  capabilities(id: number): number[] {
    const found: number[] = [];
    for (let at = this.config[CAPABILITIES_POINTER] ?? 0; at !== 0; at = this.config[at + 1] ?? 0) {
      if (this.config[at] === id) found.push(at);
    }
    return found;
  }

  /** What the bus does when the device goes. */
  remove(): void {
    for (const region of this.#regions) region.remove();
  }
}
