/** Values of x, xp and print as text (hmp.md §5). */
import type { ValueFormat } from './format-spec.ts';

const LINE_BYTES = 16;
const LINE_BYTES_OF_BYTES = 8;

const NAMED_CHARACTERS: ReadonlyMap<number, string> = new Map([
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x27, "\\'"],
  [0x5c, '\\\\'],
]);

/** @param code 32 bits */
export function quotedCharacter(code: number): string {
  const isPrintable = code >= 0x20 && code <= 0x7e;
  const plain = isPrintable ? String.fromCharCode(code) : `\\x${code.toString(16).padStart(2, '0')}`;
  return `'${NAMED_CHARACTERS.get(code) ?? plain}'`;
}

/** Decimal digits that the widest value of `size` bytes takes, with room for a sign. */
function decimalWidth(size: number): number {
  return Math.floor((10 * 8 * size + 32) / 33);
}

/** Octal digits that the widest value of `size` bytes takes. */
function octalWidth(size: number): number {
  return Math.floor((8 * size + 2) / 3);
}

function readValue(view: DataView, offset: number, size: 1 | 2 | 4 | 8): bigint {
  switch (size) {
    case 1:
      return BigInt(view.getUint8(offset));
    case 2:
      return BigInt(view.getUint16(offset, true));
    case 4:
      return BigInt(view.getUint32(offset, true));
    default:
      return view.getBigUint64(offset, true);
  }
}

function formatItem(value: bigint, format: Exclude<ValueFormat, 'i'>, size: 1 | 2 | 4 | 8): string {
  switch (format) {
    case 'x':
      return `0x${value.toString(16).padStart(size * 2, '0')}`;
    case 'o':
      return (value === 0n ? '0' : `0${value.toString(8)}`).padStart(octalWidth(size));
    case 'u':
      return value.toString().padStart(decimalWidth(size));
    case 'd':
      // As the reference has it: values are read as unsigned ones into 64 bits, whose sign is shown.
      return BigInt.asIntN(64, value).toString().padStart(decimalWidth(size));
    default:
      return quotedCharacter(Number(value & 0xffn));
  }
}

/** How many bytes one line of a dump shows. */
export function lineBytes(size: 1 | 2 | 4 | 8): number {
  return size === 1 ? LINE_BYTES_OF_BYTES : LINE_BYTES;
}

/**
 * One line: its address, then the values that lie there. `bytes` is a multiple of `size` long. Characters have one byte each,
 * whatever the size.
 */
export function dumpLine(
  address: bigint,
  bytes: Uint8Array,
  format: Exclude<ValueFormat, 'i'>,
  size: 1 | 2 | 4 | 8,
): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let line = `${addressText(address)}:`;
  const step = format === 'c' ? 1 : size;
  for (let offset = 0; offset + step <= bytes.length; offset += step) {
    line += ` ${formatItem(readValue(view, offset, step), format, step)}`;
  }
  return line;
}

/** 16 hexadecimal digits. */
export function addressText(address: bigint): string {
  return BigInt.asUintN(64, address).toString(16).padStart(16, '0');
}
