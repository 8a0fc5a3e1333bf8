/** Reads static ELF executables (System V ABI, chapter 4 and 5). */

export interface ElfSegment {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  /** Bytes in memory; those beyond `bytes` are zero. */
  readonly memoryBytes: bigint;
  readonly write: boolean;
  readonly execute: boolean;
}

export interface ElfImage {
  readonly bits: 32 | 64;
  readonly entry: bigint;
  readonly segments: readonly ElfSegment[];
  /** Address, size and number of the program headers, for the auxiliary vector. */
  readonly headersAddress: bigint;
  readonly headerBytes: number;
  readonly headerCount: number;
}

const PT_LOAD = 1;
const PF_X = 1;
const PF_W = 2;
const CLASS_32 = 1;

/** Throws a RangeError for what is no ELF file. */
export function parseElf(file: Buffer): ElfImage {
  if (file.readUInt32BE(0) !== 0x7f454c46)
    throw new RangeError(`No ELF file: begins with ${file.toString('hex', 0, 4)}`);
  const is32 = file.readUInt8(4) === CLASS_32;
  const word = (at: number) => (is32 ? BigInt(file.readUInt32LE(at)) : file.readBigUInt64LE(at));
  const headersAt = Number(word(is32 ? 28 : 32));
  const headerBytes = file.readUInt16LE(is32 ? 42 : 54);
  const headerCount = file.readUInt16LE(is32 ? 44 : 56);
  const segments: ElfSegment[] = [];
  let headersAddress = 0n;
  for (let i = 0; i < headerCount; i++) {
    const at = headersAt + i * headerBytes;
    if (file.readUInt32LE(at) !== PT_LOAD) continue;
    const flags = file.readUInt32LE(at + (is32 ? 24 : 4));
    const offset = Number(word(at + (is32 ? 4 : 8)));
    const address = word(at + (is32 ? 8 : 16));
    const size = Number(word(at + (is32 ? 16 : 32)));
    if (offset <= headersAt && headersAt < offset + size)
      headersAddress = address + BigInt(headersAt - offset);
    segments.push({
      address,
      bytes: file.subarray(offset, offset + size),
      memoryBytes: word(at + (is32 ? 20 : 40)),
      write: (flags & PF_W) !== 0,
      execute: (flags & PF_X) !== 0,
    });
  }
  const bits = is32 ? 32 : 64;
  return { bits, entry: word(24), segments, headersAddress, headerBytes, headerCount };
}
