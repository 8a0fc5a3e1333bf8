/** Virtual-8086 mode (SDM vol. 3, chapter 20): what IOPL allows, faults and interrupts out of it and back, tasks, VME. */
import type { SystemCase, SystemGuest } from '../guest.ts';

const plain = (name: string, code: string): SystemCase => ({ name, code });
const unchecked = (name: string, section: string, qemu: string, code: string): SystemCase => ({
  name,
  code,
  deviation: { section, qemu },
});

const SHARED = `
.macro TRAPS count, skip=0
  mov dword ptr [RESUME], \\count
  mov dword ptr [SKIP], \\skip
.endm
# To 16-bit code behind, segment 1000H; DS and SS are SCRATCH, ES, FS and GS differ
.macro GOV86 flags
  push 0x3500
  push 0x3400
  push 0x3000
  push 0x3100
  push 0x3000
  push 0x3f00
  push \\flags
  push 0x1000
  push offset 9f - image
  iretd
.code16
9:
.endm
.macro SELF_IPI
  mov edi, 0xfee00000
  mov dword ptr [edi + 0xf0], 0x1ff
  mov dword ptr [edi + 0xb0], 0
  mov dword ptr [edi + 0x310], 0
  mov dword ptr [edi + 0x300], 0x40045
.endm
# 4 MiB pages; the first with the given flags
.macro PAGING flags
  mov dword ptr [0x100000], 0x80 + \\flags
  mov dword ptr [0x100ffc], 0xffc00083
  mov eax, 0x100000
  mov cr3, eax
  mov eax, 0x10
  mov cr4, eax
  mov eax, 0x80000031
  mov cr0, eax
  xor eax, eax
.endm
end_here:
  END
`;

const IOPL0 = '0x20002';
const IOPL3 = '0x23002';
const IOPL3_IF = '0x23202';

const SENSITIVE = [
  ['PUSHF', 'pushf\n pop ax'],
  ['PUSHFD', 'pushfd\n pop eax'],
  ['POPF', 'push 0xffff\n popf\n pushf\n pop ax\n push 2\n popf'],
  ['POPFD', 'pushd 0xffffffff\n popfd\n pushfd\n pop eax\n pushd 2\n popfd'],
  ['POPF of IF', 'push 0x202\n popf\n pushf\n pop ax\n cli'],
  ['CLI', 'cli\n pushf\n pop ax'],
  ['STI', 'sti\n pushf\n pop ax\n cli'],
  ['INT n', 'int 0x41'],
  ['INT n of a gate of level 0', 'int 0x20'],
  ['IRET', 'push 0x7000\n push cs\n push offset 1f - image\n iret\n 1: pushf\n pop ax'],
  ['IRETD', 'pushd 0x24002\n pushd 0x1000\n pushd offset 1f - image\n iretd\n 1: pushfd\n pop eax'],
] as const;

const BY_IOPL: SystemCase[] = SENSITIVE.flatMap(([name, code]) => [
  plain(`${name}, IOPL 3`, `GOV86 ${IOPL3}\n ${code}\n END`),
  plain(`${name}, IOPL 0`, `GOV86 ${IOPL0}\n ${code}\n END`),
]);

/** Refused whatever IOPL is, with the length to skip. */
const REFUSED = [
  'hlt',
  'clts',
  'lgdt [0]',
  'lidt [0]',
  'lmsw ax',
  'mov eax, cr0',
  'mov cr3, eax',
  'mov eax, dr7',
  'rdmsr',
  'wrmsr',
  'invd',
  'wbinvd',
  'invlpg [0]',
  'lldt ax',
  'ltr ax',
  'sldt ax',
  'str ax',
  'lar ax, bx',
  'lsl ax, bx',
  'verr ax',
  'verw ax',
  '.byte 0x63, 0xc0',
  'syscall',
  'sysenter',
  'sysexit',
] as const;

const INSTRUCTIONS: SystemCase[] = [
  ...REFUSED.map((code) => plain(`${code} is refused`, `GOV86 ${IOPL3}\n ${code}\n END`)),
  plain('SMSW', `GOV86 ${IOPL3}\n smsw ax\n END`),
  plain('INT3', `TRAPS 1\n GOV86 ${IOPL0}\n int3\n mov ax, 5\n int3`),
  plain('INT3, gate of level 0', `mov byte ptr [IDT+3*8+5], 0x8e\n GOV86 ${IOPL3}\n int3`),
  plain('INTO', `GOV86 0x23802\n into\n END`),
  plain(
    'BOUND',
    `GOV86 ${IOPL3}\n mov word ptr [0], 3\n mov word ptr [2], 5\n mov ax, 6\n bound ax, [0]\n END`,
  ),
  plain('#DE', `GOV86 ${IOPL3}\n div cl\n END`),
  plain('#UD and on', `TRAPS 1, 2\n GOV86 ${IOPL3}\n mov ax, 0x1234\n ud2\n mov bx, 0x5678\n END`),
  plain('two faults and on', `TRAPS 2, 2\n GOV86 ${IOPL3}\n ud2\n mov bx, ds\n ud2\n mov cx, ss\n END`),
  plain('single step', `TRAPS 4\n GOV86 0x23102\n nop\n mov ax, 7\n nop\n pushf\n END`),
  plain(
    'single step set by POPF',
    `TRAPS 3\n GOV86 ${IOPL3}\n pushf\n pop ax\n or ax, 0x100\n push ax\n popf\n nop\n nop\n END`,
  ),
];

const SEGMENTS: SystemCase[] = [
  unchecked(
    'IRETD beyond 64 KiB',
    'SDM vol. 2, IRET: #GP(0)',
    'does not look',
    `GOV86 ${IOPL3}\n pushd 2\n pushd 0x1000\n pushd 0x10000\n iretd`,
  ),
  plain(
    'any selector can be loaded',
    `GOV86 ${IOPL3}\n mov ax, 0x1234\n mov ds, ax\n mov ax, 0xffff\n mov es, ax\n mov fs, ax\n mov dx, fs\n END`,
  ),
  plain(
    'LDS, LSS',
    `GOV86 ${IOPL3}\n mov word ptr [0], 0x3e00\n mov word ptr [2], 0x3000\n lss sp, [0]\n push 0x77\n lds bx, [0]\n mov ax, [bx-2]\n END`,
  ),
  plain(
    'far jump',
    `GOV86 ${IOPL3}\n .byte 0xea\n .word 1f - image + 0x100\n .word 0xff0\n 1: mov ax, cs\n END`,
  ),
  plain(
    'far call and return',
    `GOV86 ${IOPL3}\n push cs\n call 1f\n END\n 1: mov bp, sp\n mov ax, [bp]\n mov bx, [bp+2]\n retf`,
  ),
  unchecked(
    'a far jump with a 32-bit offset beyond 64 KiB',
    'SDM vol. 2, JMP: #GP(0)',
    'does not look',
    `GOV86 ${IOPL3}\n .byte 0x66, 0xea\n .long 0x10000\n .word 0x1000`,
  ),
  unchecked(
    'a near jump beyond 64 KiB',
    'SDM vol. 2, JMP: #GP(0)',
    'does not look',
    `GOV86 ${IOPL3}\n mov eax, 0x10000\n jmp eax`,
  ),
  plain(
    'addresses above 1 MiB',
    `mov dword ptr [0x10fff0], 0x55aa\n GOV86 ${IOPL3}\n mov ax, 0xffff\n mov ds, ax\n mov ax, [0xffff-15+0x10-0x10]\n mov bx, [0xfff0+0x10-0x10]\n END`,
  ),
  plain(
    'the real-mode table is not used',
    `GOV86 ${IOPL3}\n xor ax, ax\n mov ds, ax\n mov word ptr [0x42*4], 0\n int 0x42`,
  ),
  plain('PUSH with SP 0 wraps', `GOV86 ${IOPL3}\n xor sp, sp\n push ax\n mov ax, sp\n END`),
  plain(
    'STOSB wraps in 16 bits',
    `GOV86 ${IOPL3}\n mov di, 0xffff\n mov al, 0x77\n stosb\n mov ax, di\n END`,
  ),
  plain('POP SS', `GOV86 ${IOPL3}\n push 0x3100\n pop ss\n mov ax, ss\n END`),
];

const PORTS: SystemCase[] = [
  plain(
    'OUT that the bitmap allows, IOPL 0',
    `mov byte ptr [TSS_A+0x68+0x10], 0xfe\n GOV86 ${IOPL0}\n out 0x80, al\n mov ax, 1\n int3`,
  ),
  plain('OUT that the bitmap refuses, IOPL 0', `GOV86 ${IOPL0}\n out 0x80, al\n int3`),
  plain('OUT that the bitmap refuses, IOPL 3', `GOV86 ${IOPL3}\n out 0x80, al\n int3`),
  plain(
    'a word of which one port is refused',
    `mov byte ptr [TSS_A+0x68+0x10], 0x7f\n GOV86 ${IOPL3}\n mov dx, 0x87\n out dx, ax\n int3`,
  ),
  plain('IN that is refused', `GOV86 ${IOPL3}\n in al, 0x80\n int3`),
  plain('REP OUTSB that is refused', `GOV86 ${IOPL3}\n mov dx, 0x80\n mov cx, 3\n rep outsb\n int3`),
  plain(
    'beyond the TSS',
    `mov word ptr [GDT+0x28], 0x70\n mov ax, 0x28\n mov byte ptr [GDT+0x2d], 0x89\n ltr ax\n mov dword ptr [TSS_A+0x68], 0\n GOV86 ${IOPL3}\n out 0x80, al\n int3`,
  ),
  plain('no bitmap', `mov word ptr [TSS_A+0x66], 0xffff\n GOV86 ${IOPL3}\n out 0x80, al\n int3`),
];

const INTERRUPTS: SystemCase[] = [
  plain('an interrupt with IF', `SELF_IPI\n TRAPS 1\n GOV86 ${IOPL3_IF}\n nop\n END`),
  plain('an interrupt with IF, IOPL 0', `SELF_IPI\n TRAPS 1\n GOV86 0x20202\n nop\n int3`),
  plain('an interrupt after STI', `SELF_IPI\n TRAPS 1\n GOV86 ${IOPL3}\n sti\n nop\n nop\n END`),
  plain('an interrupt after POPF', `SELF_IPI\n TRAPS 1\n GOV86 ${IOPL3}\n push 0x3202\n popf\n nop\n END`),
  plain(
    'an interrupt after IRET',
    `SELF_IPI\n TRAPS 1\n GOV86 ${IOPL3}\n push 0x3202\n push cs\n push offset 1f - image\n iret\n 1: nop\n END`,
  ),
  unchecked(
    'a gate to level 1',
    'SDM vol. 3, 20.3.1.1: #GP, EXT set',
    'goes to level 1',
    `mov word ptr [IDT+6*8+2], 0x70\n GOV86 ${IOPL3}\n ud2`,
  ),
  unchecked(
    'a gate to conforming code',
    'SDM vol. 3, 6.13: EXT is set',
    'clears EXT',
    `mov word ptr [IDT+6*8+2], 0x58\n GOV86 ${IOPL3}\n ud2`,
  ),
  unchecked(
    'INT n to level 1',
    'SDM vol. 3, 20.3.1.1: #GP',
    'goes to level 1',
    `mov word ptr [IDT+0x41*8+2], 0x70\n GOV86 ${IOPL3}\n int 0x41`,
  ),
  plain('an absent gate', `mov byte ptr [IDT+0x41*8+5], 0x6e\n GOV86 ${IOPL3}\n int 0x41`),
  plain(
    'a 16-bit gate',
    `mov byte ptr [IDT+0x41*8+5], 0xe6\n mov word ptr [IDT+0x41*8], offset v86_16 - image\n mov word ptr [IDT+0x41*8+2], 0x48\n mov word ptr [IDT+0x41*8+6], 0\n GOV86 ${IOPL3}\n int 0x41\n v86_16: mov bp, sp\n mov eax, [bp]\n mov ebx, [bp+4]\n mov ecx, [bp+8]\n mov edx, [bp+12]\n mov esi, [bp+16]\n END`,
  ),
  plain('an inner stack that is no stack', `mov word ptr [TSS_A+8], 0x200\n GOV86 ${IOPL3}\n ud2`),
  plain(
    'an inner stack of 16 bits',
    `mov word ptr [TSS_A+8], 0x50\n mov dword ptr [TSS_A+4], 0x7000\n GOV86 ${IOPL3}\n ud2`,
  ),
  plain(
    'a trap gate keeps IF',
    `mov byte ptr [IDT+0x41*8+5], 0xef\n mov dword ptr [HOOK], offset end_flags\n GOV86 ${IOPL3_IF}\n int 0x41\n cli\n END`,
  ),
  plain(
    'a task gate',
    `mov dword ptr [TSS_B+0x20], offset end_here\n mov dword ptr [TSS_B+0x24], 2\n mov dword ptr [TSS_B+0x38], XSTACK\n mov dword ptr [TSS_B+0x48], 0x10\n mov dword ptr [TSS_B+0x4c], 8\n mov dword ptr [TSS_B+0x50], 0x10\n mov dword ptr [TSS_B+0x54], 0x10\n mov dword ptr [IDT+0x41*8], 0x300000\n mov dword ptr [IDT+0x41*8+4], 0xe500\n GOV86 ${IOPL3}\n int 0x41`,
  ),
  plain(
    'a task in virtual-8086 mode',
    `mov dword ptr [TSS_B+0x20], offset 1f - image\n mov dword ptr [TSS_B+0x24], 0x23002\n mov dword ptr [TSS_B+0x38], 0x3e00\n mov dword ptr [TSS_B+0x48], 0x3100\n mov dword ptr [TSS_B+0x4c], 0x1000\n mov dword ptr [TSS_B+0x50], 0x3000\n mov dword ptr [TSS_B+0x54], 0x3200\n mov dword ptr [TSS_B+4], KSTACK\n mov dword ptr [TSS_B+8], 0x10\n .byte 0xea\n .long 0\n .word 0x30\n .code16\n 1: mov ax, cs\n mov bx, ss\n END`,
  ),
  unchecked(
    'IRETD to virtual-8086 mode needs level 0',
    'SDM vol. 2, IRET',
    'enters from any level',
    `GOUSER\n push 0x3000\n push 0x3f00\n push 0x23002\n push 0x1000\n push offset 1f - image\n iretd\n 1: END`,
  ),
  plain(
    'IRETD with VM in 16-bit size does not enter',
    'pushw 2\n pushw 8\n pushw 0\n mov word ptr [0], 0x40cd\n iretw',
  ),
];

const PAGING: SystemCase[] = [
  plain('pages of level 3', `PAGING 7\n GOV86 ${IOPL3}\n mov ax, [0]\n END`),
  plain('pages of the supervisor', `PAGING 3\n GOV86 ${IOPL3}\n mov ax, [0]\n END`),
  plain('read-only pages', `PAGING 5\n GOV86 ${IOPL3}\n mov ax, [0]\n mov [0], ax\n END`),
  plain(
    'SYSENTER with its MSR',
    `mov ecx, 0x174\n mov eax, 8\n xor edx, edx\n wrmsr\n inc ecx\n mov eax, XSTACK\n wrmsr\n inc ecx\n mov eax, offset end_here\n wrmsr\n GOV86 ${IOPL3}\n sysenter`,
  ),
];

const VME = (name: string, code: string): SystemCase =>
  unchecked(
    name,
    'SDM vol. 3, 20.3 and 20.4',
    'has no VME',
    `mov eax, 1\n mov cr4, eax\n xor eax, eax\n ${code}`,
  );
/** The redirection bitmap lies below the I/O bitmap at 68H + 20H; 1000:vector_42 is the 8086 handler of INT 42H. */
const REDIRECT =
  'mov word ptr [TSS_A+0x66], 0x88\n xor ecx, ecx\n mov [TSS_A+0x68+8], ecx\n mov word ptr [0x42*4], offset 8f - image\n mov word ptr [0x42*4+2], 0x1000\n';
const HANDLER = '8: mov bp, sp\n mov ax, [bp]\n mov bx, [bp+2]\n mov cx, [bp+4]\n pushf\n pop dx\n int3\n';

const EXTENSIONS: SystemCase[] = [
  VME(
    'CLI and STI at IOPL 0 change VIF',
    `GOV86 ${IOPL0}\n sti\n pushf\n pop ax\n cli\n pushf\n pop bx\n int3`,
  ),
  VME('POPF at IOPL 0 changes VIF', `GOV86 ${IOPL0}\n push 0x3202\n popf\n pushf\n pop ax\n int3`),
  VME('POPF of TF at IOPL 0', `GOV86 ${IOPL0}\n push 0x102\n popf\n int3`),
  VME('STI with VIP', 'GOV86 0x120002\n sti\n int3'),
  VME('POPF of IF with VIP', 'GOV86 0x120002\n push 0x202\n popf\n int3'),
  VME('PUSHFD at IOPL 0', `GOV86 ${IOPL0}\n pushfd\n int3`),
  VME('INT n through the 8086 table, IOPL 0', `${REDIRECT} GOV86 0xa0002\n int 0x42\n ${HANDLER}`),
  VME('INT n through the 8086 table, IOPL 3', `${REDIRECT} GOV86 ${IOPL3_IF}\n int 0x42\n ${HANDLER}`),
  VME(
    'INT n whose bit is set, IOPL 0',
    `${REDIRECT} mov byte ptr [TSS_A+0x68+8], 4\n GOV86 ${IOPL0}\n int 0x42\n ${HANDLER}`,
  ),
  VME(
    'INT n whose bit is set, IOPL 3',
    `${REDIRECT} mov byte ptr [TSS_A+0x68+8], 4\n GOV86 ${IOPL3}\n int 0x42\n ${HANDLER}`,
  ),
  VME(
    'IRET at IOPL 0',
    `GOV86 ${IOPL0}\n push 0x202\n push cs\n push offset 1f - image\n iret\n 1: pushf\n pop ax\n int3`,
  ),
  unchecked(
    'PVI: CLI and STI at level 3 change VIF',
    'SDM vol. 3, 20.4',
    'has no PVI',
    'mov eax, 2\n mov cr4, eax\n GOUSER\n sti\n pushfd\n pop eax\n cli\n pushfd\n pop ebx\n END',
  ),
];

export const virtual8086: SystemGuest = {
  name: 'virtual-8086',
  kernel: 'protected',
  shared: `${SHARED}
end_flags:
  pushfd
  pop edx
  PUT 'F', edx, 8
  ret
`,
  cases: [...BY_IOPL, ...INSTRUCTIONS, ...SEGMENTS, ...PORTS, ...INTERRUPTS, ...PAGING, ...EXTENSIONS],
};
