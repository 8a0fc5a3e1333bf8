/** Four-level paging (SDM vol. 3, 4.5 to 4.8): rights and faults at each level, large pages, NX, SMEP, SMAP, PCIDs. */
import { Random } from '../../oracle/random.ts';
import type { SystemCase, SystemGuest } from '../guest.ts';
import {
  A,
  D,
  deviationOf,
  FRAME_A,
  FRAME_B,
  fillFrames,
  G,
  hasUpdate,
  hex,
  NX,
  P,
  PGE,
  PS,
  RW,
  randomWideAccess,
  SHOW_FRAMES,
  SMAP,
  SMEP,
  US,
  WP,
} from './paging-accesses.ts';

const PDPT = 0x110000;
const PD = 0x111000;
const PT = 0x112000;
const USER = 0x40000000;
const USER_STACK = 0x2b000;

const PCIDE = 0x20000;
const OPEN_BITS = P | RW | US;

/** Entries of the four levels and of the second page: low and high halves. */
interface Setting {
  readonly cr0: number;
  readonly cr4: number;
  readonly nxe: boolean;
  readonly entries: readonly (readonly [number, number])[];
}

function prepare({ cr0, cr4, nxe, entries }: Setting): string {
  const words = [...entries.flat(), cr0 | 0x80000031, cr4 | 0x20, nxe ? 0xd01 : 0x501];
  return [
    ...words.map((word, i) => `mov dword ptr [SCRATCH+${hex(i * 4)}], ${hex(word)}`),
    'call prepare',
  ].join('\n');
}

function flags(random: Random): number {
  const bits = random.pick([OPEN_BITS, OPEN_BITS, OPEN_BITS, OPEN_BITS | A | D, P | RW, P | US, RW | US]);
  return (
    bits | (random.chance(0.1) ? random.pick([0x8, 0x10, 0x18, 0xe00]) : 0) | (random.chance(0.1) ? G : 0)
  );
}

/** NX, bits that are ignored, and now and then one that is reserved. */
function upper(random: Random): number {
  const other = random.chance(0.04) ? random.pick([0x100, 0x80000]) : random.chance(0.1) ? 0x100000 : 0;
  return ((random.chance(0.12) ? NX : 0) | other) >>> 0;
}

type Size = '4 KiB' | '2 MiB' | '1 GiB';

function randomSetting(random: Random, size: Size): Setting {
  const entry = (base: number, large: boolean): readonly [number, number] => {
    const reserved = large && random.chance(0.05) ? 0x2000 : 0;
    return [base | flags(random) | (large ? PS | reserved : 0), upper(random)];
  };
  // A table above is open most of the time, or the levels below would hardly be reached.
  const table = (base: number): readonly [number, number] =>
    random.chance(0.8) ? [base | OPEN_BITS, 0] : entry(base, false);
  const optional = [PGE, SMEP, SMAP].filter(() => random.chance(0.35));
  const top = table(PDPT);
  return {
    cr0: random.chance(0.5) ? WP : 0,
    cr4: optional.reduce((sum, bit) => sum | bit, 0),
    nxe: random.chance(0.8),
    entries: [
      random.chance(0.03) ? [top[0] | PS, top[1]] : top,
      size === '1 GiB' ? entry(0, true) : table(PD),
      size === '2 MiB' ? entry(0, true) : size === '1 GiB' ? [0, 0] : table(PT),
      entry(FRAME_A, false),
      entry(FRAME_B, false),
    ],
  };
}

function randomCase(random: Random, index: number): SystemCase {
  const size = random.pick(['4 KiB', '4 KiB', '4 KiB', '2 MiB', '1 GiB'] as const);
  const setting = randomSetting(random, size);
  const user = random.chance(0.5);
  const page = size === '4 KiB' ? 0x4000000 : FRAME_A;
  const other = (user ? USER : 0) + USER_STACK - 0x800;
  const access = (): string =>
    randomWideAccess(random, { page, other, user })
      .replaceAll(hex(0x4000000), '0')
      .replace(/0x4000([0-9a-f]{3})\b/g, '0x$1')
      .replace(/0x4001([0-9a-f]{3})\b/g, '0x1$1');
  const code = [
    prepare(setting),
    user ? 'GOUSER' : random.chance(0.3) ? 'push 0x40002\n popfq' : '',
    'movabs r15, TESTED',
    access(),
    ...(random.chance(0.4) ? ['NOTE', access()] : []),
    'END',
  ].join('\n');
  const deviation = deviationOf(code);
  return {
    name: `${index}: ${size}, CR4 ${hex(setting.cr4)}, ${user ? 'user' : 'supervisor'}`,
    code,
    updates: hasUpdate(code),
    ...(deviation === undefined ? {} : { deviation }),
  };
}

const SHARED = `
.equ TESTED, 0x8000000000
end_here:
  END
# Entries, CR0, CR4 and EFER lie in SCRATCH; frames A and B get code and data
prepare:
  mov edi, ${hex(PDPT)}
  xor eax, eax
  mov ecx, 0x3000 / 4
  rep stosd
${fillFrames('rdi')}  mov rax, [SCRATCH]
  mov [PML4 + 8], rax
  mov rax, [SCRATCH + 8]
  mov [${hex(PDPT)}], rax
  mov rax, [SCRATCH + 16]
  mov [${hex(PD)}], rax
  mov rax, [SCRATCH + 24]
  mov [${hex(PT)}], rax
  mov rax, [SCRATCH + 32]
  mov [${hex(PT + 8)}], rax
  # The kernel's own code is the supervisor's
  mov eax, [SCRATCH + 44]
  mov cr4, rax
  mov ecx, 0xc0000080
  mov eax, [SCRATCH + 48]
  xor edx, edx
  wrmsr
  mov eax, [SCRATCH + 40]
  mov cr0, rax
  mov rax, cr3
  mov cr3, rax
  mov qword ptr [HOOK], offset show
  mov eax, 0x5a5a5a5a
  xor ecx, ecx
  xor edi, edi
  fninit
  ret
show:
  PUT 'D', [PML4 + 8], 8
  PUT 'D', [${hex(PDPT)}], 8
  PUT 'D', [${hex(PD)}], 8
  PUT 'A', [${hex(PT)}], 8
  PUT 'B', [${hex(PT + 8)}], 8
${SHOW_FRAMES}  ret
`;

const OPEN: Setting = {
  cr0: WP,
  cr4: PGE,
  nxe: true,
  entries: [
    [PDPT | OPEN_BITS, 0],
    [PD | OPEN_BITS, 0],
    [PT | OPEN_BITS, 0],
    [FRAME_A | OPEN_BITS, 0],
    [FRAME_B | OPEN_BITS, 0],
  ],
};
const WITH_PCID: Setting = { ...OPEN, cr4: PGE | PCIDE };
const plain = (name: string, setting: Setting, code: string): SystemCase => ({
  name,
  code: `${prepare(setting)}\n movabs r15, TESTED\n ${code}`,
  updates: hasUpdate(code),
});
const unchecked = (
  name: string,
  section: string,
  qemu: string,
  setting: Setting,
  code: string,
): SystemCase => ({
  ...plain(name, setting, code),
  deviation: { section, qemu },
});
const withFirst = (setting: Setting, first: readonly [number, number]): Setting => ({
  ...setting,
  entries: setting.entries.map((entry, i) => (i === 3 ? first : entry)),
});
/** The frame of the first page becomes B, which the next instructions must or need not see. */
const MOVE_FRAME = `mov dword ptr [${hex(FRAME_B + 0x200)}], 0x99\n mov eax, [r15+0x200]\n mov dword ptr [${hex(PT)}], ${hex(FRAME_B | OPEN_BITS)}\n`;
const DESCRIPTOR = 'mov [SCRATCH+0x80], rax\n mov [SCRATCH+0x88], rbx\n';

const NO_INVPCID = ['SDM vol. 2, INVPCID', '#UD: it has none'] as const;

const CHANGES: SystemCase[] = [
  plain('a write after a read sets D', OPEN, 'mov eax, [r15]\n NOTE\n mov [r15], eax\n END'),
  plain('INVLPG finds a new frame', OPEN, `${MOVE_FRAME} invlpg [r15+0x800]\n mov ebx, [r15+0x200]\n END`),
  plain(
    'a load of CR3 finds a new frame',
    OPEN,
    `${MOVE_FRAME} mov rcx, cr3\n mov cr3, rcx\n mov ebx, [r15+0x200]\n END`,
  ),
  plain(
    'INVLPG ends a global page',
    withFirst(OPEN, [FRAME_A | OPEN_BITS | G, 0]),
    `${MOVE_FRAME} invlpg [r15]\n mov ebx, [r15+0x200]\n END`,
  ),
  plain('an address that is not canonical', OPEN, 'movabs rdx, 0x800000000000\n mov eax, [rdx]\n END'),
  unchecked(
    'a stack address that is not canonical',
    'SDM vol. 1, 3.3.7.1: #SS',
    '#GP',
    OPEN,
    'movabs rbp, 0x800000000000\n mov eax, [rbp]\n END',
  ),
  unchecked(
    'the last byte is not canonical',
    'SDM vol. 1, 3.3.7.1',
    'looks at the first byte only',
    OPEN,
    'movabs rdx, 0x7ffffffffffd\n mov eax, [rdx]\n END',
  ),
  unchecked(
    'a jump to an address that is not canonical',
    'SDM vol. 2, JMP: a fault of the jump',
    'faults at the target',
    OPEN,
    'movabs rdx, 0x800000000000\n jmp rdx\n END',
  ),
  plain(
    'a canonical address that is not mapped',
    OPEN,
    'movabs rdx, 0xffff800000000000\n mov [rdx], eax\n END',
  ),
  plain(
    'NX set over a page that has run',
    OPEN,
    `lea rax, [r15+0x100]\n call rax\n NOTE\n mov dword ptr [${hex(PT + 4)}], 0x80000000\n invlpg [r15]\n call rax\n END`,
  ),
  plain(
    'NX cleared over a page that has faulted',
    withFirst(OPEN, [FRAME_A | OPEN_BITS, NX]),
    `mov ebx, [r15]\n mov dword ptr [${hex(PT + 4)}], 0\n invlpg [r15]\n lea rax, [r15+0x100]\n call rax\n END`,
  ),
  plain(
    'EFER.NXE cleared makes NX reserved',
    withFirst(OPEN, [FRAME_A | OPEN_BITS, NX]),
    'mov ebx, [r15]\n NOTE\n SETMSR 0xc0000080, 0x501\n mov rdx, cr3\n mov cr3, rdx\n mov ebx, [r15]\n END',
  ),
  plain(
    'SMAP, lifted by STAC',
    { ...OPEN, cr4: SMAP },
    'stac\n mov ebx, [r15+0x200]\n clac\n NOTE\n mov ebx, [r15+0x200]\n END',
  ),
  plain(
    'SMAP, a push onto a user page',
    { ...OPEN, cr4: SMAP },
    'stac\n lea rbx, [r15+0x800]\n mov [rbx-8], rax\n clac\n xchg rsp, rbx\n mov rax, [SCRATCH]\n xchg rsp, rbx\n END',
  ),
  unchecked(
    'SMAP counts for the processor itself whatever AC says',
    'SDM vol. 3, 4.6.1: implicit accesses',
    'heeds AC',
    withFirst({ ...OPEN, cr4: SMAP }, [0x20000 | OPEN_BITS, 0]),
    'sub rsp, 16\n mov word ptr [rsp+6], 0xff\n mov [rsp+8], r15\n lgdt [rsp+6]\n stac\n mov ax, 0x10\n mov ds, ax\n END',
  ),
  unchecked(
    'a 16-byte store that faults in its second half',
    'SDM vol. 3, 6.5',
    'leaves half of it done',
    withFirst(OPEN, [FRAME_A | OPEN_BITS, 0]),
    `mov dword ptr [${hex(PT + 8)}], ${hex(FRAME_B | P | US)}\n mov rax, cr4\n or eax, 0x200\n mov cr4, rax\n pcmpeqd xmm0, xmm0\n movups [r15+0xff8], xmm0\n END`,
  ),
  unchecked(
    'FXSAVE that faults in its second half',
    'SDM vol. 3, 6.5',
    'leaves half of it done',
    OPEN,
    `mov dword ptr [${hex(PT + 8)}], ${hex(FRAME_B | P | US)}\n mov rax, cr4\n or eax, 0x200\n mov cr4, rax\n fxsave [r15+0xf00]\n END`,
  ),
  plain(
    'CMPXCHG16B on a page that may not be written',
    withFirst(OPEN, [FRAME_A | P | US, 0]),
    'cmpxchg16b [r15]\n END',
  ),
  plain(
    'REP STOSQ stops where it faults',
    OPEN,
    `mov dword ptr [${hex(PT + 8)}], 0\n lea rdi, [r15+0xfc4]\n mov ecx, 20\n mov rax, -1\n rep stosq\n END`,
  ),
  plain(
    'REP MOVSB downwards stops where it faults',
    OPEN,
    `mov dword ptr [${hex(PT)}], 0\n lea rdi, [r15+0x1005]\n mov esi, SCRATCH+0x100\n mov ecx, 20\n std\n rep movsb\n END`,
  ),
  plain(
    'the user sees changes that the supervisor made',
    OPEN,
    `mov eax, [r15]\n mov dword ptr [${hex(PT)}], ${hex(FRAME_A | P | RW)}\n invlpg [r15]\n mov eax, [r15]\n GOUSER\n movabs r15, TESTED\n mov eax, [r15]\n END`,
  ),
];

/** QEMU 7.2 knows neither, but takes CR4.PCIDE and then walks wherever CR3 leads. */
const PCIDS: SystemCase[] = [
  unchecked(
    'INVPCID of an address',
    ...NO_INVPCID,
    OPEN,
    `${MOVE_FRAME} xor eax, eax\n mov rbx, r15\n ${DESCRIPTOR} xor edx, edx\n invpcid rdx, [SCRATCH+0x80]\n mov ebx, [r15+0x200]\n END`,
  ),
  unchecked(
    'INVPCID of a context',
    ...NO_INVPCID,
    OPEN,
    `${MOVE_FRAME} xor eax, eax\n xor ebx, ebx\n ${DESCRIPTOR} mov edx, 1\n invpcid rdx, [SCRATCH+0x80]\n mov ebx, [r15+0x200]\n END`,
  ),
  unchecked(
    'INVPCID of everything',
    ...NO_INVPCID,
    withFirst(OPEN, [FRAME_A | OPEN_BITS | G, 0]),
    `${MOVE_FRAME} xor eax, eax\n xor ebx, ebx\n ${DESCRIPTOR} mov edx, 2\n invpcid rdx, [SCRATCH+0x80]\n mov ebx, [r15+0x200]\n END`,
  ),
  unchecked(
    'INVPCID of everything but global pages',
    ...NO_INVPCID,
    OPEN,
    `${MOVE_FRAME} xor eax, eax\n xor ebx, ebx\n ${DESCRIPTOR} mov edx, 3\n invpcid rdx, [SCRATCH+0x80]\n mov ebx, [r15+0x200]\n END`,
  ),
  ...(
    [
      ['type 4', 'xor eax, eax\n xor ebx, ebx\n', 4],
      ['a PCID without CR4.PCIDE', 'mov eax, 1\n xor ebx, ebx\n', 1],
      ['reserved bits of the descriptor', 'mov eax, 0x1000\n xor ebx, ebx\n', 0],
      ['an address that is not canonical', 'xor eax, eax\n movabs rbx, 0x800000000000\n', 0],
    ] as const
  ).map(([name, load, kind]) =>
    unchecked(
      `INVPCID, ${name}`,
      ...NO_INVPCID,
      OPEN,
      `${load} ${DESCRIPTOR} mov edx, ${kind}\n invpcid rdx, [SCRATCH+0x80]\n END`,
    ),
  ),
  unchecked(
    'INVPCID at level 3',
    ...NO_INVPCID,
    OPEN,
    'GOUSER\n xor edx, edx\n invpcid rdx, [SCRATCH+0x80]\n END',
  ),
  unchecked(
    'PCIDs: a switch without a flush and back',
    'SDM vol. 3, 4.10.1',
    '#GP: it has no PCIDs',
    WITH_PCID,
    `mov rcx, cr3\n or rcx, 5\n mov cr3, rcx\n ${MOVE_FRAME} mov rcx, cr3\n mov cr3, rcx\n mov ebx, [r15+0x200]\n NOTE\n mov rdx, cr3\n and edx, 0xfffff000\n bts rdx, 63\n mov cr3, rdx\n mov ebx, [r15+0x200]\n mov rdx, cr3\n END`,
  ),
];

export const pcids: SystemGuest = { name: 'pcids', kernel: 'long', shared: SHARED, cases: PCIDS };

/** Random settings and accesses, and cases about what forgets translations. */
export function pagingLong(seed: number, count: number): SystemGuest {
  const random = new Random(seed);
  const cases = Array.from({ length: count }, (_, index) => randomCase(random, index));
  return { name: 'paging-long', kernel: 'long', shared: SHARED, cases: [...CHANGES, ...cases] };
}
