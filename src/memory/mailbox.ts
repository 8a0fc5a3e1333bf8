/** Both ends of the mailbox between a vCPU and whoever answers its port and MMIO accesses. */
import {
  CPU_GROUP_SIZE,
  CPU_GROUPS_BASE,
  CPU_MAILBOX,
  GLOBAL_DOORBELL,
  GLOBAL_POST_SERVED,
  GLOBAL_POST_TICKET,
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
/** Tickets have 16 bits: more than all rings together hold, so that the older one of two can be told. */
const TICKET_SHIFT = 16;
const TICKET_MASK = 0xffff0000;

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

  /**
   * Whether everything posted so far, by any vCPU, has been handled: another one may have told this one of a write that its
   * device has not seen yet.
   */
  get drained(): boolean {
    return (
      Atomics.load(this.#words, GLOBAL_POST_SERVED >> 2) ===
      Atomics.load(this.#words, GLOBAL_POST_TICKET >> 2)
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
    const ticket = Atomics.add(this.#words, GLOBAL_POST_TICKET >> 2, 1);
    this.#words[entry] = request.kind | (request.size << 8) | (ticket << TICKET_SHIFT);
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

  /** The ticket of the oldest posted write that waits, in the high half of a word; undefined if none does. */
  get oldestTicket(): number | undefined {
    const count = Atomics.load(this.#words, this.#at(MAILBOX_TAKEN));
    if (count === Atomics.load(this.#words, this.#at(MAILBOX_POSTED))) return undefined;
    return (this.#words[this.#entry(count)] ?? 0) & TICKET_MASK;
  }

  /** Handles the oldest posted write, which has to be there. */
  servePosted(handle: (request: MailboxRequest) => number): void {
    const taken = this.#at(MAILBOX_TAKEN);
    const count = Atomics.load(this.#words, taken);
    const entry = this.#entry(count);
    const [head = 0, low = 0, high = 0, value = 0] = this.#words.subarray(entry, entry + RING_ENTRY_WORDS);
    handle({
      kind: head & 255,
      size: (head >>> 8) & 255,
      low: low >>> 0,
      high: high >>> 0,
      value: value >>> 0,
    });
    Atomics.store(this.#words, taken, (count + 1) | 0);
    Atomics.notify(this.#words, taken);
    Atomics.add(this.#words, GLOBAL_POST_SERVED >> 2, 1);
  }

  /** Whether its vCPU waits for an answer. */
  get hasRequest(): boolean {
    return Atomics.load(this.#words, this.#at(MAILBOX_STATE)) === MAILBOX_REQUEST;
  }

  /** Answers the request, which has to be there, with what `handle` gives. */
  serveRequest(handle: (request: MailboxRequest) => number): void {
    const state = this.#at(MAILBOX_STATE);
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
  }

  #entry(count: number): number {
    return this.#at(MAILBOX_RING) + ((count >>> 0) % MAILBOX_RING_ENTRIES) * RING_ENTRY_WORDS;
  }

  #at(offset: number): number {
    return mailboxWord(this.#index, offset);
  }

  #word(offset: number): number {
    return this.#words[this.#at(offset)] ?? 0;
  }
}

interface ServedMailbox {
  readonly receiver: MailboxReceiver;
  readonly handle: (request: MailboxRequest) => number;
}

/**
 * The machine's end of all mailboxes. Posted writes are handled in the order in which their vCPUs made them, all that came
 * before a request before it: who learns of a write by other means, and then makes one, must not be ahead of it.
 */
export class Mailboxes {
  readonly #mailboxes: ServedMailbox[] = [];

  /** Serves one more vCPU's mailbox from now on. */
  add(receiver: MailboxReceiver, handle: (request: MailboxRequest) => number): void {
    this.#mailboxes.push({ receiver, handle });
  }

  /** Handles what has arrived. */
  serve(): void {
    this.#servePosted();
    for (const { receiver, handle } of this.#mailboxes) {
      if (!receiver.hasRequest) continue;
      this.#servePosted();
      receiver.serveRequest(handle);
    }
  }

  #servePosted(): void {
    for (let oldest = this.#oldest(); oldest !== undefined; oldest = this.#oldest()) {
      // What was posted before the one found is there to be seen now, though it may not have been when its turn came.
      const { receiver, handle } = this.#oldest() ?? oldest;
      receiver.servePosted(handle);
    }
  }

  #oldest(): ServedMailbox | undefined {
    let found: ServedMailbox | undefined;
    let ticket = 0;
    for (const mailbox of this.#mailboxes) {
      const candidate = mailbox.receiver.oldestTicket;
      // The difference of two tickets is their distance in the high half of a word: negative if the first is older.
      if (candidate === undefined || (found !== undefined && ((candidate - ticket) | 0) > 0)) continue;
      found = mailbox;
      ticket = candidate;
    }
    return found;
  }
}
