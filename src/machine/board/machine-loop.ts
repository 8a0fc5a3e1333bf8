/**
 * The machine's synchronous loop: it serves the vCPUs' mailboxes, fires timers, takes messages, and sleeps on the doorbell
 * until one of them needs it. It returns to the event loop whenever a message came, so that promises go on.
 */
import { beat, pumpMessages, wakeOnMessages } from '../../actors/this-thread.ts';
import { GLOBAL_DOORBELL } from '../../memory/layout.ts';
import { Mailboxes, type MailboxReceiver, type MailboxRequest } from '../../memory/mailbox.ts';
import type { TimerQueue } from './timer-queue.ts';

/** Longest sleep in ms, so that the thread beats and the event loop's own timers run. */
const LONGEST_SLEEP_MS = 2_000;
const NS_PER_MS = 1e6;
/** Rounds without a look at the event loop while vCPUs keep the machine busy. */
const LONGEST_TURN = 2_000;

/** A clock whose timers run while `isRunning` says so. */
export interface LoopClock {
  readonly timers: TimerQueue;
  readonly isRunning: () => boolean;
}

export interface MachineLoopOptions {
  readonly memory: WebAssembly.Memory;
  /** Aborted when the loop is to end. */
  readonly signal: AbortSignal;
  readonly clocks: readonly LoopClock[];
  /** Called before timers are served, and before the thread sleeps or returns. */
  readonly beforeTimers: () => void;
  readonly afterTimers: () => void;
  /** Answers a request of a vCPU. */
  readonly serve: (cpu: number, request: MailboxRequest) => number;
  /** Told of what a device or a timer threw; the loop has ended. */
  readonly failed: (error: unknown) => void;
}

export class MachineLoop {
  readonly #options: MachineLoopOptions;
  readonly #words: Int32Array;
  readonly #mailboxes = new Mailboxes();
  #mustReturn = false;

  constructor(options: MachineLoopOptions) {
    this.#options = options;
    this.#words = new Int32Array(options.memory.buffer);
  }

  /** Serves that vCPU's mailbox from now on. */
  addMailbox(cpu: number, receiver: MailboxReceiver): void {
    const { serve } = this.#options;
    this.#mailboxes.add(receiver, (request) => serve(cpu, request));
  }

  /** Takes the thread over, turn by turn, until the signal is aborted. */
  start(): void {
    wakeOnMessages(this.#words, GLOBAL_DOORBELL >> 2);
    this.#schedule();
  }

  /** Something was given to the event loop: the loop returns to it before it sleeps. */
  returnSoon(): void {
    this.#mustReturn = true;
  }

  #schedule(): void {
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    try {
      for (let round = 0; round < LONGEST_TURN && !this.#options.signal.aborted; round++) {
        const seen = Atomics.load(this.#words, GLOBAL_DOORBELL >> 2);
        this.#mailboxes.serve();
        this.#serveTimers();
        beat();
        if (pumpMessages() > 0 || this.#mustReturn) break;
        const sleep = this.#sleepMs();
        // After a long sleep the event loop's own timers may be due.
        if (sleep > 0 && this.#sleep(seen, sleep) === 'timed-out' && sleep === LONGEST_SLEEP_MS) break;
      }
    } catch (error) {
      this.#options.failed(error);
      return;
    }
    // Only now: what was given to the event loop before this turn began may stand behind the turn in its queue.
    this.#mustReturn = false;
    if (!this.#options.signal.aborted) this.#schedule();
  }

  #serveTimers(): void {
    const { clocks, beforeTimers, afterTimers } = this.#options;
    beforeTimers();
    for (const { timers, isRunning } of clocks) if (isRunning()) timers.runDue();
    afterTimers();
  }

  #sleep(seen: number, ms: number): string {
    return Atomics.wait(this.#words, GLOBAL_DOORBELL >> 2, seen, ms);
  }

  #sleepMs(): number {
    let ms = LONGEST_SLEEP_MS;
    for (const { timers, isRunning } of this.#options.clocks) {
      const next = isRunning() ? timers.nextExpiry() : Number.POSITIVE_INFINITY;
      if (next !== Number.POSITIVE_INFINITY) ms = Math.min(ms, (next - timers.now()) / NS_PER_MS);
    }
    return Math.max(0, ms);
  }
}
