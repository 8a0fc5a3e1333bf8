/** The core's way out through the mailbox, with answers in this thread for what the I/O table declares as fast. */
import { randomFillSync } from 'node:crypto';
import type { IoTableReader, Reading } from '../memory/io-table.ts';
import {
  MAILBOX_EOI,
  MAILBOX_FLOATING_POINT_ERROR,
  MAILBOX_MMIO_READ,
  MAILBOX_MMIO_WRITE,
  MAILBOX_PIC_ACKNOWLEDGE,
  MAILBOX_PORT_IN,
  MAILBOX_PORT_OUT,
} from '../memory/layout.ts';
import type { MailboxRequest, MailboxSender } from '../memory/mailbox.ts';
import type { CoreHost } from './core-instance.ts';
import type { VcpuClock } from './vcpu-clock.ts';

const TWO_32 = 2 ** 32;
const RANDOM_WORDS = 256;

export class MailboxHost implements CoreHost {
  readonly #sender: MailboxSender;
  readonly #clock: VcpuClock;
  readonly #table: IoTableReader;
  readonly #reading: Reading;
  readonly #randomWords = new Uint32Array(RANDOM_WORDS);
  #randomLeft = 0;
  #waited: () => void = () => undefined;

  constructor(sender: MailboxSender, clock: VcpuClock, table: IoTableReader) {
    this.#sender = sender;
    this.#clock = clock;
    this.#table = table;
    this.#reading = { now: (fine) => clock.read(fine), isDrained: () => sender.drained };
  }

  /** Calls `waited` in this thread each time an access has been answered by the machine: time has passed meanwhile. */
  onWaited(waited: () => void): void {
    this.#waited = waited;
  }

  portIn(port: number, size: number): number {
    const fast = this.#table.readPort(port, size, this.#reading);
    return fast ?? this.#ask({ kind: MAILBOX_PORT_IN, size, low: port, high: 0, value: 0 });
  }

  portOut(port: number, size: number, value: number): void {
    const request = { kind: MAILBOX_PORT_OUT, size, low: port, high: 0, value };
    if (this.#table.isPortPosted(port)) {
      this.#sender.post(request);
      return;
    }
    // The timer may count from the write on, while this thread still waits for its turn.
    if (this.#table.isTimerPort(port)) this.#clock.startsTimer();
    this.#ask(request);
  }

  mmioRead(low: number, high: number, size: number): number {
    const address = (high >>> 0) * TWO_32 + (low >>> 0);
    const fast = this.#table.readMemory(address, size, this.#reading);
    return fast ?? this.#ask({ kind: MAILBOX_MMIO_READ, size, low, high, value: 0 });
  }

  mmioWrite(low: number, high: number, size: number, value: number): void {
    const address = (high >>> 0) * TWO_32 + (low >>> 0);
    const request = { kind: MAILBOX_MMIO_WRITE, size, low, high, value };
    if (this.#table.isMemoryPosted(address)) this.#sender.post(request);
    else this.#ask(request);
  }

  #ask(request: MailboxRequest): number {
    const answer = this.#sender.ask(request);
    this.#waited();
    return answer;
  }

  virtualTime(): number {
    return this.#clock.read();
  }

  picAcknowledge(): number {
    return this.#ask({ kind: MAILBOX_PIC_ACKNOWLEDGE, size: 1, low: 0, high: 0, value: 0 });
  }

  random(): number {
    if (this.#randomLeft === 0) {
      randomFillSync(this.#randomWords);
      this.#randomLeft = RANDOM_WORDS;
    }
    this.#randomLeft -= 1;
    return this.#randomWords[this.#randomLeft] ?? 0;
  }

  floatingPointError(asserted: number): number {
    return this.#ask({
      kind: MAILBOX_FLOATING_POINT_ERROR,
      size: 1,
      low: 0,
      high: 0,
      value: asserted,
    });
  }

  eoiBroadcast(vector: number): void {
    this.#sender.post({ kind: MAILBOX_EOI, size: 1, low: 0, high: 0, value: vector });
  }
}
