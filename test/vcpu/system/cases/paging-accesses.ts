/** Random accesses to two pages of a test area, for guests with any form of paging. */
import type { Random } from '../../oracle/random.ts';
import type { Deviation } from '../guest.ts';

export const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

/** Bits of paging entries (SDM vol. 3, 4.3); NX in the upper half. */
export const P = 1;
export const RW = 2;
export const US = 4;
export const A = 0x20;
export const D = 0x40;
export const PS = 0x80;
export const G = 0x100;
export const NX = 0x80000000;
/** CR0.WP; bits of CR4. */
export const WP = 0x10000;
export const PGE = 0x80;
export const SMEP = 0x100000;
export const SMAP = 0x200000;

/** Physical addresses of the two pages; in a large page at 0 they follow each other, so the one between is filled too. */
export const FRAME_A = 0x31000;
export const FRAME_B = 0x33000;

/** Assembly that puts code and data into the frames; `index` is EDI as an address. */
export function fillFrames(index: 'edi' | 'rdi'): string {
  return `
  mov edi, ${hex(FRAME_A)}
1:
  mov byte ptr [${index} + 0x100], 0xc3
  mov dword ptr [${index}], 0xc3112233
  mov dword ptr [${index} + 0x200], 0x12345678
  mov dword ptr [${index} + 0xffb], 0xb8998877
  mov byte ptr [${index} + 0xfff], 0x44
  add edi, 0x1000
  cmp edi, ${hex(FRAME_B + 0x1000)}
  jb 1b
`;
}

/** Shows in a record what lies around the boundary of the pages. */
export const SHOW_FRAMES = `
  PUT 'x', [${hex(FRAME_A + 0xffc)}], 8
  PUT 'y', [${hex(FRAME_B)}], 8
  PUT 'z', [${hex(FRAME_A + 0x1000)}], 8
  PUT 'w', [${hex(FRAME_A + 0x200)}], 8
`;

/** What a page of the test area holds: code to call at +100H and across its end, data elsewhere. */
export const RETURN_AT = 0x100;
const DATA_AT = 0x200;
/** Two bytes before the end lies `mov eax, 11223344h; ret`. */
export const CROSSING_CODE_AT = 0xffe;

const READS = [
  'movzx eax, byte ptr',
  'mov ax, word ptr',
  'mov eax, dword ptr',
  'add eax, dword ptr',
  'fld qword ptr',
  'fld tbyte ptr',
  'cmp dword ptr',
] as const;
const WRITES = ['mov byte ptr', 'mov word ptr', 'mov dword ptr', 'fstp qword ptr', 'fstp tbyte ptr'] as const;
const UPDATES = [
  'add dword ptr',
  'lock add dword ptr',
  'xchg eax, dword ptr',
  'cmpxchg dword ptr',
  'lock cmpxchg word ptr',
  'bts dword ptr',
  'inc byte ptr',
  'neg word ptr',
  'shl dword ptr',
] as const;

/** The second operand that an opening of READS, WRITES or UPDATES needs. */
function operandAfter(opening: string): string {
  if (/^(fld|fstp|inc|neg|.*[ae]x, )/.test(opening)) return '';
  if (opening.startsWith('shl') || opening.startsWith('bts')) return ', 3';
  if (opening.includes('byte')) return ', al';
  return opening.includes('word ptr') && !opening.includes('dword') ? ', ax' : ', eax';
}

/** Is there a read-modify-write in the code? */
export function hasUpdate(code: string): boolean {
  return UPDATES.some((opening) => code.includes(opening)) || /(cmpxchg|bts) /.test(code);
}

/** What QEMU does otherwise in some of the accesses. */
export function deviationOf(code: string): Deviation | undefined {
  if (/pusha|fstp tbyte/.test(code)) {
    return {
      section: 'SDM vol. 3, 6.5: a fault leaves no trace; vol. 2, PUSHA: EAX first',
      qemu: 'PUSHA begins with EDI; leaves half of FSTP done',
    };
  }
  if (hasUpdate(code) && /ff[b-f]\b/.test(code)) {
    return {
      section: 'SDM vol. 3, 4.7: the first page faults first',
      qemu: 'reads both pages before it writes',
    };
  }
  return undefined;
}

/** Offsets in the first page: inside it, at its end, and across into the second. */
function place(random: Random): number {
  return random.pick([0, DATA_AT, DATA_AT, 0xff8, 0xffb, 0xffd, 0xffe, 0xfff, 0x1000, 0x1200]);
}

function plain(random: Random, openings: readonly string[], page: number): string {
  const opening = random.pick(openings);
  const load = opening.startsWith('fstp') ? 'fldpi\n ' : '';
  return `${load}mov edx, ${hex(page + place(random))}\n ${opening} [edx]${operandAfter(opening)}`;
}

function stringAccess(random: Random, page: number, other: number): string {
  const reads = random.chance(0.5);
  const near = hex(page + random.pick([DATA_AT, 0xff9, 0xffc, 0xffe, 0x1003]));
  const instruction = random.pick(['movsb', 'movsd', 'stosw', 'lodsd', 'cmpsb', 'scasw'] as const);
  const prefix = random.pick(['rep', 'rep', ''] as const);
  return [
    `mov esi, ${reads ? near : hex(other)}`,
    `mov edi, ${reads ? hex(other) : near}`,
    `mov ecx, ${random.between(0, 9)}`,
    random.chance(0.25) ? 'std' : 'cld',
    `${prefix} ${instruction}`,
  ].join('\n');
}

const STACK_ACCESSES = [
  'push eax',
  'pop eax',
  'pushfd',
  'pusha',
  'popa',
  'call end_here',
  'ret',
  'enter 8, 0',
  'enter 4, 2',
  'leave',
  'push dword ptr [esp]',
  'pop dword ptr [esp]',
] as const;

/** Only for level 3, where a fault finds another stack. The 64-bit forms differ in name only. */
function stackAccess(random: Random, page: number, wide: boolean): string {
  const instruction = random.pick(STACK_ACCESSES);
  const at = hex(page + random.pick([0x10, 0xffa, 0xffc, 0xffe, 0x1000, 0x1002, 0x1010, 0x1014]));
  if (!wide) return `mov esp, ${at}\n mov ebp, ${at}\n ${instruction}`;
  // 64-bit code has no PUSHA; RET would find an address that is not canonical, which QEMU reports too late.
  if (/pusha|popa|ret/.test(instruction)) return `mov rsp, ${at}\n push rax`;
  return `mov rsp, ${at}\n mov rbp, ${at}\n ${instruction.replace('eax', 'rax').replace('fd', 'fq').replace('dword', 'qword').replace('[esp]', '[rsp]')}`;
}

function fetch(random: Random, page: number): string {
  const at = page + random.pick([RETURN_AT, CROSSING_CODE_AT, 0x1000 + RETURN_AT]);
  return `mov eax, ${hex(at)}\n call eax`;
}

export interface AccessOptions {
  /** Linear address of the first page. */
  readonly page: number;
  /** Linear address of 64 bytes that can be read and written. */
  readonly other: number;
  readonly user: boolean;
}

/** One access in 32-bit code, with the registers that it needs. */
export function randomAccess(random: Random, { page, other, user }: AccessOptions): string {
  switch (random.below(user ? 12 : 10)) {
    case 0:
    case 1:
    case 2:
      return plain(random, READS, page);
    case 3:
    case 4:
      return plain(random, WRITES, page);
    case 5:
    case 6:
      return plain(random, UPDATES, page);
    case 7:
    case 8:
      return fetch(random, page);
    case 9:
      return stringAccess(random, page, other);
    default:
      return stackAccess(random, page, false);
  }
}

/** The same in 64-bit code: addresses are below 2^31 of `base`, a label or number that R15 holds. */
export function randomWideAccess(random: Random, { page, other, user }: AccessOptions): string {
  const narrow = randomAccess(random, { page, other, user: false });
  if (user && random.chance(0.2))
    return stackAccess(random, page, true).replace(/mov (r[sb]p), (0x\w+)/g, 'lea $1, [r15 + $2]');
  return narrow
    .replace(/mov (e[ad]x|esi|edi), (0x[0-9a-f]{4,})/g, (_, register: string, value: string) =>
      Number(value) === other ? `mov ${register}, ${value}` : `lea r${register.slice(1)}, [r15 + ${value}]`,
    )
    .replaceAll('[edx]', '[rdx]')
    .replace('call eax', 'call rax');
}
