/** Operands of the assembler: registers, memory, immediates and labels. */

const BYTE_REGISTERS = ['al', 'cl', 'dl', 'bl', 'ah', 'ch', 'dh', 'bh'] as const;
const WORD_REGISTERS = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'] as const;
const DWORD_REGISTERS = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'] as const;
const SEGMENT_REGISTERS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'] as const;

export type Byte = (typeof BYTE_REGISTERS)[number];
export type Word = (typeof WORD_REGISTERS)[number];
export type Dword = (typeof DWORD_REGISTERS)[number];
export type Register = Byte | Word | Dword;
export type Segment = (typeof SEGMENT_REGISTERS)[number];

/** Operand size in bytes. */
export type Size = 1 | 2 | 4;

/** A value that is known when all labels are: `offset` counts from the code's origin, `linear` adds its segment's base. */
export interface LabelValue {
  readonly label: string;
  readonly kind: 'offset' | 'linear';
}

export type Value = number | LabelValue;

export interface Memory {
  readonly size: Size | undefined;
  readonly base: Dword | undefined;
  readonly displacement: Value;
  readonly segment: Segment | undefined;
}

export type Operand = Register | Memory;

export const offsetOf = (label: string): LabelValue => ({ label, kind: 'offset' });
export const linearOf = (label: string): LabelValue => ({ label, kind: 'linear' });

/** `[base + displacement]`, or `[displacement]`. The size is only needed where no register tells it. */
export function memory(
  place: { base?: Dword; displacement?: Value; segment?: Segment },
  size?: Size,
): Memory {
  return { size, base: place.base, displacement: place.displacement ?? 0, segment: place.segment };
}

const numbers = new Map<string, number>(
  [BYTE_REGISTERS, WORD_REGISTERS, DWORD_REGISTERS, SEGMENT_REGISTERS].flatMap((names) =>
    names.map((register, number): [string, number] => [register, number]),
  ),
);

const sizes = new Map<string, Size>([
  ...BYTE_REGISTERS.map((register): [string, Size] => [register, 1]),
  ...WORD_REGISTERS.map((register): [string, Size] => [register, 2]),
  ...DWORD_REGISTERS.map((register): [string, Size] => [register, 4]),
]);

/** The number of a register in an instruction. */
export function numberOf(register: Register | Segment): number {
  return numbers.get(register) ?? 0;
}

/** Size of an operand, or undefined for memory that does not say. */
export function sizeOf(operand: Operand): Size | undefined {
  return typeof operand === 'string' ? sizes.get(operand) : operand.size;
}
