/** Random descriptors through everything that reads one: segment loads, LAR and kin, far transfers, LTR and LLDT. */
import { Random } from '../../oracle/random.ts';
import type { Deviation, SystemCase, SystemGuest } from '../guest.ts';

/** The GDT entry that varies, and the same place in the LDT. */
const SLOT = 0x88;
const LDT_SLOT = 0x0c;
/** Where every transfer goes: reachable with 16-bit offsets, and END in code of either size. */
const LANDING = 0x600;
const TSS_B = 0x25100;
const TSS_C = 0x25800;

const LIMITS = [
  { limit: 0xfffff, granular: true },
  { limit: 0xfffff, granular: true },
  { limit: 0xfffff, granular: true },
  { limit: 0xffff, granular: false },
  { limit: 0x67, granular: false },
  { limit: 0x2b, granular: false },
  { limit: LANDING - 1, granular: false },
  { limit: 0, granular: true },
] as const;
type Limit = (typeof LIMITS)[number];
/**
 * QEMU reports a target beyond the limit with the selector where the manual has 0 (SDM vol. 2, JMP, CALL, RET, IRET), and
 * does not set the accessed bit of code (SDM vol. 3, 3.4.5.1): transfers here have neither.
 */
const TRANSFER_LIMITS = LIMITS.filter(({ limit, granular }) => (granular ? limit > 0 : limit > LANDING));
const ACCESSED_CODE = 9;
/** G, in the second doubleword. */
const GRANULAR = 0x800000;

const GATE_TARGETS = [0x08, 0x0b, 0x1b, 0x58, 0x60, 0x70, 0x10, 0x20, 0x00, 0x30, 0x200, SLOT] as const;
const OUTER_STACKS = [0x23, 0x23, 0x23, 0x10, 0x69, 0x00, 0x20, 0x1b] as const;
const GATE_TYPES = [4, 5, 6, 7, 12, 14, 15];

const TRANSFERS = ['jmp', 'call', 'retf', 'iret', 'jmp16', 'call16'] as const;
const LOADS = ['ds', 'es', 'fs', 'gs', 'ss', 'pop-ss', 'lss', 'lfs', 'lds'] as const;
const QUERIES = ['lar', 'lsl', 'verr', 'verw', 'arpl'] as const;
const SYSTEM = ['ltr', 'lldt', 'int'] as const;
const OPERATIONS = [...TRANSFERS, ...TRANSFERS, ...TRANSFERS, ...LOADS, ...QUERIES, ...SYSTEM] as const;
type Operation = (typeof OPERATIONS)[number];

interface Descriptor {
  readonly low: number;
  readonly high: number;
}

function segmentDescriptor(
  random: Random,
  type: number,
  code: boolean,
  base: number,
  limits: readonly Limit[] = LIMITS,
): Descriptor {
  const { limit, granular } = random.pick(limits);
  const present = random.chance(0.88) ? 0x8000 : 0;
  const dpl = random.pick([0, 0, 3, 3, 1, 2]) << 13;
  const size = random.chance(0.8) ? 0x400000 : 0;
  const high =
    (base & 0xff000000) |
    ((base >>> 16) & 0xff) |
    (limit & 0xf0000) |
    (granular ? 0x800000 : 0) |
    size |
    (code ? 0x1000 : 0) |
    (type << 8) |
    present |
    dpl;
  return { low: ((base & 0xffff) << 16) | (limit & 0xffff), high };
}

function gateDescriptor(random: Random, type: number): Descriptor {
  const target = random.pick(GATE_TARGETS);
  const present = random.chance(0.88) ? 0x8000 : 0;
  const dpl = random.pick([0, 3, 3, 3, 1]) << 13;
  return { low: (target << 16) | LANDING, high: present | dpl | (type << 8) | random.below(4) };
}

function descriptor(random: Random, operation: Operation): Descriptor {
  if (operation === 'ltr' && random.chance(0.7))
    return segmentDescriptor(random, random.pick([1, 9, 3, 11]), false, TSS_B);
  if (operation === 'lldt' && random.chance(0.7)) return segmentDescriptor(random, 2, false, 0x22000);
  if (operation === 'int') return gateDescriptor(random, random.pick(GATE_TYPES));
  const kind = random.below(10);
  const transfer = TRANSFERS.some((name) => name === operation);
  if (kind < 6) {
    const type = random.below(16);
    if (transfer && type & 8)
      return segmentDescriptor(random, type | ACCESSED_CODE, true, 0, TRANSFER_LIMITS);
    return segmentDescriptor(random, type, true, 0);
  }
  if (kind < 8) return gateDescriptor(random, random.pick(GATE_TYPES));
  const type = random.pick([0, 1, 2, 3, 8, 9, 10, 11, 13]);
  return segmentDescriptor(random, type, false, type & 8 ? TSS_B : type === 2 ? 0x22000 : TSS_C);
}

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

/** `selector` used by `operation`; ECX holds the ring's own stack selector. */
function operate(random: Random, operation: Operation, selector: number): string {
  const sel = hex(selector);
  const far = `push ${sel}\n push ${hex(LANDING)}\n`;
  const frame = `push ${hex(random.pick(OUTER_STACKS))}\n push USTACK\n`;
  const flags = random.pick([0x2, 0x3202, 0x40d7, 0x202]) & (random.chance(0.2) ? 0xffff : 0xbfff);
  const stackBack = 'mov eax, ss\n mov ss, ecx\n';
  switch (operation) {
    case 'jmp':
      return `.byte 0xea\n .long ${hex(LANDING)}\n .word ${sel}`;
    case 'call':
      return `push 0x11\n push 0x22\n push 0x33\n .byte 0x9a\n .long ${hex(LANDING)}\n .word ${sel}`;
    case 'jmp16':
      return `.byte 0x66, 0xea\n .word ${hex(LANDING)}\n .word ${sel}`;
    case 'call16':
      return `push 0x11\n push 0x22\n .byte 0x66, 0x9a\n .word ${hex(LANDING)}\n .word ${sel}`;
    case 'retf':
      return `${frame}push 0x44\n ${far}.byte 0xca, 4, 0`;
    case 'iret':
      return `${frame}push ${hex(flags)}\n ${far}iretd`;
    case 'pop-ss':
      return `push ${sel}\n pop ss\n ${stackBack}END`;
    case 'ss':
      return `mov eax, ${sel}\n mov ss, eax\n ${stackBack}END`;
    case 'lss':
      return `push ${sel}\n push USTACK\n lss edx, [esp]\n ${stackBack}END`;
    case 'lfs':
    case 'lds':
      return `push ${sel}\n push 0x1234\n ${operation} edx, [esp]\n END`;
    case 'lar':
    case 'lsl':
      // Bits 16 to 19 of LAR's result are undefined (SDM vol. 2, LAR).
      return `mov eax, ${sel}\n mov ebx, 0x77707777\n ${operation} ebx, eax\n ${operation === 'lar' ? 'pushfd\n and ebx, 0xfff0ffff\n popfd\n ' : ''}END`;
    case 'verr':
    case 'verw':
      return `mov eax, ${sel}\n ${operation} ax\n END`;
    case 'arpl':
      return `mov eax, ${sel}\n mov ebx, ${hex(random.below(4))}\n arpl ax, bx\n END`;
    case 'ltr':
    case 'lldt':
      return `mov eax, ${sel}\n ${operation} ax\n ${operation === 'lldt' ? 'sldt' : 'str'} ebx\n END`;
    case 'int':
      return 'int 0x42\n END';
    default:
      return `mov eax, ${sel}\n mov ${operation}, eax\n END`;
  }
}

const LEVELS = ['', 'GOLEVEL1', 'GOUSER'] as const;

/** Where QEMU does not follow the manual. */
function deviationOf(operation: Operation, selector: number, isBigTss: boolean): Deviation | undefined {
  if (isBigTss) return { section: 'SDM vol. 3, 7.2.2', qemu: 'takes a limit of 4 GiB for -1' };
  if (operation === 'ltr' && selector < 4) return { section: 'SDM vol. 2, LTR: #GP(0)', qemu: 'loads it' };
  return undefined;
}

function randomCase(random: Random, index: number): SystemCase {
  const operation = random.pick(OPERATIONS);
  const { low, high } = descriptor(random, operation);
  // A TSS in the LDT is #GP by SDM vol. 2, CALL; QEMU has #TS.
  const isTss = (high & 0x1500) === 0x0100;
  const inLdt = random.chance(0.2) && !isTss;
  const level = random.pick([0, 0, 2, 2, 1]);
  const rpl = random.pick([0, 0, 3, 3, 1]);
  const selector = random.chance(0.06)
    ? random.pick([0, 3, 0x100, 0x103, 0x10c])
    : inLdt
      ? LDT_SLOT + rpl
      : SLOT + rpl;
  const place = operation === 'int' ? hex(0x1000 + 0x42 * 8) : inLdt ? hex(0x2008) : hex(SLOT);
  const code = [
    'call prepare',
    `DESC ${place}, ${hex(low)}, ${hex(high)}`,
    `mov dword ptr [SHOWN], ${place} + 4 + GDT`,
    LEVELS[level] ?? '',
    'mov ecx, ss',
    operate(random, operation, selector),
  ].join('\n');
  const deviation = deviationOf(operation, selector, isTss && (high & GRANULAR) !== 0);
  return {
    name: `${index}: ${operation} of ${hex(high)}:${hex(low)}, selector ${hex(selector)}, level ${level}`,
    code,
    ...(deviation === undefined ? {} : { deviation }),
  };
}

const SHARED = `
.equ SHOWN, SCRATCH
.macro GOLEVEL1
  push 0x69
  push USTACK
  pushfd
  push 0x71
  push offset 9f
  iretd
9:
.endm
# Tasks that come to the landing, and a record that ends in the access rights of the descriptor
prepare:
  mov word ptr [${hex(LANDING)}], 0x40cd
  mov dword ptr [TSS_B + 0x20], ${hex(LANDING)}
  mov dword ptr [TSS_B + 0x24], 2
  mov dword ptr [TSS_B + 0x38], XSTACK
  mov dword ptr [TSS_B + 0x48], 0x10
  mov dword ptr [TSS_B + 0x4c], 8
  mov dword ptr [TSS_B + 0x50], 0x10
  mov dword ptr [TSS_B + 0x54], 0x10
  mov dword ptr [TSS_B + 0x60], 0x40
  mov word ptr [TSS_C + 14], ${hex(LANDING)}
  mov word ptr [TSS_C + 16], 2
  mov word ptr [TSS_C + 26], 0x8000
  mov word ptr [TSS_C + 36], 8
  mov word ptr [TSS_C + 38], 0x10
  mov word ptr [TSS_C + 34], 0x10
  mov word ptr [TSS_C + 40], 0x10
  mov dword ptr [HOOK], offset show
  ret
show:
  mov eax, [SHOWN]
  mov edx, [eax]
  PUT 'D', edx, 8
  ret
`;

/** As many cases as fit a ROM with room to spare. */
export function segmentLoads(seed: number, count: number): SystemGuest {
  const random = new Random(seed);
  const cases = Array.from({ length: count }, (_, index) => randomCase(random, index));
  return { name: 'segment-loads', kernel: 'protected', shared: SHARED, cases };
}
