/** Bytes in the order of their arrival, up to a limit. */
export class ByteQueue {
  readonly #limit: number;
  #bytes: Uint8Array = new Uint8Array(0);

  /** @param limit bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many bytes it takes now. */
  get room(): number {
    return this.#limit - this.#bytes.length;
  }

  /** Copies the bytes; those beyond `room` are lost. */
  push(bytes: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes.subarray(0, this.room)]);
  }

  get isEmpty(): boolean {
    return this.#bytes.length === 0;
  }

  /** Takes the oldest byte; 0 when there is none. */
  shift(): number {
    const first = this.#bytes[0] ?? 0;
    this.#bytes = this.#bytes.subarray(1);
    return first;
  }

  clear(): void {
    this.#bytes = new Uint8Array(0);
  }
}
