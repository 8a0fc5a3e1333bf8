/** 32-bit paging with and without large pages, and PAE (SDM vol. 3, 4.3 and 4.4): rights, faults, accessed and dirty bits. */
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
  randomAccess,
  SHOW_FRAMES,
  SMAP,
  SMEP,
  US,
  WP,
} from './paging-accesses.ts';

const TEST = 0x40000000;
const ALIAS = 0x80000000;
const TABLE = 0x103000;
const USER_STACK = 0x2b000;

const PSE = 0x10;
const PAE = 0x20;
const NXE = 0x800;

interface Setting {
  readonly cr0: number;
  readonly cr4: number;
  readonly efer: number;
  /** Low and high halves. */
  readonly directory: readonly [number, number];
  readonly first: readonly [number, number];
  readonly second: readonly [number, number];
}

function prepare({ cr0, cr4, efer, directory, first, second }: Setting): string {
  const words = [...directory, ...first, ...second, cr4, 0x80000031 | cr0, efer];
  return [
    ...words.map((word) => `push ${hex(word)}`),
    `call ${cr4 & PAE ? 'prepare_pae' : 'prepare_32'}`,
  ].join('\n');
}

function flags(random: Random): number {
  const bits = random.pick([P | RW | US, P | RW | US, P | RW, P | US, P, P | RW | US | A | D, RW | US]);
  return (
    bits | (random.chance(0.1) ? random.pick([0x8, 0x10, 0x18, 0xe00]) : 0) | (random.chance(0.1) ? G : 0)
  );
}

/** The upper half of a PAE entry: NX, and now and then a bit that is reserved. */
function upper(random: Random, pae: boolean): number {
  if (!pae) return 0;
  const reserved = random.chance(0.05) ? random.pick([0x100, 0x80000, 0x100000, 0x40000000]) : 0;
  return ((random.chance(0.2) ? NX : 0) | reserved) >>> 0;
}

function directoryEntry(
  random: Random,
  pae: boolean,
  large: boolean,
  pse: boolean,
): readonly [number, number] {
  const high = upper(random, pae);
  if (!large) return [TABLE | flags(random) | (!pae && !pse && random.chance(0.2) ? PS : 0), high];
  const reserved = random.chance(0.05) ? (pae ? 0x2000 : 0x200000) : 0;
  return [PS | flags(random) | reserved | (random.chance(0.1) ? 0x1000 : 0), high];
}

function randomSetting(random: Random): { setting: Setting; page: number } {
  const pae = random.chance(0.5);
  const pse = random.chance(0.5);
  const large = random.chance(0.3) && (pae || pse);
  const optional = [PGE, SMEP, SMAP].filter(() => random.chance(0.35));
  const setting = {
    cr0: random.chance(0.5) ? WP : 0,
    cr4: optional.reduce((sum, bit) => sum | bit, (pae ? PAE : 0) | (pse ? PSE : 0)),
    efer: pae && random.chance(0.7) ? NXE : 0,
    directory: directoryEntry(random, pae, large, pse),
    first: [FRAME_A | flags(random), upper(random, pae)] as const,
    second: [FRAME_B | flags(random), upper(random, pae)] as const,
  };
  return { setting, page: large ? TEST + FRAME_A : TEST };
}

function randomCase(random: Random, index: number): SystemCase {
  const { setting, page } = randomSetting(random);
  const user = random.chance(0.45);
  const other = (user ? ALIAS : 0) + USER_STACK - 0x800;
  const access = (): string => randomAccess(random, { page, other, user });
  const code = [
    prepare(setting),
    user ? 'PAGEDUSER' : random.chance(0.3) ? 'push 0x40002\n popfd' : '',
    access(),
    ...(random.chance(0.4) ? ['NOTE', access()] : []),
    'END',
  ];
  const deviation = deviationOf(code.join('\n'));
  return {
    name: `${index}: CR4 ${hex(setting.cr4)}, ${user ? 'user' : 'supervisor'}`,
    code: code.join('\n'),
    updates: code.some(hasUpdate),
    ...(deviation === undefined ? {} : { deviation }),
  };
}

const SHARED = `
.equ PD, 0x100000
.equ PT_LOW, 0x101000
.equ PT_USER, 0x102000
.equ PT_TEST, ${hex(TABLE)}
.equ PDPT, 0x104000
.equ PD_LOW, 0x105000
.equ PD_TEST, 0x106000
.equ PD_USER, 0x107000
.equ TESTED, ${hex(TEST)}
.equ ALIAS, ${hex(ALIAS)}
.equ SHOWN, SCRATCH
.macro PAGEDUSER
  push 0x23
  push ALIAS + USTACK
  pushfd
  push 0x1b
  push offset ALIAS + 9f
  iretd
9:
  mov ax, 0x23
  mov ds, ax
  mov es, ax
.endm
end_here:
  END
# In: EFER, CR0, CR4, then high and low halves of the second and first page's entries and of the directory's, last pushed first
prepare_32:
  call fill
  mov edi, PT_LOW
  mov eax, 0x63
1:
  mov [edi], eax
  lea edx, [eax + 4]
  mov [edi + 0x1000], edx
  add eax, 0x1000
  add edi, 4
  cmp edi, PT_LOW + 0x1000
  jb 1b
  mov dword ptr [PD], PT_LOW + 0x63
  mov dword ptr [PD + 0x800], PT_USER + 0x67
  mov eax, [esp + 36]
  mov [PD + 0x400], eax
  mov dword ptr [SHOWN], PD + 0x400
  mov eax, [esp + 28]
  mov [PT_TEST], eax
  mov eax, [esp + 20]
  mov [PT_TEST + 4], eax
  mov dword ptr [SHOWN + 4], PT_TEST + 4
  mov eax, PD
  jmp turn_on
prepare_pae:
  call fill
  mov dword ptr [PDPT], PD_LOW + 1
  mov dword ptr [PDPT + 8], PD_TEST + 1
  mov dword ptr [PDPT + 16], PD_USER + 1
  mov dword ptr [PD_LOW], 0xe3
  mov dword ptr [PD_LOW + 8], 0x2000e3
  mov dword ptr [PD_USER], 0xe7
  mov dword ptr [PD_USER + 8], 0x2000e7
  mov eax, [esp + 36]
  mov [PD_TEST], eax
  mov eax, [esp + 32]
  mov [PD_TEST + 4], eax
  mov dword ptr [SHOWN], PD_TEST
  mov eax, [esp + 28]
  mov [PT_TEST], eax
  mov eax, [esp + 24]
  mov [PT_TEST + 4], eax
  mov eax, [esp + 20]
  mov [PT_TEST + 8], eax
  mov eax, [esp + 16]
  mov [PT_TEST + 12], eax
  mov dword ptr [SHOWN + 4], PT_TEST + 8
  mov eax, PDPT
turn_on:
  mov cr3, eax
  mov ecx, 0xc0000080
  mov eax, [esp + 4]
  xor edx, edx
  wrmsr
  mov eax, [esp + 12]
  mov cr4, eax
  mov eax, [esp + 8]
  mov cr0, eax
  mov dword ptr [HOOK], offset show
  mov eax, 0x5a5a5a5a
  xor ecx, ecx
  xor edi, edi
  fninit
  ret 36
# Zeroes the tables, puts code and data into the frames
fill:
  mov edi, PD
  xor eax, eax
  mov ecx, 0x8000 / 4
  rep stosd
${fillFrames('edi')}  ret
# Directory entry, both page entries, the bytes around the boundary
show:
  mov edx, [SHOWN]
  PUT 'D', [edx], 8
  PUT 'A', [PT_TEST], 8
  mov edx, [SHOWN + 4]
  PUT 'B', [edx], 8
${SHOW_FRAMES}  ret
`;

/** A page of level 3 that may be written, under 32-bit paging. */
const OPEN: Setting = {
  cr0: WP,
  cr4: PSE | PGE,
  efer: 0,
  directory: [TABLE | P | RW | US, 0],
  first: [FRAME_A | P | RW | US, 0],
  second: [FRAME_B | P | RW | US, 0],
};
const OPEN_PAE: Setting = { ...OPEN, cr4: PAE | PGE, efer: NXE };
const plain = (name: string, setting: Setting, code: string): SystemCase => ({
  name,
  code: `${prepare(setting)}\n ${code}`,
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

const CHANGES: SystemCase[] = [
  plain('a write after a read sets D', OPEN, 'mov eax, [TESTED]\n NOTE\n mov [TESTED], eax\n END'),
  plain(
    'D is set again after it was cleared',
    OPEN,
    'mov [TESTED], eax\n NOTE\n and dword ptr [PT_TEST], 0xffffff9f\n invlpg [TESTED]\n NOTE\n mov [TESTED], eax\n END',
  ),
  plain(
    'INVLPG forgets a right',
    OPEN,
    'mov [TESTED], eax\n mov dword ptr [PT_TEST], 0x31005\n invlpg [TESTED+0x123]\n mov eax, [TESTED]\n NOTE\n mov [TESTED], eax\n END',
  ),
  plain(
    'INVLPG finds a new frame',
    OPEN,
    'mov eax, [TESTED+0x200]\n mov dword ptr [0x33200], 0x99\n mov dword ptr [PT_TEST], 0x33007\n invlpg [TESTED]\n mov ebx, [TESTED+0x200]\n END',
  ),
  plain(
    'a load of CR3 forgets pages that are not global',
    OPEN,
    'mov eax, [TESTED+0x200]\n mov dword ptr [0x33200], 0x99\n mov dword ptr [PT_TEST], 0x33007\n mov eax, cr3\n mov cr3, eax\n mov ebx, [TESTED+0x200]\n END',
  ),
  unchecked(
    'a global page outlives a load of CR3 and ends with CR4.PGE',
    'SDM vol. 3, 4.10.2.4',
    'forgets it',
    { ...OPEN, first: [FRAME_A | P | RW | US | G, 0] },
    'mov eax, [TESTED+0x200]\n mov dword ptr [0x33200], 0x99\n mov dword ptr [PT_TEST], 0x33007\n mov eax, cr3\n mov cr3, eax\n mov ebx, [TESTED+0x200]\n mov eax, cr4\n and al, 0x7f\n mov cr4, eax\n mov edx, [TESTED+0x200]\n END',
  ),
  plain(
    'CR0.WP counts from the instruction after its change',
    { ...OPEN, cr0: 0, first: [FRAME_A | P | US, 0] },
    'mov [TESTED], eax\n NOTE\n mov eax, cr0\n or eax, 0x10000\n mov cr0, eax\n mov ebx, [TESTED]\n NOTE\n mov [TESTED], ebx\n END',
  ),
  plain(
    'user and supervisor see the same page with their own rights',
    { ...OPEN, cr0: 0, first: [FRAME_A | P | US, 0] },
    'mov [TESTED], eax\n PAGEDUSER\n mov eax, [TESTED]\n NOTE\n mov [TESTED], eax\n END',
  ),
  plain(
    'a write that faults in the second page changes nothing in the first',
    { ...OPEN, second: [FRAME_B | P | US, 0] },
    'mov [TESTED+0xffe], eax\n END',
  ),
  plain(
    'code that crosses into an absent page',
    { ...OPEN, second: [FRAME_B | RW | US, 0] },
    'mov eax, TESTED+0xffe\n jmp eax',
  ),
  plain(
    'REP MOVSB stops where it faults',
    { ...OPEN, second: [FRAME_B, 0] },
    'mov esi, 0x31200\n mov edi, TESTED+0xffa\n mov ecx, 20\n rep movsb\n END',
  ),
  plain(
    'CMPXCHG that does not match needs the right to write',
    { ...OPEN, first: [FRAME_A | P | US, 0] },
    'cmpxchg [TESTED], ebx\n END',
  ),
  plain(
    'a large page beyond 4 GiB takes writes (PSE-36)',
    { ...OPEN, directory: [0x2000 | PS | P | RW, 0] },
    'mov [TESTED], eax\n END',
  ),
  plain(
    'a large page whose entry has bit 21',
    { ...OPEN, directory: [0x200000 | PS | P | RW, 0] },
    'mov [TESTED], eax\n END',
  ),
  plain(
    'tables reached through themselves',
    { ...OPEN, directory: [0x100000 | P | RW, 0] },
    'mov ebx, [TESTED+0x100000]\n mov dword ptr [0x1000c4], 0\n mov ecx, [TESTED+0x100400]\n END',
  ),
  plain(
    'the stack of a fault at level 0 is absent: double fault, triple fault',
    { ...OPEN, second: [FRAME_B, 0] },
    'mov esp, TESTED+0x1800\n mov eax, [0xc0000000]\n END',
  ),
  plain(
    'a descriptor table in an absent page',
    OPEN,
    'push TESTED+0x2000\n push 0xff0000\n lgdt [esp+2]\n mov ax, 0x10\n mov ds, ax\n END',
  ),
  plain(
    'level 3 loads a segment from a supervisor table',
    OPEN,
    'PAGEDUSER\n mov ax, 0x23\n mov fs, ax\n mov eax, [GDT]\n END',
  ),
  plain(
    'the accessed bit of a descriptor is written as the supervisor',
    { ...OPEN, first: [0x20000 | P | RW, 0] },
    'push TESTED\n push 0xff0000\n mov byte ptr [GDT+0x25], 0xf2\n lgdt [esp+2]\n PAGEDUSER\n mov ax, 0x23\n mov fs, ax\n END',
  ),
  plain(
    'NX on the directory entry',
    { ...OPEN_PAE, directory: [TABLE | P | RW | US, NX] },
    'mov ebx, [TESTED]\n mov eax, TESTED+0x100\n call eax\n END',
  ),
  plain(
    'NX on the page',
    { ...OPEN_PAE, first: [FRAME_A | P | RW | US, NX] },
    'mov ebx, [TESTED]\n mov eax, TESTED+0x100\n call eax\n END',
  ),
  plain(
    'NX without EFER.NXE is reserved',
    { ...OPEN_PAE, efer: 0, first: [FRAME_A | P | RW | US, NX] },
    'mov ebx, [TESTED]\n END',
  ),
  plain('PAE, no pointer', OPEN_PAE, 'mov eax, [0xc0000000]\n END'),
  unchecked(
    'PAE, pointers are read by the load of CR3 only',
    'SDM vol. 3, 4.4.1',
    'reads them at each walk',
    OPEN_PAE,
    'mov dword ptr [PDPT+8], 0\n mov eax, [TESTED+0x200]\n NOTE\n mov eax, cr3\n mov cr3, eax\n mov eax, [TESTED+0x200]\n END',
  ),
  unchecked(
    'PAE, a pointer with a reserved bit',
    'SDM vol. 3, 4.4.1: #GP',
    'does not look',
    OPEN_PAE,
    'mov dword ptr [PDPT+24], 0x104007\n mov eax, cr3\n mov cr3, eax\n END',
  ),
  unchecked(
    'PAE, a pointer above the physical addresses',
    'SDM vol. 3, 4.4.1: #GP',
    'does not look',
    OPEN_PAE,
    'mov dword ptr [PDPT+24], 1\n mov dword ptr [PDPT+28], 0x100\n mov eax, cr3\n mov cr3, eax\n END',
  ),
  plain(
    'SMAP lifted by STAC and back',
    { ...OPEN, cr4: PSE | SMAP },
    'stac\n mov ebx, [TESTED+0x200]\n mov [TESTED+0x204], ebx\n clac\n NOTE\n mov ecx, [TESTED+0x204]\n END',
  ),
  plain('SMEP', { ...OPEN, cr4: PSE | SMEP }, 'mov ebx, [TESTED]\n mov eax, TESTED+0x100\n call eax\n END'),
  plain(
    'SMEP set over a page that has run',
    OPEN,
    'mov eax, TESTED+0x100\n call eax\n NOTE\n mov edx, cr4\n or edx, 0x100000\n mov cr4, edx\n call eax\n END',
  ),
  plain(
    'BTS far from its operand',
    { ...OPEN, second: [FRAME_B | P | US, 0] },
    'mov eax, 0x8000\n bts dword ptr [TESTED], eax\n END',
  ),
];

/** Random settings and accesses, and cases about changes of tables that the TLB has to see. */
export function pagingLegacy(seed: number, count: number): SystemGuest {
  const random = new Random(seed);
  const cases = Array.from({ length: count }, (_, index) => randomCase(random, index));
  return { name: 'paging-legacy', kernel: 'protected', shared: SHARED, cases: [...CHANGES, ...cases] };
}
