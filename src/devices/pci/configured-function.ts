/** One function on the bus: its configuration space, and what follows from what the guest writes there. */
import { TroupeError } from '../../errors/troupe-error.ts';
import type { Region, Wire } from '../board-services.ts';
import type { DeviceState } from '../device-class.ts';
import { stateLike } from '../saved-state.ts';
import { type BaseAddress, barAddress, barFlags, barMask, type MapBar } from './base-address.ts';
import {
  BAR0,
  BASE_CLASS,
  CACHE_LINE_SIZE,
  CAPABILITIES_POINTER,
  CAPABILITY_MSIX,
  COMMAND,
  COMMAND_INTX_DISABLE,
  COMMAND_IO,
  COMMAND_MASTER,
  COMMAND_MEMORY,
  COMMAND_SERR,
  CONFIG_BYTES,
  DEVICE_ID,
  HEADER_BYTES,
  INTERRUPT_LINE,
  INTERRUPT_PIN,
  PROGRAMMING_INTERFACE,
  REVISION_ID,
  ROM_BAR,
  STATUS,
  STATUS_CAPABILITIES,
  STATUS_CLEARABLE,
  STATUS_INTERRUPT,
  SUBCLASS,
  SUBSYSTEM_ID,
  SUBSYSTEM_VENDOR_ID,
  VENDOR_ID,
} from './config-registers.ts';
import {
  MSIX_CAPABILITY_BYTES,
  MSIX_CONTROL,
  MSIX_ENABLE,
  MSIX_FUNCTION_MASK,
  MSIX_PENDING,
  MSIX_TABLE,
  Msix,
} from './msix.ts';
import type { BarBacking, BarOptions, MsixTable, PciFunction, PciIdentity } from './pci-contract.ts';

const BARS = 6;
const DEFAULT_SUBSYSTEM_VENDOR = 0x1af4;
const DEFAULT_SUBSYSTEM = 0x1100;
const SMALLEST_ROM = 2048;

export interface FunctionHost {
  readonly devfn: number;
  readonly map: MapBar;
  /** The level of INTA to INTD (0 to 3) of this function. */
  readonly setPin: (pin: number, asserted: boolean) => void;
  readonly sendMessage: (address: number, data: number) => void;
  /** Keeps an option ROM's contents where the guest can map them; gives the host address. */
  readonly keepRom: (contents: Uint8Array) => number;
}

interface MappedBar {
  readonly bar: BaseAddress;
  address: number | undefined;
  region: Region | undefined;
}

export interface PciRegion {
  readonly bar: BaseAddress;
  readonly index: number;
  /** Undefined while it is not decoded. */
  readonly address: number | undefined;
}

function barIndex({ kind, register }: BaseAddress): number {
  return kind === 'rom' ? BARS : (register - BAR0) / 4;
}

export class ConfiguredFunction implements PciFunction {
  readonly devfn: number;
  readonly config = new Uint8Array(CONFIG_BYTES);
  readonly writable = new Uint8Array(CONFIG_BYTES);
  readonly clearable = new Uint8Array(CONFIG_BYTES);
  readonly intx: Wire;
  readonly identity: PciIdentity;
  readonly #host: FunctionHost;
  readonly #view: DataView;
  readonly #masks: DataView;
  readonly #bars: MappedBar[] = [];
  #msix: { readonly table: Msix; readonly control: number } | undefined;
  #nextCapability = HEADER_BYTES;
  #lastCapability = CAPABILITIES_POINTER;
  #pinAsserted = false;
  #pinDriven = false;
  #moved: (index: number, address: number | undefined) => void = () => undefined;
  #written: (offset: number, size: number) => void = () => undefined;
  #reading: (offset: number, size: number) => void = () => undefined;

  constructor(identity: PciIdentity, host: FunctionHost) {
    this.identity = identity;
    this.devfn = host.devfn;
    this.#host = host;
    this.#view = new DataView(this.config.buffer);
    this.#masks = new DataView(this.writable.buffer);
    this.intx = {
      set: (asserted) => {
        this.#pinAsserted = asserted;
        this.#drivePin();
      },
    };
    this.#writeHeader();
  }

  get busMaster(): boolean {
    return (this.#command & COMMAND_MASTER) !== 0;
  }

  /** @throws TroupeError `ERR_PCI_BAR` for a size or a place that no register has */
  bar(index: number, options: BarOptions, backing: BarBacking): void {
    const { bytes, name } = options;
    const isPowerOfTwo = bytes > 0 && Number.isInteger(Math.log2(bytes));
    if (index < 0 || index >= BARS || !isPowerOfTwo || bytes < (options.kind === 'io' ? 4 : 16)) {
      throw new TroupeError(
        'ERR_PCI_BAR',
        `${name} cannot have ${bytes} bytes in base address register ${index}`,
      );
    }
    this.#addBar({ ...options, register: BAR0 + index * 4, backing });
  }

  rom(contents: Uint8Array): void {
    const bytes = 2 ** Math.ceil(Math.log2(Math.max(SMALLEST_ROM, contents.length)));
    const host = this.#host.keepRom(contents);
    this.#addBar({ kind: 'rom', bytes, name: 'rom', register: ROM_BAR, backing: { host, type: 'rom' } });
  }

  /** @throws TroupeError `ERR_PCI_CAPABILITY` when there is no room */
  capability(id: number, bytes: number): number {
    const offset = this.#nextCapability;
    if (offset + bytes > CONFIG_BYTES) {
      throw new TroupeError(
        'ERR_PCI_CAPABILITY',
        `Capability ${id} of ${bytes} bytes does not fit behind ${offset} of ${CONFIG_BYTES} bytes`,
      );
    }
    this.#nextCapability = Math.ceil((offset + bytes) / 4) * 4;
    this.config[offset] = id;
    this.config[offset + 1] = 0;
    this.config[this.#lastCapability] = offset;
    this.#lastCapability = offset + 1;
    this.config[STATUS] = (this.config[STATUS] ?? 0) | STATUS_CAPABILITIES;
    return offset;
  }

  msix(barIndex: number, vectors: number): MsixTable {
    const offset = this.capability(CAPABILITY_MSIX, MSIX_CAPABILITY_BYTES);
    const control = offset + MSIX_CONTROL;
    const table = new Msix(vectors, {
      control: () => this.#view.getUint16(control, true),
      send: this.#host.sendMessage,
    });
    this.#view.setUint16(control, vectors - 1, true);
    this.#masks.setUint16(control, MSIX_ENABLE | MSIX_FUNCTION_MASK, true);
    this.#view.setUint32(offset + MSIX_TABLE, barIndex, true);
    this.#view.setUint32(offset + MSIX_PENDING, table.pendingOffset | barIndex, true);
    this.#msix = { table, control };
    this.bar(barIndex, { kind: 'memory', bytes: table.bytes, name: 'msix' }, { handler: table });
    return table;
  }

  onBarMoved(moved: (index: number, address: number | undefined) => void): void {
    this.#moved = moved;
  }

  onConfigWrite(written: (offset: number, size: number) => void): void {
    this.#written = written;
  }

  onConfigRead(reading: (offset: number, size: number) => void): void {
    this.#reading = reading;
  }

  /** A guest's read of 1, 2 or 4 bytes; unsigned. */
  readConfig(offset: number, size: number): number {
    this.#reading(offset, size);
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + (this.config[(offset + i) % CONFIG_BYTES] ?? 0);
    return value;
  }

  /** A guest's write of 1, 2 or 4 bytes. */
  writeConfig(offset: number, size: number, value: number): void {
    for (let i = 0; i < size; i++) {
      const at = (offset + i) % CONFIG_BYTES;
      const byte = (value >>> (i * 8)) & 0xff;
      const mask = this.writable[at] ?? 0;
      const old = this.config[at] ?? 0;
      this.config[at] = ((old & ~mask) | (byte & mask)) & ~(byte & (this.clearable[at] ?? 0));
    }
    this.#drivePin();
    this.#mapBars();
    if (this.#msix !== undefined && touches(offset, size, this.#msix.control, 2))
      this.#msix.table.controlChanged();
    this.#written(offset, size);
  }

  /** Power-on: the header as it was made, but what the device put elsewhere in `config` stays its own to reset. */
  reset(): void {
    this.#view.setUint16(COMMAND, 0, true);
    this.config[CACHE_LINE_SIZE] = 0;
    this.config[INTERRUPT_LINE] = 0;
    for (const { bar } of this.#bars) this.#resetBar(bar);
    if (this.#msix !== undefined) {
      const { control, table } = this.#msix;
      this.#view.setUint16(
        control,
        this.#view.getUint16(control, true) & ~(MSIX_ENABLE | MSIX_FUNCTION_MASK),
        true,
      );
      table.reset();
    }
    this.#pinAsserted = false;
    this.#drivePin();
    this.#mapBars();
  }

  save(): DeviceState {
    return {
      config: this.config.slice(),
      pin: this.#pinAsserted,
      msix: this.#msix === undefined ? false : this.#msix.table.save(),
    };
  }

  restore(state: DeviceState): void {
    const msix = this.#msix?.table;
    const saved = stateLike(
      { config: this.config, pin: this.#pinAsserted, msix: msix === undefined ? false : msix.save() },
      state,
      'pci-function',
    );
    this.config.set(saved.config);
    this.#pinAsserted = saved.pin;
    msix?.restore(saved.msix);
    this.#drivePin();
    this.#mapBars();
  }

  /** Takes everything off the bus. */
  remove(): void {
    this.#pinAsserted = false;
    this.#drivePin();
    for (const mapped of this.#bars) {
      mapped.region?.remove();
      mapped.region = undefined;
      mapped.address = undefined;
    }
  }

  /** The base address registers, the number of each (6: the ROM's), and where it is now: for monitors. */
  regions(): readonly PciRegion[] {
    return this.#bars.map(({ bar, address }) => ({ bar, address, index: barIndex(bar) }));
  }

  get #command(): number {
    return this.#view.getUint16(COMMAND, true);
  }

  #writeHeader(): void {
    const { vendor, device, revision = 0, classCode, interruptPin = 0 } = this.identity;
    this.#view.setUint16(VENDOR_ID, vendor, true);
    this.#view.setUint16(DEVICE_ID, device, true);
    this.config[REVISION_ID] = revision;
    this.config[PROGRAMMING_INTERFACE] = classCode & 0xff;
    this.config[SUBCLASS] = (classCode >> 8) & 0xff;
    this.config[BASE_CLASS] = (classCode >> 16) & 0xff;
    this.#view.setUint16(
      SUBSYSTEM_VENDOR_ID,
      this.identity.subsystemVendor ?? DEFAULT_SUBSYSTEM_VENDOR,
      true,
    );
    this.#view.setUint16(SUBSYSTEM_ID, this.identity.subsystem ?? DEFAULT_SUBSYSTEM, true);
    this.config[INTERRUPT_PIN] = interruptPin;
    const command = COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_SERR | COMMAND_INTX_DISABLE;
    this.#masks.setUint16(COMMAND, command, true);
    this.writable[CACHE_LINE_SIZE] = 0xff;
    this.writable[INTERRUPT_LINE] = 0xff;
    new DataView(this.clearable.buffer).setUint16(STATUS, STATUS_CLEARABLE, true);
  }

  #addBar(bar: BaseAddress): void {
    this.#masks.setUint32(bar.register, barMask(bar), true);
    if (bar.kind === 'memory64') this.#masks.setUint32(bar.register + 4, 0xffffffff, true);
    this.#resetBar(bar);
    this.#bars.push({ bar, address: undefined, region: undefined });
  }

  #resetBar(bar: BaseAddress): void {
    this.#view.setUint32(bar.register, barFlags(bar), true);
    if (bar.kind === 'memory64') this.#view.setUint32(bar.register + 4, 0, true);
  }

  #mapBars(): void {
    for (const mapped of this.#bars) {
      const address = this.#decoded(mapped.bar);
      if (address === mapped.address) continue;
      mapped.region?.remove();
      mapped.address = address;
      mapped.region = address === undefined ? undefined : this.#host.map(mapped.bar, address);
      if (mapped.bar.kind !== 'rom') this.#moved(barIndex(mapped.bar), address);
    }
  }

  #decoded(bar: BaseAddress): number | undefined {
    const needed = bar.kind === 'io' ? COMMAND_IO : COMMAND_MEMORY;
    if ((this.#command & needed) === 0) return undefined;
    const high = bar.kind === 'memory64' ? this.#view.getUint32(bar.register + 4, true) : 0;
    return barAddress(bar, this.#view.getUint32(bar.register, true), high);
  }

  /** The interrupt status says what the device wants, the pin also obeys the command register (6.2.2 and 6.2.3). */
  #drivePin(): void {
    const status = this.config[STATUS] ?? 0;
    this.config[STATUS] = this.#pinAsserted ? status | STATUS_INTERRUPT : status & ~STATUS_INTERRUPT;
    const driven = this.#pinAsserted && (this.#command & COMMAND_INTX_DISABLE) === 0;
    const pin = (this.identity.interruptPin ?? 0) - 1;
    if (driven === this.#pinDriven || pin < 0) return;
    this.#pinDriven = driven;
    this.#host.setPin(pin, driven);
  }
}

function touches(offset: number, size: number, register: number, bytes: number): boolean {
  return offset < register + bytes && register < offset + size;
}
