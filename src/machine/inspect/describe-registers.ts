/** The text of HMP `info registers` (hmp.md §6). */
import { SEGMENT_NAMES, type SegmentName, type SegmentView, type VcpuView } from './vcpu-view.ts';

const LONG_MODE_ACTIVE = 0x400n;
const PROTECTION = 1n;
const FLAG_V86 = 0x20000;

const DESCRIPTOR_PRESENT = 0x8000;
const DESCRIPTOR_CODE_OR_DATA = 0x1000;
const DESCRIPTOR_CODE = 0x800;
const DESCRIPTOR_CONFORMING = 0x400;
const DESCRIPTOR_READ_WRITE = 0x200;
const DESCRIPTOR_ACCESSED = 0x100;
const DESCRIPTOR_DPL_SHIFT = 13;
const DESCRIPTOR_BIG = 0x400000;
const DESCRIPTOR_LONG = 0x200000;
const DESCRIPTOR_TYPE_SHIFT = 8;

/** System descriptors by type (SDM vol. 3, table 3-2), in legacy and in IA-32e mode. */
const SYSTEM_TYPES = [
  'Reserved',
  'TSS16-avl',
  'LDT',
  'TSS16-busy',
  'CallGate16',
  'TaskGate',
  'IntGate16',
  'TrapGate16',
  'Reserved',
  'TSS32-avl',
  'Reserved',
  'TSS32-busy',
  'CallGate32',
  'Reserved',
  'IntGate32',
  'TrapGate32',
];
const SYSTEM_TYPES_LONG = [
  '<hiword>',
  'Reserved',
  'LDT',
  'Reserved',
  'Reserved',
  'Reserved',
  'Reserved',
  'Reserved',
  'Reserved',
  'TSS64-avl',
  'Reserved',
  'TSS64-busy',
  'CallGate64',
  'Reserved',
  'IntGate64',
  'TrapGate64',
];

function hex(value: bigint | number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function low32(value: bigint): string {
  return hex(BigInt.asUintN(32, value), 8);
}

function flagLetters(rflags: number): string {
  const letters: readonly (readonly [bit: number, letter: string])[] = [
    [0x400, 'D'],
    [0x800, 'O'],
    [0x80, 'S'],
    [0x40, 'Z'],
    [0x10, 'A'],
    [0x4, 'P'],
    [0x1, 'C'],
  ];
  return letters.map(([bit, letter]) => ((rflags & bit) !== 0 ? letter : '-')).join('');
}

function flagged(flags: number, bit: number, letter: string): string {
  return (flags & bit) !== 0 ? letter : '-';
}

function codeSize(flags: number, longMode: boolean): string {
  if (longMode && (flags & DESCRIPTOR_LONG) !== 0) return 'CS64';
  return (flags & DESCRIPTOR_BIG) !== 0 ? 'CS32' : 'CS16';
}

function dataSize(flags: number, longMode: boolean): string {
  if (longMode) return 'DS  ';
  return (flags & DESCRIPTOR_BIG) !== 0 ? 'DS  ' : 'DS16';
}

/** ` DPL=0 CS64 [-RA]`, for a descriptor that is present in protected mode. */
function segmentKind(flags: number, longMode: boolean): string {
  const level = ` DPL=${(flags >> DESCRIPTOR_DPL_SHIFT) & 3} `;
  if ((flags & DESCRIPTOR_CODE_OR_DATA) === 0) {
    const types = longMode ? SYSTEM_TYPES_LONG : SYSTEM_TYPES;
    return `${level}${types[(flags >> DESCRIPTOR_TYPE_SHIFT) & 15]}`;
  }
  const accessed = flagged(flags, DESCRIPTOR_ACCESSED, 'A');
  if ((flags & DESCRIPTOR_CODE) !== 0) {
    const rights = flagged(flags, DESCRIPTOR_CONFORMING, 'C') + flagged(flags, DESCRIPTOR_READ_WRITE, 'R');
    return `${level}${codeSize(flags, longMode)} [${rights}${accessed}]`;
  }
  const rights = flagged(flags, DESCRIPTOR_CONFORMING, 'E') + flagged(flags, DESCRIPTOR_READ_WRITE, 'W');
  return `${level}${dataSize(flags, longMode)} [${rights}${accessed}]`;
}

interface Mode {
  readonly code64: boolean;
  readonly longMode: boolean;
  readonly protectedMode: boolean;
}

function modeOf(view: VcpuView): Mode {
  return {
    code64: view.codeBits === 64,
    longMode: (view.efer & LONG_MODE_ACTIVE) !== 0n,
    protectedMode: (view.cr0 & PROTECTION) !== 0n && (view.rflags & FLAG_V86) === 0,
  };
}

function describeSegment(name: SegmentName, segment: SegmentView, mode: Mode): string {
  const base = mode.code64 ? hex(segment.base, 16) : low32(segment.base);
  const label = name.toUpperCase().padEnd(3);
  const { selector, limit, flags } = segment;
  const kind =
    mode.protectedMode && (flags & DESCRIPTOR_PRESENT) !== 0 ? segmentKind(flags, mode.longMode) : '';
  return `${label}=${hex(selector, 4)} ${base} ${hex(limit, 8)} ${hex(flags, 8)}${kind}`;
}

function describeState(view: VcpuView, a20: boolean): string {
  return (
    `[${flagLetters(view.rflags)}] CPL=${view.cpl} II=0 A20=${Number(a20)} SMM=${Number(view.inSmm)} ` +
    `HLT=${Number(view.halted)}`
  );
}

const LEGACY_ORDER: readonly (readonly [name: string, number: number])[] = [
  ['EAX', 0],
  ['EBX', 3],
  ['ECX', 1],
  ['EDX', 2],
  ['ESI', 6],
  ['EDI', 7],
  ['EBP', 5],
  ['ESP', 4],
];

function pairUp(cells: readonly string[], perLine: number): string[] {
  const lines: string[] = [];
  for (let first = 0; first < cells.length; first += perLine) {
    lines.push(cells.slice(first, first + perLine).join(' '));
  }
  return lines;
}

function describeGeneral(view: VcpuView, a20: boolean, code64: boolean): string[] {
  if (!code64) {
    const cells = LEGACY_ORDER.map(([name, number]) => `${name}=${low32(view.general(number))}`);
    return [
      ...pairUp(cells, 4),
      `EIP=${low32(view.rip)} EFL=${hex(view.rflags, 8)} ${describeState(view, a20)}`,
    ];
  }
  const first = LEGACY_ORDER.map(([name, number]) => `R${name.slice(1)}=${hex(view.general(number), 16)}`);
  const rest = Array.from(
    { length: 8 },
    (_, i) => `R${String(i + 8).padEnd(2)}=${hex(view.general(i + 8), 16)}`,
  );
  return [
    ...pairUp([...first, ...rest], 4),
    `RIP=${hex(view.rip, 16)} RFL=${hex(view.rflags, 8)} ${describeState(view, a20)}`,
  ];
}

function describeControl(view: VcpuView, longMode: boolean): string[] {
  const wide = longMode ? (value: bigint) => hex(value, 16) : low32;
  const gap = longMode ? '     ' : '     ';
  const debug = (number: number) => hex(view.debugRegister(number), 16);
  return [
    `GDT=${gap}${wide(view.gdt.base)} ${hex(view.gdt.limit, 8)}`,
    `IDT=${gap}${wide(view.idt.base)} ${hex(view.idt.limit, 8)}`,
    `CR0=${low32(view.cr0)} CR2=${wide(view.cr2)} CR3=${wide(view.cr3)} CR4=${low32(view.cr4)}`,
    `DR0=${debug(0)} DR1=${debug(1)} DR2=${debug(2)} DR3=${debug(3)} `,
    `DR6=${debug(6)} DR7=${debug(7)}`,
    `EFER=${hex(view.efer, 16)}`,
  ];
}

const X87_TOP_SHIFT = 11;
const X87_EMPTY = 3;

function describeFloatingPoint(view: VcpuView, code64: boolean): string[] {
  const top = (view.x87Status >> X87_TOP_SHIFT) & 7;
  let inUse = 0;
  for (let number = 0; number < 8; number++) {
    if (((view.x87Tags >> (number * 2)) & 3) !== X87_EMPTY) inUse |= 1 << number;
  }
  const registers = Array.from({ length: 8 }, (_, number) => {
    const [significand, signAndExponent] = view.x87Register(number);
    return `FPR${number}=${hex(significand, 16)} ${hex(signAndExponent, 4)}`;
  });
  const vectors = Array.from(
    { length: code64 ? 16 : 8 },
    (_, number) => `XMM${String(number).padStart(2, '0')}=${hex(view.xmm(number), 32)}`,
  );
  return [
    `FCW=${hex(view.x87Control, 4)} FSW=${hex(view.x87Status, 4)} [ST=${top}] FTW=${hex(inUse, 2)} MXCSR=${hex(view.mxcsr, 8)}`,
    ...pairUp(registers, 2),
    ...pairUp(vectors, 2),
  ];
}

/** All registers of one vCPU, each line ended. `a20` is the level of address line 20. */
export function describeRegisters(view: VcpuView, a20: boolean): string {
  const mode = modeOf(view);
  return [
    ...describeGeneral(view, a20, mode.code64),
    ...SEGMENT_NAMES.map((name) => describeSegment(name, view.segment(name), mode)),
    ...describeControl(view, mode.longMode),
    ...describeFloatingPoint(view, mode.code64),
  ]
    .map((line) => `${line}\n`)
    .join('');
}
