/** The core's way out through the mailbox, with answers in this thread for what the board registers as fast. */
import { randomFillSync } from 'node:crypto';
import {
  MAILBOX_EOI,
  MAILBOX_FLOATING_POINT_ERROR,
  MAILBOX_MMIO_READ,
  MAILBOX_MMIO_WRITE,
  MAILBOX_PIC_ACKNOWLEDGE,
  MAILBOX_PORT_IN,
  MAILBOX_PORT_OUT,
} from '../memory/layout.ts';
import type { MailboxSender } from '../memory/mailbox.ts';
import type { VirtualClock } from '../memory/virtual-clock.ts';
import type { CoreHost } from './core-instance.ts';

/** A port that the vCPU's own thread answers, from shared words. Size in bytes. */
export interface FastPort {
  read?(size: number): number;
  write?(size: number, value: number): void;
}

const PORTS = 65536;
const RANDOM_WORDS = 256;

export class MailboxHost implements CoreHost {
  readonly #sender: MailboxSender;
  readonly #clock: VirtualClock;
  readonly #fastPorts = new Map<number, FastPort>();
  readonly #posted = new Uint8Array(PORTS);
  readonly #randomWords = new Uint32Array(RANDOM_WORDS);
  #randomLeft = 0;

  constructor(
    sender: MailboxSender,
    clock: VirtualClock,
    postedPorts: readonly (readonly [first: number, last: number])[],
  ) {
    this.#sender = sender;
    this.#clock = clock;
    for (const [first, last] of postedPorts) this.#posted.fill(1, first, last + 1);
  }

  /** Answers a port in this thread from now on. */
  registerFastPort(port: number, answer: FastPort): void {
    this.#fastPorts.set(port, answer);
  }

  portIn(port: number, size: number): number {
    const fast = this.#fastPorts.get(port);
    if (fast?.read !== undefined) return fast.read(size);
    return this.#sender.ask({ kind: MAILBOX_PORT_IN, size, low: port, high: 0, value: 0 });
  }

  portOut(port: number, size: number, value: number): void {
    const fast = this.#fastPorts.get(port);
    if (fast?.write !== undefined) {
      fast.write(size, value);
      return;
    }
    const request = { kind: MAILBOX_PORT_OUT, size, low: port, high: 0, value };
    if (this.#posted[port] === 1) this.#sender.post(request);
    else this.#sender.ask(request);
  }

  mmioRead(low: number, high: number, size: number): number {
    return this.#sender.ask({ kind: MAILBOX_MMIO_READ, size, low, high, value: 0 });
  }

  mmioWrite(low: number, high: number, size: number, value: number): void {
    this.#sender.ask({ kind: MAILBOX_MMIO_WRITE, size, low, high, value });
  }

  virtualTime(): number {
    return this.#clock.now();
  }

  picAcknowledge(): number {
    return this.#sender.ask({ kind: MAILBOX_PIC_ACKNOWLEDGE, size: 1, low: 0, high: 0, value: 0 });
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
    return this.#sender.ask({
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
