/** Exceptions, debug events, fast system calls and control registers in 64-bit code (SDM vol. 3, 2.5, 5.8, 6.14, 17.3). */
import type { SystemCase, SystemGuest } from '../guest.ts';

const plain = (name: string, code: string): SystemCase => ({ name, code });
const unchecked = (name: string, section: string, qemu: string, code: string): SystemCase => ({
  name,
  code,
  deviation: { section, qemu },
});

const SHARED = `
.macro TRAPS count
  mov dword ptr [RESUME], \\count
.endm
.macro TF_ON
  pushfq
  or dword ptr [rsp], 0x100
  popfq
.endm
.macro BREAKPOINT register, address, dr7
  mov rax, offset \\address
  mov \\register, rax
  mov eax, \\dr7
  mov dr7, rax
.endm
.macro SELF_IPI low
  mov edi, 0xfee00000
  mov dword ptr [rdi + 0xf0], 0x1ff
  mov dword ptr [rdi + 0xb0], 0
  mov dword ptr [rdi + 0x310], 0
  mov dword ptr [rdi + 0x300], 0x40000 + \\low
.endm
end_here:
  END
`;

const DEBUG: SystemCase[] = [
  plain('single step', 'TRAPS 4\n TF_ON\n nop\n inc eax\n nop\n nop\n END'),
  plain('single step at level 3', 'TRAPS 3\n GOUSER\n TF_ON\n nop\n inc eax\n nop\n END'),
  plain('single step over POPF that ends it', 'TRAPS 4\n TF_ON\n push 2\n popfq\n nop\n END'),
  plain('single step over PUSHF shows TF', 'TRAPS 3\n TF_ON\n pushfq\n pop rax\n nop\n END'),
  plain('single step over a taken jump', 'TRAPS 3\n TF_ON\n jmp 1f\n nop\n 1: nop\n END'),
  plain(
    'single step over MOV SS skips a boundary',
    'mov edx, ss\n TRAPS 3\n TF_ON\n mov ss, edx\n nop\n nop\n END',
  ),
  unchecked(
    'single step over REP traps after each iteration',
    'SDM vol. 3, 17.3.1.1: RF is set between iterations',
    'leaves RF clear',
    'mov ecx, 2\n mov esi, SCRATCH\n mov edi, SCRATCH+64\n TRAPS 4\n TF_ON\n rep movsb\n nop\n END',
  ),
  plain(
    'single step over REP with nothing to do',
    'xor ecx, ecx\n mov esi, SCRATCH\n mov edi, SCRATCH+64\n TRAPS 3\n TF_ON\n rep stosb\n nop\n END',
  ),
  plain(
    'SYSRET sets TF: trap at its target',
    'TRAPS 3\n mov rcx, offset USER + 1f\n mov r11d, 0x102\n mov rsp, USER + USTACK\n sysretq\n 1: nop\n nop\n END',
  ),
  unchecked(
    'single step over STI',
    'SDM vol. 3, table 24-3: only a load of SS blocks debug exceptions',
    'skips the boundary after STI',
    'TRAPS 4\n TF_ON\n sti\n nop\n cli\n END',
  ),
  plain('single step over INT n', 'TRAPS 3\n TF_ON\n int 0x41\n nop\n END'),
  plain('single step over a fault', 'TRAPS 2\n mov dword ptr [SKIP], 0\n TF_ON\n ud2\n END'),
  unchecked(
    'single step over SYSCALL with TF masked',
    'SDM vol. 2, SYSCALL: RFLAGS AND NOT FMASK',
    'loses the arithmetic flags',
    'GOUSER\n TF_ON\n syscall',
  ),
  plain(
    'IRETQ sets TF: trap after the next instruction',
    'TRAPS 2\n mov rbx, rsp\n push 0x10\n push rbx\n push 0x102\n push 8\n push offset 1f\n iretq\n 1: nop\n nop\n END',
  ),
  unchecked('ICEBP', 'SDM vol. 3, 6.3.3: INT1 is #DB', '#UD', 'TRAPS 1\n .byte 0xf1\n END'),
  unchecked(
    'ICEBP at level 3',
    'SDM vol. 3, 6.3.3: INT1 is #DB',
    '#UD',
    'TRAPS 1\n GOUSER\n .byte 0xf1\n END',
  ),
  plain('instruction breakpoint', 'BREAKPOINT dr0, 1f, 0x402\n nop\n 1: nop\n END'),
  unchecked(
    'instruction breakpoint, RF in the frame',
    'SDM vol. 3, 17.3.1.1: RF lasts one instruction',
    'leaves RF set',
    'BREAKPOINT dr0, 1f, 0x402\n mov rbx, rsp\n push 0x10\n push rbx\n push 0x10002\n push 8\n push offset 1f\n iretq\n 1: nop\n nop\n mov eax, 1\n END',
  ),
  plain('instruction breakpoint that is off', 'BREAKPOINT dr0, 1f, 0x400\n 1: nop\n END'),
  plain(
    'write breakpoint',
    'TRAPS 2\n BREAKPOINT dr1, SCRATCH+4, 0xd00408\n mov eax, [SCRATCH+4]\n mov [SCRATCH+4], eax\n nop\n mov [SCRATCH], rax\n nop\n END',
  ),
  plain(
    'access breakpoint',
    'TRAPS 2\n BREAKPOINT dr2, SCRATCH+8, 0x3000420\n mov al, [SCRATCH+8]\n nop\n mov [SCRATCH+8], al\n nop\n mov al, [SCRATCH+9]\n END',
  ),
  plain(
    '8-byte breakpoint',
    'TRAPS 1\n BREAKPOINT dr3, SCRATCH+16, 0xb0000480\n mov al, [SCRATCH+23]\n nop\n mov al, [SCRATCH+24]\n END',
  ),
  unchecked(
    'breakpoint and single step together',
    'SDM vol. 3, 17.2.3: a trap after the instruction',
    'reports the breakpoint first and late',
    'TRAPS 3\n BREAKPOINT dr3, SCRATCH+16, 0xb0000480\n TF_ON\n mov al, [SCRATCH+23]\n nop\n END',
  ),
  plain('breakpoint on a stack push', 'TRAPS 1\n BREAKPOINT dr0, KSTACK-16, 0xd0402\n push 1\n push 2\n END'),
  unchecked(
    'breakpoint on data in an SS shadow',
    'SDM vol. 3, 6.8.3: held until after the next instruction',
    'reports it at once',
    'mov word ptr [SCRATCH], 0x10\n TRAPS 1\n BREAKPOINT dr0, SCRATCH, 0x70402\n mov ss, [SCRATCH]\n nop\n nop\n END',
  ),
  unchecked(
    'general detect',
    'SDM vol. 3, 17.2.4',
    'ignores DR7.GD',
    'mov eax, 0x2400\n mov dr7, rax\n mov rbx, dr0\n END',
  ),
  plain('DR4 and DR5 are DR6 and DR7', 'mov rax, dr4\n mov rbx, dr5\n END'),
  plain('DR4 with CR4.DE', 'mov rax, cr4\n or al, 8\n mov cr4, rax\n mov rax, dr4\n END'),
  plain('DR7 bits above 31', 'mov rax, 0x100000400\n mov dr7, rax\n END'),
  plain('DR6 bits above 31', 'mov rax, 0x100000000\n mov dr6, rax\n END'),
  unchecked(
    'fixed bits of DR6 and DR7',
    'SDM vol. 3, 17.2.3: bit 12 is 0',
    'stores bit 12',
    'xor eax, eax\n mov dr6, rax\n mov rbx, dr6\n mov ecx, 0xffffffff\n mov dr6, rcx\n mov rdx, dr6\n mov eax, 0xd500\n mov dr7, rax\n mov rsi, dr7\n END',
  ),
  plain('MOV DR at level 3', 'GOUSER\n mov rax, dr0\n END'),
];

const SHADOWS: SystemCase[] = [
  plain('interrupt at STI', 'SELF_IPI 0x45\n TRAPS 1\n sti\n nop\n nop\n cli\n END'),
  plain('STI STI', 'SELF_IPI 0x45\n TRAPS 1\n sti\n sti\n nop\n cli\n END'),
  plain('STI CLI lets nothing in', 'SELF_IPI 0x45\n sti\n cli\n nop\n END'),
  unchecked(
    'MOV SS after STI',
    'SDM vol. 3, 6.8.3: only the first shadow is guaranteed',
    'ends the shadow earlier',
    'SELF_IPI 0x45\n TRAPS 1\n mov edx, ss\n sti\n mov ss, edx\n nop\n nop\n cli\n END',
  ),
  plain('POPFQ sets IF without a shadow', 'SELF_IPI 0x45\n TRAPS 1\n push 0x202\n popfq\n nop\n cli\n END'),
  plain(
    'interrupt held by CR8',
    'SELF_IPI 0x45\n TRAPS 1\n mov eax, 4\n mov cr8, rax\n sti\n nop\n mov eax, 3\n mov cr8, rax\n nop\n cli\n END',
  ),
  plain('NMI', 'TRAPS 1\n SELF_IPI 0x400\n nop\n nop\n END'),
  plain(
    'NMI blocked until IRET',
    'mov dword ptr [IDT+2*16], 0x80000 + (nmi-image)\n mov byte ptr [IDT+2*16+6], 1\n TRAPS 1\n SELF_IPI 0x400\n nop\n END\n nmi: mov word ptr [IDT+2*16], offset stubs+32-image\n inc ebx\n SELF_IPI 0x400\n nop\n inc ebx\n iretq',
  ),
  plain('HLT wakes for an interrupt', 'SELF_IPI 0x45\n TRAPS 1\n sti\n hlt\n nop\n cli\n END'),
];

const SYSTEM_CALLS: SystemCase[] = [
  unchecked(
    'SYSCALL',
    'SDM vol. 2, SYSCALL: RFLAGS AND NOT FMASK',
    'loses the arithmetic flags',
    'GOUSER\n stc\n syscall',
  ),
  unchecked(
    'SYSCALL at level 0',
    'SDM vol. 2, SYSCALL: RFLAGS AND NOT FMASK',
    'loses the arithmetic flags',
    'syscall',
  ),
  plain('SYSCALL without SCE', 'SETMSR 0xc0000080, 0xd00\n GOUSER\n syscall'),
  plain('SYSRETQ', 'mov ecx, offset USER+1f\n mov r11d, 0x247\n mov esp, USER+USTACK\n sysretq\n 1: END'),
  unchecked(
    'SYSRET keeps VM and RF clear',
    'SDM vol. 2, SYSRET: R11 AND 3C7FD7H',
    'sets them',
    'mov ecx, offset USER+1f\n mov r11, 0x33246\n mov esp, USER+USTACK\n sysretq\n 1: END',
  ),
  plain(
    'SYSRETL',
    'mov ecx, offset USER+1f\n mov r11d, 0x2\n mov esp, USER+USTACK\n .byte 0x0f, 0x07\n .code32\n 1: END',
  ),
  unchecked(
    'SYSRETQ to a non-canonical address',
    'SDM vol. 2, SYSRET: #GP(0) at the instruction',
    'faults at the target',
    'mov rcx, 0x800000000000\n mov r11d, 2\n sysretq',
  ),
  plain('SYSRET at level 3', 'GOUSER\n sysretq'),
  plain('SYSRET without SCE', 'SETMSR 0xc0000080, 0xd00\n sysretq'),
  unchecked(
    'SYSCALL from compatibility mode',
    'SDM vol. 2, SYSCALL: RFLAGS AND NOT FMASK',
    'loses the arithmetic flags',
    'GOCOMPAT\n syscall',
  ),
  unchecked('SYSENTER', 'SDM vol. 2, SYSENTER', "#UD, as on AMD's processors", 'GOUSER\n sysenter'),
  unchecked(
    'SYSENTER from compatibility mode',
    'SDM vol. 2, SYSENTER',
    "#UD, as on AMD's processors",
    'GOCOMPAT\n sysenter',
  ),
  unchecked(
    'SYSENTER with a null selector',
    'SDM vol. 2, SYSENTER',
    "#UD, as on AMD's processors",
    'SETMSR 0x174, 0\n GOUSER\n sysenter',
  ),
  unchecked(
    'SYSEXIT to 64-bit code',
    'SDM vol. 2, SYSENTER',
    "#UD, as on AMD's processors",
    'mov edx, offset USER+1f\n mov ecx, USER+USTACK\n .byte 0x48, 0x0f, 0x35\n 1: END',
  ),
  unchecked(
    'SYSEXIT to 32-bit code',
    'SDM vol. 2, SYSENTER',
    "#UD, as on AMD's processors",
    'mov edx, offset USER+1f\n mov ecx, USER+USTACK\n .byte 0x0f, 0x35\n .code32\n 1: END',
  ),
  unchecked(
    'SYSEXIT to a non-canonical address',
    'SDM vol. 2, SYSEXIT: #GP(0)',
    'does not look',
    'mov rdx, 0x800000000000\n mov ecx, 0\n .byte 0x48, 0x0f, 0x35',
  ),
  unchecked(
    'SYSEXIT at level 3',
    'SDM vol. 2, SYSENTER',
    "#UD, as on AMD's processors",
    'GOUSER\n .byte 0x0f, 0x35',
  ),
  plain(
    'SWAPGS',
    'SETMSR 0xc0000102, 0x1234, 0x56\n SETMSR 0xc0000101, 0x77\n swapgs\n mov ecx, 0xc0000101\n rdmsr\n mov ebx, eax\n mov esi, edx\n mov ecx, 0xc0000102\n rdmsr\n END',
  ),
  plain('SWAPGS at level 3', 'GOUSER\n swapgs'),
  plain('SWAPGS in compatibility mode', 'GOCOMPAT\n .byte 0x0f, 0x01, 0xf8'),
  plain('RDFSBASE without FSGSBASE', 'rdfsbase rax\n END'),
  plain(
    'WRGSBASE and back',
    'mov rax, cr4\n or eax, 0x10000\n mov cr4, rax\n mov rbx, 0x7fff12345678\n wrgsbase rbx\n rdgsbase rdx\n rdgsbase esi\n END',
  ),
  unchecked(
    'WRFSBASE non-canonical',
    'SDM vol. 2: #GP(0)',
    'stores it',
    'mov rax, cr4\n or eax, 0x10000\n mov cr4, rax\n mov rbx, 0x800012345678\n wrfsbase rbx\n END',
  ),
  plain(
    'null FS keeps or clears its base',
    'SETMSR 0xc0000100, 0x30000\n mov ecx, 0xc0000100\n mov bx, 0x10\n mov fs, bx\n rdmsr\n END',
  ),
  unchecked(
    'LSTAR non-canonical',
    'SDM vol. 2, WRMSR: #GP(0)',
    'stores it',
    'SETMSR 0xc0000082, 0, 0x8000\n END',
  ),
  unchecked(
    'EFER reserved bit',
    'SDM vol. 3, 2.2.1: #GP(0)',
    'ignores it',
    'SETMSR 0xc0000080, 0xd01, 1\n END',
  ),
];

const RETURNS: SystemCase[] = [
  plain(
    'IRETQ to level 3 with a null SS',
    'push 0\n push USER+USTACK\n push 2\n push 0x2b\n push offset USER+end_here\n iretq',
  ),
  plain(
    'IRETQ to level 0 with a null SS',
    'push 0\n push KSTACK\n push 2\n push 8\n push offset end_here\n iretq',
  ),
  unchecked(
    'IRETQ to level 0 with SS 3',
    'SDM vol. 2, IRET: RPL of a null SS must be CPL',
    'accepts',
    'push 3\n push KSTACK\n push 2\n push 8\n push offset end_here\n iretq',
  ),
  plain(
    'IRETQ with NT',
    'push 0x10\n push KSTACK\n push 2\n push 8\n push offset end_here\n push 0x4002\n popfq\n iretq',
  ),
  unchecked(
    'IRETQ to a non-canonical address',
    'SDM vol. 2, IRET: #GP(0) at the instruction',
    'faults at the target',
    'push 0x10\n push KSTACK\n push 2\n push 8\n mov rax, 0x800000000000\n push rax\n iretq',
  ),
  plain(
    'IRETQ to code with L and D',
    'push 0x10\n push KSTACK\n push 2\n push 0x68\n push offset end_here\n iretq',
  ),
  plain(
    'IRETQ to 32-bit code',
    'push 0x23\n push USER+USTACK\n push 2\n push 0x1b\n push offset USER+1f\n iretq\n .code32\n 1: mov eax, 7\n dec eax\n END',
  ),
  plain(
    'IRETQ with VM set',
    'push 0x10\n push KSTACK\n push 0x20002\n push 8\n push offset end_here\n iretq',
  ),
  plain(
    'IRETD in 64-bit code',
    'push 0\n mov dword ptr [rsp], offset end_here\n mov dword ptr [rsp+4], 8\n sub rsp, 8\n mov eax, offset end_here\n mov [rsp-4], eax\n mov dword ptr [rsp], 8\n mov dword ptr [rsp+4], 2\n mov dword ptr [rsp+8], KSTACK\n mov dword ptr [rsp+12], 0x10\n sub rsp, 4\n iretd',
  ),
  plain(
    'IRETQ of RPL 3 to code of level 0',
    'push 0x23\n push USER+USTACK\n push 2\n push 0x0b\n push offset USER+end_here\n iretq',
  ),
  plain(
    'RETFQ to 32-bit code and back by a far jump',
    'push 0x50\n push offset 1f\n .byte 0x48, 0xcb\n .code32\n 1: mov eax, 0x10\n mov ss, eax\n .byte 0xea\n .long 2f\n .word 8\n .code64\n 2: mov rbx, -1\n END',
  ),
  plain('interrupts align the stack', 'sub rsp, 5\n NOTE\n END'),
  unchecked(
    'interrupt with an IST',
    'SDM vol. 2, INT n: SS is null only after a change of CPL',
    'nulls SS',
    'mov byte ptr [IDT+0x42*16+4], 2\n int 0x42',
  ),
  plain('interrupt from level 3 with an IST', 'mov byte ptr [IDT+6*16+4], 2\n GOUSER\n ud2'),
  unchecked(
    'interrupt whose gate is of 32-bit code',
    'SDM vol. 3, 6.13: EXT is set',
    'clears EXT',
    'mov word ptr [IDT+6*16+2], 0x50\n ud2',
  ),
  plain('interrupt whose gate is conforming', 'mov word ptr [IDT+6*16+2], 0x60\n GOUSER\n ud2'),
  unchecked(
    'interrupt whose gate has a non-canonical target',
    'SDM vol. 2, INT n: #GP(0)',
    'faults at the target',
    'mov dword ptr [IDT+0x42*16+8], 0x8000\n int 0x42',
  ),
  unchecked(
    'interrupt with a task gate',
    'SDM vol. 3, 6.13: the index is the vector',
    'doubles the index',
    'mov byte ptr [IDT+0x42*16+5], 0xe5\n int 0x42',
  ),
  unchecked(
    'stack that is not mapped: double fault',
    'SDM vol. 2, INT n: SS is null only after a change of CPL',
    'nulls SS',
    'mov rsp, 0x80000000\n ud2',
  ),
  unchecked(
    'non-canonical stack: double fault',
    'SDM vol. 2, INT n: SS is null only after a change of CPL',
    'nulls SS',
    'mov rsp, 0x800000000000\n ud2',
  ),
  plain(
    'far call gate of 64 bits',
    'DESC 0x70, 0x80000+(gate64-image), 0x1ec00\n mov qword ptr [GDT+0x78], 0\n GOUSER\n call fword ptr [USER+1f]\n hlt\n 1: .long 0\n .word 0x73\n gate64: mov rax, [rsp]\n mov rbx, [rsp+8]\n mov rcx, [rsp+16]\n mov rdx, [rsp+24]\n END',
  ),
  plain(
    'far call gate with a type in its upper half',
    'DESC 0x70, 0x80000+(gate64-image), 0x1ec00\n mov dword ptr [GDT+0x7c], 0x100\n call fword ptr [1f]\n hlt\n 1: .long 0\n .word 0x70',
  ),
  plain(
    'far call gate to 32-bit code',
    'DESC 0x70, 0x500000+(gate64-image), 0x1ec00\n call fword ptr [1f]\n hlt\n 1: .long 0\n .word 0x70',
  ),
  plain('MOV SS, 0 at level 0', 'xor eax, eax\n mov ss, eax\n mov ebx, ss\n END'),
  unchecked(
    'MOV SS, 3 at level 0',
    'SDM vol. 2, MOV: RPL of a null SS must be CPL',
    'accepts',
    'mov eax, 3\n mov ss, eax\n END',
  ),
  plain('MOV SS, 3 at level 3', 'GOUSER\n mov eax, 3\n mov ss, eax\n END'),
  plain('LTR of a busy TSS', 'mov ax, TSS_SEL\n ltr ax\n END'),
  plain('far jump to a TSS', 'mov byte ptr [GDT+0x35], 0x89\n jmp fword ptr [1f]\n 1: .long 0\n .word 0x30'),
];

const NONCANONICAL = '0x800000000000';
const ADDRESSES: SystemCase[] = [
  plain('non-canonical read', `mov rbx, ${NONCANONICAL}\n mov rax, [rbx]\n END`),
  unchecked(
    'non-canonical read through RBP',
    'SDM vol. 2: #SS(0)',
    '#GP(0)',
    `mov rbp, ${NONCANONICAL}\n mov rax, [rbp]\n END`,
  ),
  unchecked(
    'non-canonical push',
    'SDM vol. 2: #SS(0)',
    '#GP(0)',
    `mov dword ptr [IDT+12*16+4], 0x18e02\n mov byte ptr [IDT+12*16+4], 2\n mov word ptr [IDT+12*16+6], 1\n mov rsp, ${NONCANONICAL}\n push rax\n END`,
  ),
  unchecked(
    'read that runs into the hole',
    'SDM vol. 3, 3.3.7.1: #GP before paging',
    '#PF',
    'mov rbx, 0x7ffffffffffc\n mov rax, [rbx]\n END',
  ),
  unchecked(
    'non-canonical jump',
    'SDM vol. 2, JMP: #GP(0) at the instruction',
    'faults at the target',
    `mov rbx, ${NONCANONICAL}\n jmp rbx`,
  ),
  plain('non-canonical INVLPG', `mov rbx, ${NONCANONICAL}\n invlpg [rbx]\n END`),
  plain(
    'FS base makes an address canonical',
    'SETMSR 0xc0000100, 0x30000\n mov rbx, 0\n mov rax, fs:[rbx]\n END',
  ),
  plain('address size 32 wraps', 'mov rbx, 0x100030000\n mov eax, [ebx]\n END'),
];

const CONTROL: SystemCase[] = [
  unchecked(
    'CR0 with NW and not CD',
    'SDM vol. 3, 2.5: #GP(0)',
    'accepts',
    'mov rax, cr0\n bts eax, 29\n mov cr0, rax\n END',
  ),
  unchecked(
    'CR0 bits above 31',
    'SDM vol. 2, MOV CR: #GP(0)',
    'ignores them',
    'mov rax, cr0\n bts rax, 32\n mov cr0, rax\n END',
  ),
  plain('CR1', '.byte 0x0f, 0x20, 0xc8\n END'),
  plain('CR2 holds 64 bits', 'mov rax, 0x123456789abcdef0\n mov cr2, rax\n mov rbx, cr2\n END'),
  plain('MOV CR at level 3', 'GOUSER\n mov rax, cr0\n END'),
  plain(
    'LMSW sets MP EM TS, not PE off',
    'mov eax, 0xe\n lmsw ax\n smsw rbx\n clts\n smsw ecx\n smsw dx\n END',
  ),
  plain('SMSW at level 3', 'GOUSER\n smsw rax\n END'),
  plain('LMSW at level 3', 'GOUSER\n lmsw ax'),
  plain('CLTS at level 3', 'GOUSER\n clts'),
  plain('UMIP', 'mov rax, cr4\n or eax, 0x800\n mov cr4, rax\n GOUSER\n sgdt [rsp-16]\n END'),
  plain('RDTSC with TSD', 'mov rax, cr4\n or al, 4\n mov cr4, rax\n GOUSER\n rdtsc'),
  plain('RDMSR at level 3', 'GOUSER\n rdmsr'),
  plain('HLT at level 3', 'GOUSER\n hlt'),
  plain('IN at level 3', 'GOUSER\n in al, 0x80'),
  plain('CLI at level 3', 'GOUSER\n cli'),
  plain('STI at IOPL 3', 'push 0x3002\n popfq\n GOUSER\n sti\n pushfq\n pop rax\n cli\n END'),
  plain(
    '#UD of SSE without OSFXSR before #NM',
    'mov rax, cr0\n or al, 8\n mov cr0, rax\n movaps xmm0, xmm0\n END',
  ),
  plain('SSE without OSFXSR', 'movaps xmm0, xmm0\n END'),
  plain('#UD before #NM', 'mov rax, cr0\n or al, 12\n mov cr0, rax\n movaps xmm0, xmm0\n END'),
  plain('FWAIT with TS and MP', 'mov rax, cr0\n or al, 10\n mov cr0, rax\n fwait\n END'),
  plain('misaligned MOVAPS', 'mov rax, cr4\n or eax, 0x600\n mov cr4, rax\n movaps xmm0, [SCRATCH+8]\n END'),
  plain('DIV by zero', 'xor ecx, ecx\n div rcx'),
  plain('IDIV overflow', 'mov rax, 0x8000000000000000\n cqo\n mov rcx, -1\n idiv rcx'),
  plain('LOCK on a register', '.byte 0xf0, 0x01, 0xc0'),
  unchecked('LOCK on MOV', 'SDM vol. 2, LOCK: #UD', 'ignores the prefix', '.byte 0xf0, 0x89, 0x03'),
  plain('15 bytes', '.byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x90\n END'),
  plain(
    '16 bytes',
    '.byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x90\n END',
  ),
  plain('opcodes that left', '.byte 0x06'),
  plain('PUSH ES in compatibility mode', 'GOCOMPAT\n push es\n pop eax\n END'),
  plain('INT3', 'GOUSER\n int3'),
  plain(
    'alignment check off at level 0',
    'mov rax, cr0\n bts eax, 18\n mov cr0, rax\n pushfq\n bts dword ptr [rsp], 18\n popfq\n mov eax, [rsp-7]\n END',
  ),
  plain('triple fault', 'lidt [1f]\n ud2\n 1: .quad 0, 0'),
  plain('after it', 'mov rax, cr0\n mov rbx, cr4\n END'),
];

/** What stops QEMU, which lets 64-bit mode lose its footing: for the core alone. */
const REFUSED: SystemCase[] = [
  unchecked(
    'CR4 reserved bit 31',
    'SDM vol. 3, 2.5: #GP(0)',
    'accepts',
    'mov eax, 0x80000020\n mov cr4, rax\n END',
  ),
  unchecked(
    'CR4 reserved bit 15',
    'SDM vol. 3, 2.5: #GP(0)',
    'accepts',
    'mov eax, 0x8020\n mov cr4, rax\n END',
  ),
  unchecked(
    'CR3 reserved bits',
    'SDM vol. 3, 2.5: #GP(0)',
    'accepts',
    'mov rax, 0x10000000100000\n mov cr3, rax\n END',
  ),
  unchecked(
    'CR3 bit 63 without PCIDs',
    'SDM vol. 2, MOV CR: #GP(0)',
    'accepts',
    'mov rdx, cr3\n bts rdx, 63\n mov cr3, rdx\n END',
  ),
  unchecked(
    'CR4.PCIDE with a PCID in CR3',
    'SDM vol. 3, 4.10.1: #GP(0)',
    'has no PCIDs',
    'mov rcx, cr3\n or rcx, 1\n mov cr3, rcx\n mov rax, cr4\n or eax, 0x20000\n mov cr4, rax\n END',
  ),
  unchecked(
    'CR0.PG cleared in 64-bit code, and with CR4.PCIDE',
    'SDM vol. 2, MOV CR: #GP(0)',
    'accepts',
    'mov rax, cr4\n or eax, 0x20000\n mov cr4, rax\n mov rax, cr0\n btr rax, 31\n mov cr0, rax\n END',
  ),
  unchecked('CR8 reserved bits', 'SDM vol. 3, 2.5: #GP(0)', 'accepts', 'mov eax, 16\n mov cr8, rax\n END'),
  unchecked(
    'CR0 without PE',
    'SDM vol. 3, 4.1.2: #GP(0)',
    'accepts',
    'mov rax, cr0\n and al, 0xfe\n mov cr0, rax\n END',
  ),
  unchecked(
    'CR0 without PG',
    'SDM vol. 3, 4.1.2: #GP(0)',
    'accepts',
    'mov rax, cr0\n btr eax, 31\n mov cr0, rax\n END',
  ),
  unchecked('CR4 without PAE', 'SDM vol. 3, 4.1.2: #GP(0)', 'accepts', 'xor eax, eax\n mov cr4, rax\n END'),
];

export const refusedLong: SystemGuest = {
  name: 'refused-long',
  kernel: 'long',
  shared: SHARED,
  cases: REFUSED,
};

export const exceptionsLong: SystemGuest = {
  name: 'exceptions-long',
  kernel: 'long',
  shared: SHARED,
  cases: [...DEBUG, ...SHADOWS, ...SYSTEM_CALLS, ...RETURNS, ...ADDRESSES, ...CONTROL],
};
