/**
 * What query-block-jobs shows of a job, in memory that the job's thread shares with the machine's, so that a job can be looked
 * at while it is at work, and after it has died. The words are 64 bits wide, written by the job alone (before it begins: by who makes it) and touched with `Atomics`
 * only; nobody is woken. They are not a snapshot: `offset` may be newer than `busy`.
 */

export type JobIoStatus = 'ok' | 'failed' | 'nospace';

const LENGTH = 0;
const OFFSET = 1;
const SPEED = 2;
const BUSY = 3;
const PAUSED = 4;
const IO_STATUS = 5;
const WORDS = 6;

const IO_STATUSES: readonly JobIoStatus[] = ['ok', 'failed', 'nospace'];

export class JobStatus {
  readonly #words: BigInt64Array;

  constructor(shared: SharedArrayBuffer) {
    this.#words = new BigInt64Array(shared);
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(WORDS * BigInt64Array.BYTES_PER_ELEMENT);
  }

  /** Where `offset` is at the end, in bytes. */
  get length(): number {
    return this.#get(LENGTH);
  }

  set length(bytes: number) {
    this.#set(LENGTH, bytes);
  }

  /** Progress in bytes. */
  get offset(): number {
    return this.#get(OFFSET);
  }

  set offset(bytes: number) {
    this.#set(OFFSET, bytes);
  }

  /** Bytes a second; 0 is no limit. */
  get speed(): number {
    return this.#get(SPEED);
  }

  set speed(bytes: number) {
    this.#set(SPEED, bytes);
  }

  /** False while the job sleeps. */
  get busy(): boolean {
    return this.#get(BUSY) !== 0;
  }

  set busy(busy: boolean) {
    this.#set(BUSY, busy ? 1 : 0);
  }

  /** A pause is asked for, or in effect. */
  get paused(): boolean {
    return this.#get(PAUSED) !== 0;
  }

  set paused(paused: boolean) {
    this.#set(PAUSED, paused ? 1 : 0);
  }

  get ioStatus(): JobIoStatus {
    return IO_STATUSES[this.#get(IO_STATUS)] ?? 'ok';
  }

  set ioStatus(status: JobIoStatus) {
    this.#set(IO_STATUS, IO_STATUSES.indexOf(status));
  }

  #get(word: number): number {
    return Number(Atomics.load(this.#words, word));
  }

  #set(word: number, value: number): void {
    Atomics.store(this.#words, word, BigInt(value));
  }
}
