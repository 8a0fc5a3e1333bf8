/** The function of a region as WebAssembly text (core specification, chapter 6): one instruction a line. */
import { GPR, IMPORTS, LOCAL_GROUPS, SIGNATURES, TYPE_HANDLER, XMM } from './locals.ts';
import { ATOMIC_NAMES, MISCELLANEOUS_NAMES, PLAIN_NAMES, VECTOR_NAMES } from './wasm-names.ts';
import { F32, F64, I32, I64, V128, type WrittenCode } from './wasm-writer.ts';

const TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [I32, 'i32'],
  [I64, 'i64'],
  [F32, 'f32'],
  [F64, 'f64'],
  [V128, 'v128'],
]);
const GENERAL = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi'];
const REGISTERS = 16;
const INDENT = '  ';

/** Opcodes whose immediates are not what most have. */
const BLOCK = 0x02;
const IF = 0x04;
const ELSE = 0x05;
const END = 0x0b;
const BR_TABLE = 0x0e;
const CALL = 0x10;
const CALL_INDIRECT = 0x11;
const RETURN_CALL_INDIRECT = 0x13;
const FIRST_LOAD = 0x28;
const LAST_STORE = 0x3e;
const MEMORY_GROW = 0x40;
const I32_CONST = 0x41;
const I64_CONST = 0x42;
const F32_CONST = 0x43;
const F64_CONST = 0x44;
const MISCELLANEOUS = 0xfc;
const VECTOR = 0xfd;
const ATOMIC = 0xfe;
const NO_RESULT = 0x40;
const VECTOR_STORE = 0x0b;
const VECTOR_CONST = 0x0c;
const SHUFFLE = 0x0d;
const FIRST_LANE = 0x15;
const LAST_LANE = 0x22;
const FIRST_MEMORY_LANE = 0x54;
const FIRST_LOAD_ZERO = 0x5c;
const LAST_LOAD_ZERO = 0x5d;
const FENCE = 3;

function typeName(type: number): string {
  return TYPE_NAMES.get(type) ?? `type-${type.toString(16)}`;
}

/** Guest registers have their names, everything else its number. */
function localName(local: number): string {
  const general = local - GPR;
  if (general >= 0 && general < REGISTERS) return `$${GENERAL[general] ?? `r${general}`}`;
  const vector = local - XMM;
  return vector >= 0 && vector < REGISTERS ? `$xmm${vector}` : `${local}`;
}

class Reader {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.at++] ?? 0;
  }

  unsigned(): number {
    return Number(BigInt.asUintN(32, this.#leb(false)));
  }

  signed(): bigint {
    return this.#leb(true);
  }

  #leb(isSigned: boolean): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if ((byte & 0x80) !== 0) continue;
      return isSigned ? BigInt.asIntN(Number(shift) + 7, value) : value;
    }
  }

  bytes(count: number): number[] {
    return Array.from({ length: count }, () => this.byte());
  }

  /** A float's bits, as the text format writes every value exactly. */
  float(bytes: 4 | 8): string {
    const value = bytes === 4 ? this.#view.getFloat32(this.at, true) : this.#view.getFloat64(this.at, true);
    const bits =
      bytes === 4 ? BigInt(this.#view.getUint32(this.at, true)) : this.#view.getBigUint64(this.at, true);
    this.at += bytes;
    if (Object.is(value, -0)) return '-0';
    if (Number.isFinite(value)) return `${value}`;
    const fraction = bits & ((1n << (bytes === 4 ? 23n : 52n)) - 1n);
    const sign = bits >> BigInt(bytes * 8 - 1) === 1n ? '-' : '';
    return fraction === 0n ? `${sign}inf` : `${sign}nan:0x${fraction.toString(16)}`;
  }

  memory(): string {
    const alignment = 2 ** this.unsigned();
    const offset = this.unsigned();
    return `${offset === 0 ? '' : ` offset=${offset}`} align=${alignment}`;
  }
}

function unknown(prefix: string, opcode: number): string {
  return `(; unknown ${prefix}0x${opcode.toString(16)} ;)`;
}

function plain(reader: Reader, opcode: number): string {
  const name = PLAIN_NAMES.get(opcode) ?? unknown('', opcode);
  if (opcode >= BLOCK && opcode <= IF) {
    const type = reader.byte();
    return type === NO_RESULT ? name : `${name} (result ${typeName(type)})`;
  }
  if (opcode === BR_TABLE) return `${name} ${vector(reader).join(' ')}`;
  if (opcode === CALL) return `${name} $${IMPORTS[reader.unsigned()]?.[0] ?? '?'}`;
  if (opcode === CALL_INDIRECT || opcode === RETURN_CALL_INDIRECT) {
    const type = reader.unsigned();
    return `${name} ${reader.unsigned()} (type ${type})`;
  }
  if (name.startsWith('local.')) return `${name} ${localName(reader.unsigned())}`;
  if (opcode >= FIRST_LOAD && opcode <= LAST_STORE) return name + reader.memory();
  if (opcode > LAST_STORE && opcode <= MEMORY_GROW) return reader.byte() === 0 ? name : unknown('', opcode);
  if (opcode === I32_CONST || opcode === I64_CONST) return `${name} ${reader.signed()}`;
  if (opcode === F32_CONST) return `${name} ${reader.float(4)}`;
  if (opcode === F64_CONST) return `${name} ${reader.float(8)}`;
  return name.startsWith('br') || name.startsWith('global.') || name === 'return_call'
    ? `${name} ${reader.unsigned()}`
    : name;
}

/** The numbers of a br_table, the one for all others last. */
function vector(reader: Reader): number[] {
  return Array.from({ length: reader.unsigned() + 1 }, () => reader.unsigned());
}

function vectorInstruction(reader: Reader): string {
  const opcode = reader.unsigned();
  const name = VECTOR_NAMES.get(opcode) ?? unknown('0xfd ', opcode);
  if (opcode <= VECTOR_STORE || opcode === FIRST_LOAD_ZERO || opcode === LAST_LOAD_ZERO)
    return name + reader.memory();
  if (opcode === VECTOR_CONST) return `${name} i8x16 ${reader.bytes(16).join(' ')}`;
  if (opcode === SHUFFLE) return `${name} ${reader.bytes(16).join(' ')}`;
  if (opcode >= FIRST_LANE && opcode <= LAST_LANE) return `${name} ${reader.byte()}`;
  if (opcode >= FIRST_MEMORY_LANE && opcode < FIRST_LOAD_ZERO)
    return `${name}${reader.memory()} ${reader.byte()}`;
  return name;
}

function atomicInstruction(reader: Reader): string {
  const opcode = reader.unsigned();
  const name = ATOMIC_NAMES.get(opcode) ?? unknown('0xfe ', opcode);
  if (opcode !== FENCE) return name + reader.memory();
  return reader.byte() === 0 ? name : unknown('0xfe ', opcode);
}

function instruction(reader: Reader, opcode: number): string {
  if (opcode === VECTOR) return vectorInstruction(reader);
  if (opcode === ATOMIC) return atomicInstruction(reader);
  if (opcode !== MISCELLANEOUS) return plain(reader, opcode);
  const second = reader.unsigned();
  return MISCELLANEOUS_NAMES.get(second) ?? unknown('0xfc ', second);
}

/** Parameters and locals with the names that they have. */
function heading(): string {
  const { parameters = [], results = [] } = SIGNATURES[TYPE_HANDLER] ?? {};
  let local = parameters.length;
  const declare = (count: number, type: number) =>
    Array.from({ length: count }, () => {
      const name = localName(local++);
      return `(local ${name.startsWith('$') ? `${name} ` : ''}${typeName(type)})`;
    }).join(' ');
  return [
    `(func (type ${TYPE_HANDLER}) (param ${parameters.map(typeName).join(' ')}) (result ${results.map(typeName).join(' ')})`,
    ...LOCAL_GROUPS.map(([count, type]) => INDENT + declare(count, type)),
    '',
  ].join('\n');
}

/** The text of a region's function, with branch hints as annotations (branch hinting proposal, "Text format"). */
export function wasmText({ bytes, hints }: WrittenCode): string {
  const reader = new Reader(bytes);
  const expected = new Map(hints.map(({ offset, isLikely }) => [offset, isLikely ? 1 : 0]));
  let text = heading();
  let depth = 1;
  while (!reader.isAtEnd) {
    const hint = expected.get(reader.at);
    const opcode = reader.byte();
    if (opcode === END || opcode === ELSE) depth--;
    // The function's own end is the closing parenthesis.
    if (depth === 0) return `${text})\n`;
    const written = instruction(reader, opcode);
    const indent = INDENT.repeat(depth);
    if (hint !== undefined) text += `${indent}(@metadata.code.branch_hint "\\0${hint}")\n`;
    text += `${indent}${written}\n`;
    if ((opcode >= BLOCK && opcode <= IF) || opcode === ELSE) depth++;
  }
  return `${text})\n`;
}
