/** Numbers and messages of the NBD protocol (github.com/NetworkBlockDevice/nbd, doc/proto.md). All integers are big-endian. */
import { constants } from 'node:os';

export const NBD_MAGIC = 0x4e42444d41474943n;
export const OPTION_MAGIC = 0x49484156454f5054n;
export const OLD_STYLE_MAGIC = 0x0000420281861253n;
export const OPTION_REPLY_MAGIC = 0x0003e889045565a9n;
export const REQUEST_MAGIC = 0x25609513;
export const SIMPLE_REPLY_MAGIC = 0x67446698;
export const CHUNK_MAGIC = 0x668e33ef;

/** Zeros behind the answer to EXPORT_NAME, unless the client spares them. */
export const EXPORT_PADDING_BYTES = 124;
export const OPTION_HEADER_BYTES = 16;
export const OPTION_REPLY_HEADER_BYTES = 20;
export const REQUEST_BYTES = 28;
export const SIMPLE_REPLY_BYTES = 16;
export const CHUNK_HEADER_BYTES = 20;
/** What a client may take for granted that a server accepts ("Block size constraints"). */
export const MOST_PAYLOAD_BYTES = 32 * 1024 * 1024;
/** Names and other strings ("Terminology"). */
export const MOST_STRING_BYTES = 4096;

/** Handshake flags, and the client's. */
export const FIXED_NEWSTYLE = 1;
export const NO_ZEROES = 2;

export const OPTION = {
  exportName: 1,
  abort: 2,
  list: 3,
  starttls: 5,
  info: 6,
  go: 7,
  structuredReply: 8,
  listMetaContext: 9,
  setMetaContext: 10,
} as const;

const ERROR_BIT = 2 ** 31;

export const REPLY = {
  ack: 1,
  server: 2,
  info: 3,
  metaContext: 4,
  unsupported: ERROR_BIT + 1,
  policy: ERROR_BIT + 2,
  invalid: ERROR_BIT + 3,
  unknown: ERROR_BIT + 6,
  tooBig: ERROR_BIT + 9,
} as const;

export function isErrorReply(type: number): boolean {
  return type >= ERROR_BIT;
}

export const INFO = { export: 0, name: 1, description: 2, blockSize: 3 } as const;

/** Transmission flags of an export. */
export const EXPORT_FLAG = {
  hasFlags: 1,
  readOnly: 2,
  flush: 4,
  fua: 8,
  trim: 32,
  writeZeroes: 64,
  dontFragment: 128,
  multiConnection: 256,
  cache: 1024,
} as const;

export const COMMAND = {
  read: 0,
  write: 1,
  disconnect: 2,
  flush: 3,
  trim: 4,
  cache: 5,
  writeZeroes: 6,
  blockStatus: 7,
} as const;

export const COMMAND_FLAG = { fua: 1, noHole: 2, dontFragment: 4, oneExtent: 8 } as const;

export const CHUNK_DONE = 1;
export const CHUNK = {
  none: 0,
  data: 1,
  hole: 2,
  blockStatus: 5,
  error: 0x8001,
  errorOffset: 0x8002,
} as const;

export const BASE_ALLOCATION = 'base:allocation';
/** Bits of `base:allocation`. */
export const STATE_HOLE = 1;
export const STATE_ZERO = 2;

/** Errors as the protocol numbers them. */
export const NBD_ERROR = {
  perm: 1,
  io: 5,
  inval: 22,
  nospc: 28,
  overflow: 75,
  notsup: 95,
  shutdown: 108,
} as const;

const WIRE_ERRORS = new Map<number, number>([
  [constants.errno.EPERM, NBD_ERROR.perm],
  [constants.errno.EACCES, NBD_ERROR.perm],
  [constants.errno.EROFS, NBD_ERROR.perm],
  [constants.errno.EINVAL, NBD_ERROR.inval],
  [constants.errno.ENOSPC, NBD_ERROR.nospc],
  [constants.errno.EFBIG, NBD_ERROR.nospc],
  [constants.errno.EDQUOT, NBD_ERROR.nospc],
  [constants.errno.EOVERFLOW, NBD_ERROR.overflow],
  [constants.errno.ENOTSUP, NBD_ERROR.notsup],
]);

/** What an errno of the host is called on the wire. */
export function wireError(errno: number): number {
  return errno === 0 ? 0 : (WIRE_ERRORS.get(errno) ?? NBD_ERROR.io);
}

const HOST_ERRORS = new Map<number, number>([
  [NBD_ERROR.perm, constants.errno.EPERM],
  [NBD_ERROR.inval, constants.errno.EINVAL],
  [NBD_ERROR.nospc, constants.errno.ENOSPC],
  [NBD_ERROR.overflow, constants.errno.EOVERFLOW],
  [NBD_ERROR.notsup, constants.errno.ENOTSUP],
]);

/** The errno of the host that an error on the wire stands for. */
export function hostError(error: number): number {
  return HOST_ERRORS.get(error) ?? constants.errno.EIO;
}

/** Integers put one behind the other. */
export class MessageWriter {
  readonly #parts: Buffer[] = [];

  u16(value: number): this {
    const bytes = Buffer.allocUnsafe(2);
    bytes.writeUInt16BE(value);
    return this.bytes(bytes);
  }

  u32(value: number): this {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(value);
    return this.bytes(bytes);
  }

  u64(value: bigint | number): this {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigUInt64BE(BigInt(value));
    return this.bytes(bytes);
  }

  bytes(bytes: Uint8Array): this {
    this.#parts.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return this;
  }

  text(text: string): this {
    return this.bytes(Buffer.from(text));
  }

  /** A string behind its length. */
  string(text: string): this {
    const bytes = Buffer.from(text);
    return this.u32(bytes.length).bytes(bytes);
  }

  done(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Thrown by MessageReader when a message is shorter than what it says. */
export class ShortMessage extends RangeError {}

/** Takes a message apart from its beginning on. */
export class MessageReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#position;
  }

  u16(): number {
    return this.bytes(2).readUInt16BE();
  }

  u32(): number {
    return this.bytes(4).readUInt32BE();
  }

  u64(): bigint {
    return this.bytes(8).readBigUInt64BE();
  }

  /** A string behind its length. */
  string(): string {
    return this.bytes(this.u32()).toString();
  }

  bytes(count: number): Buffer {
    if (count > this.left) throw new ShortMessage(`${count} bytes wanted, ${this.left} left`);
    this.#position += count;
    return this.#bytes.subarray(this.#position - count, this.#position);
  }
}

export interface Request {
  readonly flags: number;
  readonly type: number;
  readonly cookie: bigint;
  readonly offset: bigint;
  readonly length: number;
}

export function encodeRequest({ flags, type, cookie, offset, length }: Request): Buffer {
  const bytes = Buffer.allocUnsafe(REQUEST_BYTES);
  bytes.writeUInt32BE(REQUEST_MAGIC, 0);
  bytes.writeUInt16BE(flags, 4);
  bytes.writeUInt16BE(type, 6);
  bytes.writeBigUInt64BE(cookie, 8);
  bytes.writeBigUInt64BE(offset, 16);
  bytes.writeUInt32BE(length, 24);
  return bytes;
}

/** @returns undefined when the bytes are no request */
export function decodeRequest(bytes: Buffer): Request | undefined {
  if (bytes.readUInt32BE(0) !== REQUEST_MAGIC) return undefined;
  return {
    flags: bytes.readUInt16BE(4),
    type: bytes.readUInt16BE(6),
    cookie: bytes.readBigUInt64BE(8),
    offset: bytes.readBigUInt64BE(16),
    length: bytes.readUInt32BE(24),
  };
}

export function encodeSimpleReply(cookie: bigint, error: number): Buffer {
  const bytes = Buffer.allocUnsafe(SIMPLE_REPLY_BYTES);
  bytes.writeUInt32BE(SIMPLE_REPLY_MAGIC, 0);
  bytes.writeUInt32BE(error, 4);
  bytes.writeBigUInt64BE(cookie, 8);
  return bytes;
}

export function encodeChunkHeader(cookie: bigint, type: number, length: number, done: boolean): Buffer {
  const bytes = Buffer.allocUnsafe(CHUNK_HEADER_BYTES);
  bytes.writeUInt32BE(CHUNK_MAGIC, 0);
  bytes.writeUInt16BE(done ? CHUNK_DONE : 0, 4);
  bytes.writeUInt16BE(type, 6);
  bytes.writeBigUInt64BE(cookie, 8);
  bytes.writeUInt32BE(length, 16);
  return bytes;
}
