/**
 * The PC16550D universal asynchronous receiver/transmitter with its FIFOs (National Semiconductor data sheet, June 1995).
 *
 * Bytes leave as soon as the host takes them and arrive as soon as the guest has room, whatever the divisor says; the
 * divisor counts only for the time after which a few bytes below the trigger level are announced (8.9, "character timeout").
 */
import type { DeviceClock, DeviceTimer, Wire } from '../board-services.ts';
import type { CharacterPort } from '../character-port.ts';
import type { DeviceState } from '../device-class.ts';
import { stateLike, stateOf } from '../saved-state.ts';
import * as uart from './uart-16550-registers.ts';

/** What the UART is connected to. */
export interface UartConnections {
  readonly interrupt: Wire;
  readonly character: CharacterPort;
  readonly clock: DeviceClock;
  /** A byte has arrived from the host. */
  readonly received: () => void;
  /** Something that a register shows has changed. */
  readonly changed: () => void;
}

const NS_PER_SECOND = 1e9;
/** The timeout is four characters (8.9). */
const TIMEOUT_CHARACTERS = 4;
const SHORTEST_WORD_BITS = 5;
/** Bits of a byte in the receiver FIFO: the byte, and its own line status above it. */
const BYTE = 0xff;
const STATUS_SHIFT = 8;
/** A guest that does not wait for room, while the host takes nothing, loses what exceeds this. */
const HELD_LIMIT = 4096;

/** Table III. */
function powerOnState() {
  return {
    divisor: 0,
    interruptEnable: 0,
    fifoControl: 0,
    lineControl: 0,
    modemControl: 0,
    modemDeltas: 0,
    scratch: 0,
    overrun: 0,
    shownErrors: 0,
    transmitterPending: false,
    timedOut: false,
  };
}

function toHex(bytes: readonly number[]): string {
  return Buffer.from(bytes).toString('hex');
}

export class Uart16550 {
  readonly #connections: UartConnections;
  readonly #timeout: DeviceTimer;
  #state = powerOnState();
  /** Received bytes with their line status, oldest first. */
  #received: number[] = [];
  /** Bytes that the host has no room for. */
  #held: number[] = [];

  constructor(connections: UartConnections) {
    this.#connections = connections;
    this.#timeout = connections.clock.timer(() => {
      this.#state.timedOut = this.#received.length > 0;
      this.#update();
    });
  }

  /** Lets bytes in. Once, after creation. */
  connect(): void {
    const { character } = this.#connections;
    character.onReceive(
      (bytes) => this.#receive(bytes),
      () => this.#room,
    );
    character.onWritable(() => this.#writable());
    character.onEvent((event) => event === 'break' && this.#receiveBreak());
    this.#update();
  }

  reset(): void {
    // Table III leaves the divisor, the receiver buffer and the scratch register as they are at a master reset, but a
    // machine that begins anew shall not show what was before.
    this.#state = powerOnState();
    this.#sendHeld();
    this.#clearReceiver();
    this.#update();
  }

  /** A register as the guest reads it. */
  read(offset: number): number {
    switch (offset) {
      case uart.RBR_THR:
        return this.#divisorAccess ? this.#state.divisor & BYTE : this.#readReceived();
      case uart.IIR_FCR:
        return this.#readIdentification();
      case uart.LSR:
        return this.#readLineStatus();
      case uart.MSR:
        return this.#readModemStatus();
      default:
        return this.peek(offset);
    }
  }

  /** What a read would give, without its effects; RBR only with divisor access. */
  peek(offset: number): number {
    switch (offset) {
      case uart.IER:
        return this.#divisorAccess ? this.#state.divisor >> 8 : this.#state.interruptEnable;
      case uart.IIR_FCR:
        return this.#identification | (this.#fifosEnabled ? uart.IIR_FIFOS_ENABLED : 0);
      case uart.LCR:
        return this.#state.lineControl;
      case uart.MCR:
        return this.#state.modemControl;
      case uart.LSR:
        return this.#lineStatus;
      case uart.MSR:
        return this.#modemLines | this.#state.modemDeltas;
      case uart.SCR:
        return this.#state.scratch;
      default:
        return this.#state.divisor & BYTE;
    }
  }

  /** Whether a read of the register changes nothing now, and no byte that is still on its way to THR can matter to it. */
  isPlain(offset: number): boolean {
    switch (offset) {
      case uart.RBR_THR:
        return false;
      case uart.IIR_FCR:
        return !this.#loops && this.#identification !== uart.IIR_TRANSMITTER_EMPTY;
      case uart.LSR:
        return !this.#loops && (this.#lineStatus & uart.LSR_ERRORS) === 0;
      case uart.MSR:
        return this.#state.modemDeltas === 0;
      default:
        return true;
    }
  }

  write(offset: number, value: number): void {
    switch (offset) {
      case uart.RBR_THR:
        if (this.#divisorAccess) {
          this.#state.divisor = (this.#state.divisor & ~BYTE) | value;
        } else {
          this.#transmit(value);
        }
        break;
      case uart.IER:
        if (this.#divisorAccess) {
          this.#state.divisor = (this.#state.divisor & BYTE) | (value << 8);
        } else {
          this.#enableInterrupts(value & uart.IER_BITS);
        }
        break;
      case uart.IIR_FCR:
        this.#controlFifos(value);
        break;
      case uart.LCR:
        this.#state.lineControl = value;
        break;
      case uart.MCR:
        this.#controlModem(value & uart.MCR_BITS);
        break;
      case uart.SCR:
        this.#state.scratch = value;
        break;
      default:
        // LSR is writable for factory tests only (8.4), and MSR only shows the modem's lines.
        break;
    }
    this.#update();
  }

  save(): DeviceState {
    return stateOf(this.#saved());
  }

  restore(state: DeviceState): void {
    const { received, held, timeoutAt, ...registers } = stateLike(this.#saved(), state, 'isa-serial');
    this.#state = registers;
    const entries = Buffer.from(received, 'hex');
    this.#received = Array.from({ length: entries.length / 2 }, (_, index) =>
      entries.readUInt16LE(2 * index),
    );
    this.#held = [...Buffer.from(held, 'hex')];
    if (timeoutAt < 0) {
      this.#timeout.cancel();
    } else {
      this.#timeout.arm(timeoutAt);
    }
    this.#update();
    this.#writable();
  }

  /** The two queues as text, since their lengths vary. */
  #saved() {
    return {
      ...this.#state,
      timeoutAt: this.#timeout.expiresAt ?? -1,
      received: toHex(this.#received.flatMap((entry) => [entry & BYTE, entry >> STATUS_SHIFT])),
      held: toHex(this.#held),
    };
  }

  release(): void {
    this.#timeout.cancel();
    this.#sendHeld();
    this.#connections.character.release();
    this.#connections.interrupt.set(false);
  }

  get #divisorAccess(): boolean {
    return (this.#state.lineControl & uart.LCR_DIVISOR_ACCESS) !== 0;
  }

  get #fifosEnabled(): boolean {
    return (this.#state.fifoControl & uart.FCR_ENABLE) !== 0;
  }

  get #loops(): boolean {
    return (this.#state.modemControl & uart.MCR_LOOP) !== 0;
  }

  get #capacity(): number {
    return this.#fifosEnabled ? uart.FIFO_BYTES : 1;
  }

  /** How many bytes the host may send now. In loopback the receiver is cut off from the line (8.6, bit 4). */
  get #room(): number {
    return this.#loops ? 0 : Math.max(0, this.#capacity - this.#received.length);
  }

  get #trigger(): number {
    const level = uart.FCR_TRIGGERS[this.#state.fifoControl >> uart.FCR_TRIGGER_SHIFT] ?? 1;
    return this.#fifosEnabled ? level : 1;
  }

  get #transmitterStatus(): number {
    return this.#held.length > 0 ? 0 : uart.LSR_TRANSMITTER_HOLDING_EMPTY | uart.LSR_TRANSMITTER_EMPTY;
  }

  get #lineStatus(): number {
    const ready = this.#received.length > 0 ? uart.LSR_DATA_READY : 0;
    const later = this.#fifosEnabled && this.#received.some((entry) => entry >> STATUS_SHIFT !== 0);
    return (
      ready |
      this.#state.overrun |
      this.#state.shownErrors |
      this.#transmitterStatus |
      (later ? uart.LSR_FIFO_ERROR : 0)
    );
  }

  /** The peer, if any, is always ready; in loopback the four outputs take its place (8.6). */
  get #modemLines(): number {
    if (!this.#loops) {
      return uart.MSR_CTS | uart.MSR_DSR | uart.MSR_DCD;
    }
    const control = this.#state.modemControl;
    return (
      ((control & uart.MCR_RTS) !== 0 ? uart.MSR_CTS : 0) |
      ((control & uart.MCR_DTR) !== 0 ? uart.MSR_DSR : 0) |
      ((control & uart.MCR_OUT1) !== 0 ? uart.MSR_RI : 0) |
      ((control & uart.MCR_OUT2) !== 0 ? uart.MSR_DCD : 0)
    );
  }

  /** The interrupt of highest priority (table IV). */
  get #identification(): number {
    const enabled = this.#state.interruptEnable;
    if ((enabled & uart.IER_LINE_STATUS) !== 0 && (this.#state.overrun | this.#state.shownErrors) !== 0) {
      return uart.IIR_LINE_STATUS;
    }
    if ((enabled & uart.IER_RECEIVED) !== 0) {
      if (this.#received.length >= this.#trigger) {
        return uart.IIR_RECEIVED;
      }
      if (this.#state.timedOut) {
        return uart.IIR_TIMEOUT;
      }
    }
    if ((enabled & uart.IER_TRANSMITTER_EMPTY) !== 0 && this.#state.transmitterPending) {
      return uart.IIR_TRANSMITTER_EMPTY;
    }
    if ((enabled & uart.IER_MODEM_STATUS) !== 0 && this.#state.modemDeltas !== 0) {
      return uart.IIR_MODEM_STATUS;
    }
    return uart.IIR_NONE;
  }

  #readReceived(): number {
    const entry = this.#received.shift();
    if (entry === undefined) {
      return 0;
    }
    this.#state.timedOut = false;
    this.#showNext();
    this.#update();
    this.#connections.character.resume();
    return entry & BYTE;
  }

  #readIdentification(): number {
    const value = this.peek(uart.IIR_FCR);
    if (this.#identification === uart.IIR_TRANSMITTER_EMPTY) {
      this.#state.transmitterPending = false;
      this.#update();
    }
    return value;
  }

  #readLineStatus(): number {
    const value = this.#lineStatus;
    if ((value & uart.LSR_ERRORS) !== 0) {
      this.#state.overrun = 0;
      this.#state.shownErrors = 0;
      if (this.#received[0] !== undefined) {
        this.#received[0] &= BYTE;
      }
      this.#update();
    }
    return value;
  }

  #readModemStatus(): number {
    const value = this.peek(uart.MSR);
    if (this.#state.modemDeltas !== 0) {
      this.#state.modemDeltas = 0;
      this.#update();
    }
    return value;
  }

  #transmit(byte: number): void {
    if (this.#loops) {
      this.#arrive(byte);
    } else if (this.#held.length === 0 && this.#connections.character.writable > 0) {
      this.#connections.character.write(Uint8Array.of(byte));
    } else if (this.#held.length < HELD_LIMIT) {
      this.#held.push(byte);
    }
    this.#state.transmitterPending = this.#held.length === 0;
  }

  #writable(): void {
    if (this.#held.length > 0 && this.#connections.character.writable > 0) {
      this.#sendHeld();
      this.#state.transmitterPending = true;
      this.#update();
    }
  }

  #sendHeld(): void {
    if (this.#held.length > 0) {
      this.#connections.character.write(Uint8Array.from(this.#held));
      this.#held = [];
    }
  }

  /** Enabling the transmitter's interrupt while it is empty raises it at once (8.7). */
  #enableInterrupts(value: number): void {
    const rising = value & ~this.#state.interruptEnable;
    this.#state.interruptEnable = value;
    if ((rising & uart.IER_TRANSMITTER_EMPTY) !== 0 && this.#transmitterStatus !== 0) {
      this.#state.transmitterPending = true;
    }
  }

  /** 8.5. A change of the enable bit empties both FIFOs. */
  #controlFifos(value: number): void {
    const toggled = ((value ^ this.#state.fifoControl) & uart.FCR_ENABLE) !== 0;
    this.#state.fifoControl = (value & uart.FCR_ENABLE) !== 0 ? value & uart.FCR_KEPT : 0;
    if (toggled || (value & uart.FCR_CLEAR_RECEIVER) !== 0) {
      this.#clearReceiver();
    }
    if (toggled || (value & uart.FCR_CLEAR_TRANSMITTER) !== 0) {
      // What waits here would have left a real transmitter long ago: it is not lost.
      this.#sendHeld();
      this.#state.transmitterPending = true;
    }
    this.#connections.character.resume();
  }

  #controlModem(value: number): void {
    const before = this.#modemLines;
    this.#state.modemControl = value;
    const changed = before ^ this.#modemLines;
    const rose = changed & this.#modemLines;
    this.#state.modemDeltas |= ((changed & ~uart.MSR_RI) >> 4) & uart.MSR_DELTAS;
    if ((changed & uart.MSR_RI) !== 0 && (rose & uart.MSR_RI) === 0) {
      this.#state.modemDeltas |= uart.MSR_TRAILING_RI;
    }
    if (!this.#loops) {
      this.#connections.character.resume();
    }
  }

  #receive(bytes: Uint8Array): void {
    for (const byte of bytes) {
      this.#arrive(byte);
    }
    this.#connections.received();
    this.#update();
  }

  #receiveBreak(): void {
    if (!this.#loops) {
      this.#arrive(uart.LSR_BREAK << STATUS_SHIFT);
      this.#connections.received();
      this.#update();
    }
  }

  /** A byte, with its line status above it, enters the receiver. */
  #arrive(entry: number): void {
    if (this.#received.length < this.#capacity) {
      this.#received.push(entry);
    } else {
      this.#state.overrun = uart.LSR_OVERRUN;
      if (!this.#fifosEnabled) {
        // Without FIFOs the new byte takes the old one's place (8.4, bit 1).
        this.#received[0] = entry;
      }
    }
    this.#state.timedOut = false;
    this.#showNext();
  }

  /** Brings the status of the oldest byte into LSR and starts the timeout anew. */
  #showNext(): void {
    const oldest = this.#received[0];
    this.#state.shownErrors |= (oldest ?? 0) >> STATUS_SHIFT;
    if (this.#fifosEnabled && oldest !== undefined) {
      this.#timeout.arm(this.#connections.clock.now() + TIMEOUT_CHARACTERS * this.#characterNs);
    } else {
      this.#timeout.cancel();
    }
  }

  get #characterNs(): number {
    const control = this.#state.lineControl;
    const bits =
      1 +
      SHORTEST_WORD_BITS +
      (control & uart.LCR_WORD_LENGTH) +
      ((control & uart.LCR_PARITY) !== 0 ? 1 : 0) +
      ((control & uart.LCR_TWO_STOP_BITS) !== 0 ? 2 : 1);
    return Math.round((bits * Math.max(1, this.#state.divisor) * NS_PER_SECOND) / uart.BASE_BAUD);
  }

  #clearReceiver(): void {
    this.#received = [];
    this.#state.shownErrors = 0;
    this.#state.timedOut = false;
    this.#timeout.cancel();
  }

  #update(): void {
    // The registers first: a vCPU that is interrupted may read them before this thread does anything more.
    this.#connections.changed();
    this.#connections.interrupt.set(this.#identification !== uart.IIR_NONE);
  }
}
