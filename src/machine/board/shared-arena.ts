/** Hands out parts of an area of shared memory, once and for all. */
import { TroupeError } from '../../errors/troupe-error.ts';

export interface SharedPart {
  readonly host: number;
  readonly view: Uint8Array;
}

export class SharedArena {
  readonly #memory: WebAssembly.Memory;
  readonly #what: string;
  readonly #end: number;
  #next: number;

  /** @param what names the area in messages: "video memory" */
  constructor(memory: WebAssembly.Memory, what: string, base: number, bytes: number) {
    this.#memory = memory;
    this.#what = what;
    this.#next = base;
    this.#end = base + bytes;
  }

  /**
   * A zeroed part of `bytes` that begins at a multiple of `alignment`.
   * @throws TroupeError `ERR_SHARED_MEMORY` when there is not so much left
   */
  allocate(bytes: number, alignment: number): SharedPart {
    const host = Math.ceil(this.#next / alignment) * alignment;
    if (host + bytes > this.#end) {
      const left = Math.max(0, this.#end - host);
      throw new TroupeError(
        'ERR_SHARED_MEMORY',
        `There are ${left} bytes of ${this.#what} left, not ${bytes}`,
      );
    }
    this.#next = host + bytes;
    return { host, view: new Uint8Array(this.#memory.buffer, host, bytes) };
  }
}
