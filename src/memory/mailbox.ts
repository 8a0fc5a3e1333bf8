/** Both ends of the mailbox between a vCPU and whoever answers its port and MMIO accesses. */
import {
  CPU_GROUP_SIZE,
  CPU_GROUPS_BASE,
  CPU_MAILBOX,
  GLOBAL_DOORBELL,
  MAILBOX_ANSWERED,
  MAILBOX_HIGH,
  MAILBOX_IDLE,
  MAILBOX_KIND,
  MAILBOX_LOW,
  MAILBOX_POSTED,
  MAILBOX_REQUEST,
  MAILBOX_RING,
  MAILBOX_RING_ENTRIES,
  MAILBOX_SIZE,
  MAILBOX_STATE,
  MAILBOX_TAKEN,
  MAILBOX_VALUE,
} from './layout.ts';

/** A request: MAILBOX_* kind, size in bytes, address or port as halves, value written (0 for reads). */
export interface MailboxRequest {
  readonly kind: number;
  readonly size: number;
  readonly low: number;
  readonly high: number;
  readonly value: number;
}

const RING_ENTRY_WORDS = 4;

function mailboxWord(index: number, offset: number): number {
  return (CPU_GROUPS_BASE + index * CPU_GROUP_SIZE + CPU_MAILBOX + offset) >> 2;
}

function ring(words: Int32Array): void {
  Atomics.add(words, GLOBAL_DOORBELL >> 2, 1);
  Atomics.notify(words, GLOBAL_DOORBELL >> 2);
}

/** The vCPU's end. It blocks its thread: workers only. */
export class MailboxSender {
  readonly #words: Int32Array;
  readonly #index: number;

  constructor(memory: WebAssembly.Memory, index: number) {
    this.#words = new Int32Array(memory.buffer);
    this.#index = index;
  }

  /** Sends a request and waits for its answer, however long it takes: 32 bits, unsigned. */
  ask(request: MailboxRequest): number {
    const state = this.#at(MAILBOX_STATE);
    this.#words[this.#at(MAILBOX_KIND)] = request.kind;
    this.#words[this.#at(MAILBOX_SIZE)] = request.size;
    this.#words[this.#at(MAILBOX_LOW)] = request.low;
    this.#words[this.#at(MAILBOX_HIGH)] = request.high;
    this.#words[this.#at(MAILBOX_VALUE)] = request.value;
    Atomics.store(this.#words, state, MAILBOX_REQUEST);
    ring(this.#words);
    while (Atomics.load(this.#words, state) === MAILBOX_REQUEST)
      Atomics.wait(this.#words, state, MAILBOX_REQUEST);
    Atomics.store(this.#words, state, MAILBOX_IDLE);
    return (this.#words[this.#at(MAILBOX_VALUE)] ?? 0) >>> 0;
  }

  /** Whether everything posted so far has been handled. */
  get drained(): boolean {
    return (
      Atomics.load(this.#words, this.#at(MAILBOX_TAKEN)) ===
      Atomics.load(this.#words, this.#at(MAILBOX_POSTED))
    );
  }

  /** Sends a write that nobody waits for; it is answered before any later ask(). Waits while the ring is full. */
  post(request: MailboxRequest): void {
    const posted = Atomics.load(this.#words, this.#at(MAILBOX_POSTED));
    for (;;) {
      const taken = Atomics.load(this.#words, this.#at(MAILBOX_TAKEN));
      if (((posted - taken) | 0) < MAILBOX_RING_ENTRIES) break;
      Atomics.wait(this.#words, this.#at(MAILBOX_TAKEN), taken);
    }
    const entry = this.#at(MAILBOX_RING) + ((posted >>> 0) % MAILBOX_RING_ENTRIES) * RING_ENTRY_WORDS;
    this.#words[entry] = request.kind | (request.size << 8);
    this.#words[entry + 1] = request.low;
    this.#words[entry + 2] = request.high;
    this.#words[entry + 3] = request.value;
    Atomics.store(this.#words, this.#at(MAILBOX_POSTED), (posted + 1) | 0);
    ring(this.#words);
  }

  #at(offset: number): number {
    return mailboxWord(this.#index, offset);
  }
}

/** The machine's end of one vCPU's mailbox. */
export class MailboxReceiver {
  readonly #words: Int32Array;
  readonly #index: number;

  constructor(memory: WebAssembly.Memory, index: number) {
    this.#words = new Int32Array(memory.buffer);
    this.#index = index;
  }

  /**
   * Handles what has arrived: posted writes in their order, then the request, whose answer is what `handle` gives.
   * True if there was anything.
   */
  serve(handle: (request: MailboxRequest) => number): boolean {
    const hadPosted = this.#servePosted(handle);
    const state = this.#at(MAILBOX_STATE);
    if (Atomics.load(this.#words, state) !== MAILBOX_REQUEST) return hadPosted;
    // What was posted before the request may have come in between.
    this.#servePosted(handle);
    const answer = handle({
      kind: this.#word(MAILBOX_KIND),
      size: this.#word(MAILBOX_SIZE),
      low: this.#word(MAILBOX_LOW) >>> 0,
      high: this.#word(MAILBOX_HIGH) >>> 0,
      value: this.#word(MAILBOX_VALUE) >>> 0,
    });
    this.#words[this.#at(MAILBOX_VALUE)] = answer;
    Atomics.store(this.#words, state, MAILBOX_ANSWERED);
    Atomics.notify(this.#words, state);
    return true;
  }

  #servePosted(handle: (request: MailboxRequest) => number): boolean {
    const taken = this.#at(MAILBOX_TAKEN);
    let count = Atomics.load(this.#words, taken);
    let any = false;
    while (count !== Atomics.load(this.#words, this.#at(MAILBOX_POSTED))) {
      const entry = this.#at(MAILBOX_RING) + ((count >>> 0) % MAILBOX_RING_ENTRIES) * RING_ENTRY_WORDS;
      const [head = 0, low = 0, high = 0, value = 0] = this.#words.subarray(entry, entry + RING_ENTRY_WORDS);
      handle({ kind: head & 255, size: head >>> 8, low: low >>> 0, high: high >>> 0, value: value >>> 0 });
      count = (count + 1) | 0;
      Atomics.store(this.#words, taken, count);
      Atomics.notify(this.#words, taken);
      any = true;
    }
    return any;
  }

  #at(offset: number): number {
    return mailboxWord(this.#index, offset);
  }

  #word(offset: number): number {
    return this.#words[this.#at(offset)] ?? 0;
  }
}
