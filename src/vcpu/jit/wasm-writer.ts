/** Writes WebAssembly instructions as bytes, with labels by name of their construct and pieces that are decided later. */

/** Value types (WebAssembly core specification, 5.3). */
export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const V128 = 0x7b;
const NO_RESULT = 0x40;

const FIRST_CAPACITY = 4096;
const SIMD_PREFIX = 0xfd;
const ATOMIC_PREFIX = 0xfe;

/** How a branch at `offset` bytes into the code mostly goes. */
export interface BranchHint {
  readonly offset: number;
  readonly isLikely: boolean;
}

export interface WrittenCode {
  readonly bytes: Uint8Array;
  readonly hints: readonly BranchHint[];
}

/** Nesting depth at which a construct was opened: what a branch names. */
export type Label = number;

export class WasmWriter {
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #length = 0;
  #depth = 0;
  readonly #hints: { readonly at: number; readonly isLikely: boolean }[] = [];
  readonly #late: { readonly at: number; readonly write: (to: WasmWriter) => void }[] = [];

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  bytes(values: ArrayLike<number>): void {
    if (this.#length + values.length > this.#bytes.length) this.#grow(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  #grow(more: number): void {
    const bigger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    bigger.set(this.#bytes);
    this.#bytes = bigger;
  }

  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  signed(value: number): void {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  signed64(value: bigint): void {
    let rest = BigInt.asIntN(64, value);
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  /** A piece that `write` decides when finish() is called; it must leave the operand stack as it was. */
  later(write: (to: WasmWriter) => void): void {
    this.#late.push({ at: this.#length, write });
  }

  /** Says how the `if` or `br_if` that is written next will mostly go. */
  hint(isLikely: boolean): void {
    this.#hints.push({ at: this.#length, isLikely });
  }

  /** Everything written, with the late pieces (which have no hints of their own) in their places. */
  finish(): WrittenCode {
    const whole = new WasmWriter();
    const hints: BranchHint[] = [];
    const pending = [...this.#hints];
    let from = 0;
    const copyTo = (end: number) => {
      while (pending[0] !== undefined && pending[0].at < end) {
        const { at, isLikely } = pending[0];
        hints.push({ offset: whole.length + at - from, isLikely });
        pending.shift();
      }
      whole.bytes(this.#bytes.subarray(from, end));
      from = end;
    };
    for (const { at, write } of this.#late) {
      copyTo(at);
      write(whole);
    }
    copyTo(this.#length);
    return { bytes: whole.#bytes.subarray(0, whole.#length), hints };
  }

  i32(value: number): void {
    this.byte(0x41);
    this.signed(value);
  }

  i64(value: bigint | number): void {
    this.byte(0x42);
    if (typeof value === 'number' && value === (value | 0)) this.signed(value);
    else this.signed64(BigInt(value));
  }

  get(local: number): void {
    this.byte(0x20);
    this.unsigned(local);
  }

  set(local: number): void {
    this.byte(0x21);
    this.unsigned(local);
  }

  tee(local: number): void {
    this.byte(0x22);
    this.unsigned(local);
  }

  /** A load or store; alignment is never promised. */
  memory(opcode: number, offset: number): void {
    this.byte(opcode);
    this.byte(0);
    this.unsigned(offset);
  }

  /** A vector instruction without immediates. */
  simd(opcode: number): void {
    this.byte(SIMD_PREFIX);
    this.unsigned(opcode);
  }

  simdMemory(opcode: number, offset: number): void {
    this.simd(opcode);
    this.byte(0);
    this.unsigned(offset);
  }

  simdLane(opcode: number, lane: number): void {
    this.simd(opcode);
    this.byte(lane);
  }

  /** i8x16.shuffle with these sixteen lanes. */
  shuffle(lanes: readonly number[]): void {
    this.simd(0x0d);
    this.bytes(lanes);
  }

  /** An atomic access of 2^`alignment` bytes. */
  atomic(opcode: number, alignment: number, offset: number): void {
    this.byte(ATOMIC_PREFIX);
    this.byte(opcode);
    this.unsigned(alignment);
    this.unsigned(offset);
  }

  block(): Label {
    return this.#open(0x02, NO_RESULT);
  }

  loop(): Label {
    return this.#open(0x03, NO_RESULT);
  }

  /** `if`, with a result of this type unless absent. */
  if(result: number = NO_RESULT): Label {
    return this.#open(0x04, result);
  }

  #open(opcode: number, type: number): Label {
    this.byte(opcode);
    this.byte(type);
    return ++this.#depth;
  }

  else(): void {
    this.byte(0x05);
  }

  end(): void {
    this.#depth--;
    this.byte(0x0b);
  }

  br(label: Label): void {
    this.byte(0x0c);
    this.unsigned(this.#depth - label);
  }

  brIf(label: Label): void {
    this.byte(0x0d);
    this.unsigned(this.#depth - label);
  }

  /** Branches to the label by the number on the stack; the last is for all others too. */
  brTable(labels: readonly Label[]): void {
    this.byte(0x0e);
    this.unsigned(labels.length - 1);
    for (const label of labels) this.unsigned(this.#depth - label);
  }

  call(index: number): void {
    this.byte(0x10);
    this.unsigned(index);
  }

  callIndirect(type: number): void {
    this.byte(0x11);
    this.unsigned(type);
    this.byte(0);
  }

  returnCallIndirect(type: number): void {
    this.byte(0x13);
    this.unsigned(type);
    this.byte(0);
  }
}
