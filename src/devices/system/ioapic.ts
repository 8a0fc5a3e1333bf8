/** Intel 82093AA I/O APIC (data sheet 290566-001), version 11H, 24 inputs. */
import { DELIVERY_LOWEST_PRIORITY, LVT_DELIVERY_MASK, LVT_DELIVERY_SHIFT } from '../../memory/layout.ts';
import type { InterruptMessage } from '../../vcpu/interrupt-bus.ts';
import type { BoardServices, Region, Wire } from '../board-services.ts';
import { type Device, type DeviceState, defineDevice } from '../device-class.ts';
import { stateLike, stateOf } from '../saved-state.ts';
import { describeSystemDevice } from './describe-system-device.ts';

export interface IoapicPorts extends BoardServices {
  /** The way to the local APICs: `InterruptBus.send`. */
  send(message: InterruptMessage): void;
  /** Hands out the chip, whose inputs and EOI messages are the board's to connect. */
  attach(chip: Ioapic): void;
}

export const IOAPIC_BASE = 0xfec00000;
export const IOAPIC_INPUTS = 24;
const WINDOW_BYTES = 4096;

/** Memory-mapped registers (section 3.1). */
const IOREGSEL = 0x00;
const IOWIN = 0x10;
/** Indirect registers (section 3.2). */
const IOAPICID = 0x00;
const IOAPICVER = 0x01;
const IOAPICARB = 0x02;
const IOREDTBL = 0x10;
const ID_MASK = 0x0f000000;
const VERSION = 0x11;
const LAST_ENTRY_SHIFT = 16;

/** Low half of a redirection entry (section 3.2.4). */
const REDIR_VECTOR = 0xff;
const REDIR_LOGICAL = 0x800;
const REDIR_REMOTE_IRR = 0x4000;
const REDIR_LEVEL = 0x8000;
const REDIR_MASKED = 0x10000;
/** Delivery status (bit 12) is 0 whenever the guest can look: messages take no time. */
const REDIR_WRITABLE = 0x1afff;
const DESTINATION_SHIFT = 24;

function powerOn() {
  return {
    select: 0,
    id: 0,
    /** Levels of the inputs, asserted ones as 1 whatever the entry's polarity says. */
    lines: 0,
    low: Array.from({ length: IOAPIC_INPUTS }, () => REDIR_MASKED),
    high: Array.from({ length: IOAPIC_INPUTS }, () => 0),
  };
}

export class Ioapic implements Device {
  readonly pins = { inputs: IOAPIC_INPUTS };
  #state = powerOn();
  readonly #ports: IoapicPorts;
  readonly #region: Region;

  constructor(ports: IoapicPorts) {
    this.#ports = ports;
    this.#region = ports.memory.claim(
      IOAPIC_BASE,
      WINDOW_BYTES,
      {
        read: (offset) => this.#read(offset),
        write: (offset, _size, value) => this.#write(offset, value),
      },
      { name: 'ioapic', narrowest: 4, posted: true },
    );
    ports.attach(this);
  }

  describe(): readonly string[] {
    return describeSystemDevice(0, [[IOAPIC_BASE, WINDOW_BYTES]]);
  }

  /** Interrupt input 0 to 23. */
  input(pin: number): Wire {
    return { set: (asserted) => this.#setLine(pin, asserted) };
  }

  /** A local APIC's EOI message for a vector: level-triggered inputs that are still asserted interrupt again. */
  endOfInterrupt(vector: number): void {
    const { low } = this.#state;
    for (let pin = 0; pin < IOAPIC_INPUTS; pin++) {
      const entry = this.#low(pin);
      if ((entry & REDIR_REMOTE_IRR) === 0 || (entry & REDIR_VECTOR) !== vector) continue;
      low[pin] = entry & ~REDIR_REMOTE_IRR;
      this.#serviceLevel(pin);
    }
  }

  /** The redirection table as two 32-bit halves an entry, for monitors. */
  get redirections(): readonly { readonly low: number; readonly high: number }[] {
    return this.#state.low.map((low, pin) => ({ low: low >>> 0, high: (this.#state.high[pin] ?? 0) >>> 0 }));
  }

  reset(): void {
    this.#state = { ...powerOn(), lines: this.#state.lines };
  }

  save(): DeviceState {
    return stateOf(this.#state);
  }

  restore(state: DeviceState): void {
    this.#state = stateLike(powerOn(), state, ioapic.name);
  }

  unrealize(): void {
    this.#region.remove();
  }

  #low(pin: number): number {
    return this.#state.low[pin] ?? REDIR_MASKED;
  }

  #setLine(pin: number, asserted: boolean): void {
    const state = this.#state;
    const bit = 1 << pin;
    if (((state.lines & bit) !== 0) === asserted) return;
    state.lines ^= bit;
    if (!asserted) return;
    const entry = this.#low(pin);
    if ((entry & REDIR_LEVEL) !== 0) this.#serviceLevel(pin);
    // An edge on a masked input is neither delivered nor held pending (section 3.2.4, bit 16).
    else if ((entry & REDIR_MASKED) === 0) this.#send(pin);
  }

  /** Sends a level-triggered interrupt, unless one is on its way or nobody may hear of it. */
  #serviceLevel(pin: number): void {
    const entry = this.#low(pin);
    const isAsserted = (this.#state.lines & (1 << pin)) !== 0;
    if (!isAsserted || (entry & REDIR_LEVEL) === 0) return;
    if ((entry & (REDIR_MASKED | REDIR_REMOTE_IRR)) !== 0) return;
    const delivery = (entry & LVT_DELIVERY_MASK) >> LVT_DELIVERY_SHIFT;
    // Only what a local APIC ends with an EOI can have been accepted (section 3.2.4, bits 10:8).
    if (delivery <= DELIVERY_LOWEST_PRIORITY) this.#state.low[pin] = entry | REDIR_REMOTE_IRR;
    this.#send(pin);
  }

  #send(pin: number): void {
    const entry = this.#low(pin);
    this.#ports.send({
      destination: (this.#state.high[pin] ?? 0) >>> DESTINATION_SHIFT,
      logical: (entry & REDIR_LOGICAL) !== 0,
      delivery: (entry & LVT_DELIVERY_MASK) >> LVT_DELIVERY_SHIFT,
      vector: entry & REDIR_VECTOR,
      level: (entry & REDIR_LEVEL) !== 0,
    });
  }

  #read(offset: number): number {
    if (offset === IOREGSEL) return this.#state.select;
    return offset === IOWIN ? this.#readRegister(this.#state.select) : 0;
  }

  #write(offset: number, value: number): void {
    if (offset === IOREGSEL) this.#state.select = value & 0xff;
    else if (offset === IOWIN) this.#writeRegister(this.#state.select, value);
  }

  #readRegister(register: number): number {
    const { id, low, high } = this.#state;
    switch (register) {
      case IOAPICID:
      // The arbitration ID follows the ID when that is written (section 3.2.3), and nothing arbitrates here.
      case IOAPICARB:
        return id;
      case IOAPICVER:
        return VERSION | ((IOAPIC_INPUTS - 1) << LAST_ENTRY_SHIFT);
      default: {
        const half = register % 2 === 0 ? low : high;
        return (half[(register - IOREDTBL) >> 1] ?? 0) >>> 0;
      }
    }
  }

  #writeRegister(register: number, value: number): void {
    const pin = (register - IOREDTBL) >> 1;
    if (register === IOAPICID) this.#state.id = value & ID_MASK;
    else if (pin < 0 || pin >= IOAPIC_INPUTS) return;
    else if (register % 2 === 1) this.#state.high[pin] = value & 0xff000000;
    else this.#writeLow(pin, value);
  }

  #writeLow(pin: number, value: number): void {
    const isLevel = (value & REDIR_LEVEL) !== 0;
    // Remote IRR means nothing for edges: turning an entry to edge and back is how guests without EOI register clear it.
    const kept = isLevel ? this.#low(pin) & REDIR_REMOTE_IRR : 0;
    this.#state.low[pin] = (value & REDIR_WRITABLE) | kept;
    this.#serviceLevel(pin);
  }
}

export const ioapic = defineDevice({
  name: 'ioapic',
  bus: 'System',
  hotpluggable: false,
  userCreatable: false,
  properties: {},
  create: (ports: IoapicPorts) => new Ioapic(ports),
});
