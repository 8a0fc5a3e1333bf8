/**
 * ACPI machine language: each function encodes one term (ACPI Specification 5.0, chapter 20.2) from its encoded parts. A
 * term is its bytes; what is put together is concatenated.
 */
import { concat, u8, u16, u32, u64, zeroTerminated } from '../bytes.ts';

/** An encoded term, term list or term argument. */
export type Aml = Uint8Array;

const ZERO_OP = 0x00;
const ONE_OP = 0x01;
const NAME_OP = 0x08;
const BYTE_PREFIX = 0x0a;
const WORD_PREFIX = 0x0b;
const DWORD_PREFIX = 0x0c;
const STRING_PREFIX = 0x0d;
const QWORD_PREFIX = 0x0e;
const SCOPE_OP = 0x10;
const BUFFER_OP = 0x11;
const PACKAGE_OP = 0x12;
const METHOD_OP = 0x14;
const DUAL_NAME_PREFIX = 0x2e;
const MULTI_NAME_PREFIX = 0x2f;
const EXT_PREFIX = 0x5b;
const MUTEX_OP = 0x01;
const ACQUIRE_OP = 0x23;
const RELEASE_OP = 0x27;
const REGION_OP = 0x80;
const FIELD_OP = 0x81;
const DEVICE_OP = 0x82;
const PROCESSOR_OP = 0x83;
const LOCAL0_OP = 0x60;
const ARG0_OP = 0x68;
const STORE_OP = 0x70;
const INCREMENT_OP = 0x75;
const SHIFT_LEFT_OP = 0x79;
const SHIFT_RIGHT_OP = 0x7a;
const AND_OP = 0x7b;
const OR_OP = 0x7d;
const DEREF_OF_OP = 0x83;
const NOTIFY_OP = 0x86;
const INDEX_OP = 0x88;
const CREATE_DWORD_FIELD_OP = 0x8a;
const L_NOT_OP = 0x92;
const L_EQUAL_OP = 0x93;
const L_LESS_OP = 0x95;
const IF_OP = 0xa0;
const ELSE_OP = 0xa1;
const WHILE_OP = 0xa2;
const RETURN_OP = 0xa4;

/** No target: the result is the term's value only. */
const NULL_TARGET = u8(0);

function segment(name: string): Uint8Array {
  if (!/^[A-Z_][A-Z0-9_]{0,3}$/.test(name)) throw new RangeError(`'${name}' is no ACPI name segment`);
  return Buffer.from(name.padEnd(4, '_'), 'latin1');
}

/** A name string: `\_SB.PCI0`, `^PARENT`, `PRQ0`. */
export function path(text: string): Aml {
  const prefix = /^\\?\^*/.exec(text)?.[0] ?? '';
  const segments = text.slice(prefix.length).split('.').filter(Boolean).map(segment);
  const head = Buffer.from(prefix, 'latin1');
  if (segments.length === 0) return concat(head, NULL_TARGET);
  if (segments.length === 1) return concat(head, ...segments);
  if (segments.length === 2) return concat(head, u8(DUAL_NAME_PREFIX), ...segments);
  return concat(head, u8(MULTI_NAME_PREFIX, segments.length), ...segments);
}

/** An integer in its shortest encoding. */
export function integer(value: number | bigint): Aml {
  const exact = BigInt(value);
  if (exact === 0n) return u8(ZERO_OP);
  if (exact === 1n) return u8(ONE_OP);
  if (exact <= 0xffn) return u8(BYTE_PREFIX, Number(exact));
  if (exact <= 0xffffn) return concat(u8(WORD_PREFIX), u16(Number(exact)));
  if (exact <= 0xffffffffn) return concat(u8(DWORD_PREFIX), u32(Number(exact)));
  return concat(u8(QWORD_PREFIX), u64(exact));
}

export function string(text: string): Aml {
  return concat(u8(STRING_PREFIX), zeroTerminated(text));
}

/** A compressed EISA id such as `PNP0A03` as the integer that _HID takes (ACPI 5.0, 19.5.34). */
export function eisaId(id: string): Aml {
  const letters = [...id.slice(0, 3)].map((letter) => letter.charCodeAt(0) & 0x1f);
  const [first = 0, second = 0, third = 0] = letters;
  const product = Number.parseInt(id.slice(3), 16);
  const vendor = (first << 10) | (second << 5) | third;
  return concat(u8(DWORD_PREFIX, vendor >> 8, vendor & 0xff, product >> 8, product & 0xff));
}

const ONE_BYTE_LENGTH = 63;

/** PkgLength and contents: the length counts its own bytes (20.2.4). */
function packaged(contents: Uint8Array): Uint8Array {
  if (contents.length + 1 <= ONE_BYTE_LENGTH) return concat(u8(contents.length + 1), contents);
  for (let extra = 1; extra <= 3; extra++) {
    const total = contents.length + 1 + extra;
    if (total >= 2 ** (4 + 8 * extra)) continue;
    const tail = Array.from({ length: extra }, (_, index) => (total >> (4 + 8 * index)) & 0xff);
    return concat(u8((extra << 6) | (total & 0xf), ...tail), contents);
  }
  throw new RangeError(`A package of ${contents.length} bytes is too long for AML`);
}

export function buffer(bytes: Uint8Array): Aml {
  return concat(u8(BUFFER_OP), packaged(concat(integer(bytes.length), bytes)));
}

/** A package of at most 255 elements. */
export function packageOf(...elements: readonly Aml[]): Aml {
  return concat(u8(PACKAGE_OP), packaged(concat(u8(elements.length), ...elements)));
}

export function name(text: string, value: Aml): Aml {
  return concat(u8(NAME_OP), path(text), value);
}

export function scope(text: string, ...terms: readonly Aml[]): Aml {
  return concat(u8(SCOPE_OP), packaged(concat(path(text), ...terms)));
}

export function device(text: string, ...terms: readonly Aml[]): Aml {
  return concat(u8(EXT_PREFIX, DEVICE_OP), packaged(concat(path(text), ...terms)));
}

/** A processor without a P_BLK (20.2.5.2). */
export function processor(text: string, id: number, ...terms: readonly Aml[]): Aml {
  return concat(u8(EXT_PREFIX, PROCESSOR_OP), packaged(concat(path(text), u8(id), u32(0), u8(0), ...terms)));
}

export interface MethodShape {
  readonly arguments?: number;
  readonly serialized?: boolean;
}

export function method(text: string, shape: MethodShape, ...terms: readonly Aml[]): Aml {
  const flags = (shape.arguments ?? 0) | (shape.serialized === true ? 8 : 0);
  return concat(u8(METHOD_OP), packaged(concat(path(text), u8(flags), ...terms)));
}

export function call(text: string, ...args: readonly Aml[]): Aml {
  return concat(path(text), ...args);
}

const REGION_SPACES = { memory: 0, io: 1, pciConfig: 2 } as const;

export function operationRegion(
  text: string,
  space: keyof typeof REGION_SPACES,
  offset: number,
  bytes: number,
): Aml {
  return concat(
    u8(EXT_PREFIX, REGION_OP),
    path(text),
    u8(REGION_SPACES[space]),
    integer(offset),
    integer(bytes),
  );
}

const FIELD_ACCESS = { any: 0, byte: 1, word: 2, dword: 3 } as const;
const UPDATE_WRITE_AS_ZEROS = 2 << 5;

export interface FieldUnit {
  /** Undefined: bits that are skipped. */
  readonly name: string | undefined;
  readonly bits: number;
}

/** Fields of a region. Bits around a written one are written as zeros where `zeros` is true, kept otherwise. */
export function field(
  region: string,
  access: keyof typeof FIELD_ACCESS,
  zeros: boolean,
  units: readonly FieldUnit[],
): Aml {
  const encoded = units.map((unit) =>
    concat(unit.name === undefined ? u8(0) : segment(unit.name), bitLength(unit.bits)),
  );
  const flags = FIELD_ACCESS[access] | (zeros ? UPDATE_WRITE_AS_ZEROS : 0);
  return concat(u8(EXT_PREFIX, FIELD_OP), packaged(concat(path(region), u8(flags), ...encoded)));
}

/** A length in bits, encoded as a PkgLength that does not count itself. */
function bitLength(bits: number): Uint8Array {
  return bits <= ONE_BYTE_LENGTH ? u8(bits) : u8(0x40 | (bits & 0xf), bits >> 4);
}

export function mutex(text: string): Aml {
  return concat(u8(EXT_PREFIX, MUTEX_OP), path(text), u8(0));
}

const WAIT_FOREVER = 0xffff;

/** The terms with the mutex held. */
export function locked(text: string, ...terms: readonly Aml[]): Aml {
  return concat(
    u8(EXT_PREFIX, ACQUIRE_OP),
    path(text),
    u16(WAIT_FOREVER),
    ...terms,
    u8(EXT_PREFIX, RELEASE_OP),
    path(text),
  );
}

export const local = (index: number): Aml => u8(LOCAL0_OP + index);
export const arg = (index: number): Aml => u8(ARG0_OP + index);

const binary =
  (op: number) =>
  (left: Aml, right: Aml, target: Aml = NULL_TARGET): Aml =>
    concat(u8(op), left, right, target);

export const shiftLeft = binary(SHIFT_LEFT_OP);
export const shiftRight = binary(SHIFT_RIGHT_OP);
export const and = binary(AND_OP);
export const or = binary(OR_OP);
export const index = binary(INDEX_OP);

export const store = (value: Aml, target: Aml): Aml => concat(u8(STORE_OP), value, target);
export const increment = (target: Aml): Aml => concat(u8(INCREMENT_OP), target);
export const derefOf = (reference: Aml): Aml => concat(u8(DEREF_OF_OP), reference);
export const notify = (object: Aml, value: Aml): Aml => concat(u8(NOTIFY_OP), object, value);
export const not = (operand: Aml): Aml => concat(u8(L_NOT_OP), operand);
export const equal = (left: Aml, right: Aml): Aml => concat(u8(L_EQUAL_OP), left, right);
export const less = (left: Aml, right: Aml): Aml => concat(u8(L_LESS_OP), left, right);

export function ifTrue(condition: Aml, ...terms: readonly Aml[]): Aml {
  return concat(u8(IF_OP), packaged(concat(condition, ...terms)));
}

/** Directly behind an `ifTrue`. */
export function otherwise(...terms: readonly Aml[]): Aml {
  return concat(u8(ELSE_OP), packaged(concat(...terms)));
}

export function whileTrue(condition: Aml, ...terms: readonly Aml[]): Aml {
  return concat(u8(WHILE_OP), packaged(concat(condition, ...terms)));
}

export const returned = (value: Aml): Aml => concat(u8(RETURN_OP), value);

export function createDwordField(source: Aml, byteIndex: number, text: string): Aml {
  return concat(u8(CREATE_DWORD_FIELD_OP), source, integer(byteIndex), path(text));
}
