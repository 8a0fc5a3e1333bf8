/** Call gates, interrupt gates, returns between levels, hardware task switches (SDM vol. 3, 5.8, 6.12 and chapter 7). */
import type { SystemCase, SystemGuest } from '../guest.ts';

const SHARED = `
.equ TSS_B_SEL, 0x30
.equ TSS_C_SEL, 0x38
# A call gate to 32-bit code in slot 88H: selector, offset, parameters, level
.macro GATE32 selector, target, count, level
  mov eax, offset \\target
  and eax, 0xffff
  or eax, \\selector << 16
  mov [GDT + 0x88], eax
  mov eax, offset \\target
  and eax, 0xffff0000
  or eax, 0x8c00 + (\\level << 13) + \\count
  mov [GDT + 0x8c], eax
.endm
.macro GATE16 selector, offset, count, level
  DESC 0x88, (\\selector<<16)+\\offset, 0x8400+(\\level<<13)+\\count
.endm
.macro IDTGATE vector, selector, target, type
  mov eax, offset \\target
  and eax, 0xffff
  or eax, \\selector << 16
  mov [IDT + \\vector * 8], eax
  mov eax, offset \\target
  and eax, 0xffff0000
  or eax, \\type << 8
  mov [IDT + \\vector * 8 + 4], eax
.endm
# Registers as the other task starts with
.macro TASK32 target, cs, ss, ds, flags
  mov dword ptr [TSS_B + 0x20], offset \\target
  mov dword ptr [TSS_B + 0x24], \\flags
  mov dword ptr [TSS_B + 0x28], 0xaaaa0001
  mov dword ptr [TSS_B + 0x2c], 0xcccc0002
  mov dword ptr [TSS_B + 0x30], 0xdddd0003
  mov dword ptr [TSS_B + 0x34], 0xbbbb0004
  mov dword ptr [TSS_B + 0x38], XSTACK
  mov dword ptr [TSS_B + 0x48], \\ds
  mov dword ptr [TSS_B + 0x4c], \\cs
  mov dword ptr [TSS_B + 0x50], \\ss
  mov dword ptr [TSS_B + 0x54], \\ds
  mov dword ptr [TSS_B + 0x60], 0x40
  mov dword ptr [TSS_B + 4], DFSTACK
  mov dword ptr [TSS_B + 8], 0x10
.endm
.macro TASK16 offset, cs, ss, flags
  mov word ptr [TSS_C + 14], \\offset
  mov word ptr [TSS_C + 16], \\flags
  mov word ptr [TSS_C + 18], 0x1001
  mov word ptr [TSS_C + 20], 0x1002
  mov word ptr [TSS_C + 26], 0x7000
  mov word ptr [TSS_C + 34], 0x10
  mov word ptr [TSS_C + 36], \\cs
  mov word ptr [TSS_C + 38], \\ss
  mov word ptr [TSS_C + 40], 0x20
  mov word ptr [TSS_C + 42], 0x40
.endm
.macro FAR opcode, selector, offset=0
  .byte \\opcode
  .long \\offset
  .word \\selector
.endm
# Stack words of the called code into registers
stack_words:
  mov eax, [esp]
  mov ebx, [esp + 4]
  mov ecx, [esp + 8]
  mov edx, [esp + 12]
  mov esi, [esp + 16]
  mov edi, [esp + 20]
  END
stack_words_16:
  mov ebp, esp
  movzx eax, word ptr [ebp]
  movzx ebx, word ptr [ebp + 2]
  movzx ecx, word ptr [ebp + 4]
  movzx edx, word ptr [ebp + 6]
  movzx esi, word ptr [ebp + 8]
  movzx edi, word ptr [ebp + 10]
  END
note_and_return:
  NOTE
  retf
note_and_return_8:
  NOTE
  retf 8
note_and_iret:
  NOTE
  iretd
end_here:
  END
# A task of its own for #TS and #NP, with its stack and a look at the task that failed
.macro FAULT_TASK
  DESC 0x98, 0x52000067, 0x8902
  mov dword ptr [IDT+10*8], 0x980000
  mov dword ptr [IDT+10*8+4], 0x8500
  mov dword ptr [IDT+11*8], 0x980000
  mov dword ptr [IDT+11*8+4], 0x8500
  mov dword ptr [0x25220], offset show_failed
  mov dword ptr [0x25224], 2
  mov dword ptr [0x25238], DFSTACK
  mov dword ptr [0x25248], 0x10
  mov dword ptr [0x2524c], 8
  mov dword ptr [0x25250], 0x10
  mov dword ptr [0x25254], 0x10
.endm
show_failed:
  pop eax
  mov ebx, [0x25200]
  mov ecx, [TSS_B + 0x4c]
  mov edx, [TSS_B + 0x50]
  mov esi, [TSS_B + 0x54]
  xor edi, edi
  END
# What the old task's TSS holds
show_old:
  mov eax, [TSS_A + 0x20]
  sub eax, [CASE]
  mov ebx, [TSS_A + 0x24]
  mov ecx, [TSS_A + 0x48]
  mov edx, [TSS_A + 0x4c]
  mov esi, [GDT + 0x2c]
  mov edi, [GDT + 0x34]
  NOTE
  mov eax, [TSS_B]
  mov ebx, [TSS_A + 0x28]
  mov ecx, [TSS_A + 0x38]
  mov edx, cr0
  pushfd
  pop esi
  END
show_old_then_iret:
  NOTE
  iretd
  NOTE
  iretd
  END
`;

const plain = (name: string, code: string): SystemCase => ({ name, code });
const unchecked = (name: string, section: string, qemu: string, code: string): SystemCase => ({
  name,
  code,
  deviation: { section, qemu },
});

const PARAMETERS = 'push 0x11\n push 0x22\n push 0x33\n push 0x44\n';

const CALL_GATES: SystemCase[] = [
  plain('call gate, same level', `GATE32 8, stack_words, 3, 0\n ${PARAMETERS} FAR 0x9a, 0x88`),
  plain('call gate, 3 to 0, no parameters', 'GATE32 8, stack_words, 0, 3\n GOUSER\n push 5\n FAR 0x9a, 0x8b'),
  plain(
    'call gate, 3 to 0, 2 parameters',
    `GATE32 8, stack_words, 2, 3\n GOUSER\n ${PARAMETERS} FAR 0x9a, 0x8b`,
  ),
  plain(
    'call gate, 3 to 1, 4 parameters',
    `GATE32 0x70, stack_words, 4, 3\n GOUSER\n ${PARAMETERS} FAR 0x9a, 0x8b`,
  ),
  plain(
    'call gate, 31 parameters',
    `GATE32 8, stack_words, 31, 3\n GOUSER\n ${PARAMETERS} sub esp, 0x80\n FAR 0x9a, 0x8b`,
  ),
  unchecked(
    'call gate to conforming code',
    'SDM vol. 2, CALL: conforming code keeps CPL',
    'lowers CPL to the DPL',
    `GATE32 0x58, stack_words, 2, 3\n GOUSER\n ${PARAMETERS} FAR 0x9a, 0x8b`,
  ),
  plain(
    'call gate and back',
    `GATE32 8, note_and_return_8, 2, 3\n GOUSER\n ${PARAMETERS} FAR 0x9a, 0x8b\n pop eax\n pop ebx\n END`,
  ),
  plain('call gate of level 0 from 3', `GATE32 8, stack_words, 0, 0\n GOUSER\n FAR 0x9a, 0x88`),
  plain('call gate, RPL above its level', `GATE32 8, stack_words, 0, 1\n FAR 0x9a, 0x8b`),
  plain('jump through a gate', 'GATE32 8, stack_words, 2, 0\n FAR 0xea, 0x88'),
  plain('jump through a gate to an inner level', 'GATE32 8, stack_words, 2, 3\n GOUSER\n FAR 0xea, 0x8b'),
  plain(
    '16-bit call gate, same level',
    `GATE16 0x48, (stack_words_16-image), 1, 0\n push 0x12345678\n FAR 0x9a, 0x88`,
  ),
  plain(
    '16-bit call gate, 3 to 0',
    `GATE16 0x48, (gate16-image), 2, 3\n GOUSER\n push 0x12345678\n FAR 0x9a, 0x8b
  .code16\n gate16: mov ebp, esp\n mov eax, [ebp]\n mov ebx, [ebp+4]\n mov ecx, [ebp+8]\n END`,
  ),
  plain(
    'call gate with a null inner stack',
    'mov dword ptr [TSS_A + 8], 0\n GATE32 8, stack_words, 0, 3\n GOUSER\n FAR 0x9a, 0x8b',
  ),
  plain(
    'call gate whose inner stack is of another level',
    'mov dword ptr [TSS_A + 16], 0x10\n GATE32 0x70, stack_words, 0, 3\n GOUSER\n FAR 0x9a, 0x8b',
  ),
  unchecked(
    'call gate whose inner stack is absent',
    'SDM vol. 2, CALL: #SS(SS selector)',
    '#TS',
    'DESC 0x90, 0xffff, 0xcf3300\n mov dword ptr [TSS_A + 16], 0x91\n GATE32 0x70, stack_words, 0, 3\n GOUSER\n FAR 0x9a, 0x8b',
  ),
  plain(
    'call gate whose inner stack is read-only',
    'DESC 0x90, 0xffff, 0xcfb100\n mov dword ptr [TSS_A + 16], 0x91\n GATE32 0x70, stack_words, 0, 3\n GOUSER\n FAR 0x9a, 0x8b',
  ),
  plain(
    'call gate with the inner stack beyond the TSS',
    'mov word ptr [GDT + 0x28], 7\n mov ax, 0x28\n mov byte ptr [GDT + 0x2d], 0x89\n ltr ax\n GATE32 0x70, stack_words, 0, 3\n GOUSER\n FAR 0x9a, 0x8b',
  ),
  unchecked(
    'call gate, inner stack too small',
    'SDM vol. 2, CALL: #SS(SS selector)',
    'does not check limits',
    'DESC 0x90, 0x7, 0x40b300\n mov dword ptr [TSS_A + 16], 0x91\n mov dword ptr [TSS_A + 12], 4\n GATE32 0x70, stack_words, 0, 3\n GOUSER\n FAR 0x9a, 0x8b',
  ),
];

const INTERRUPTS: SystemCase[] = [
  plain(
    'trap gate keeps IF',
    'IDTGATE 0x42, 8, flags_now, 0xef\n GOUSER\n int 0x42\n flags_now: pushfd\n pop eax\n END',
  ),
  plain(
    'interrupt gate clears IF',
    'IDTGATE 0x42, 8, flags_now2, 0xee\n push 0x3202\n popfd\n int 0x42\n flags_now2: pushfd\n pop eax\n END',
  ),
  plain(
    'trap gate with IF',
    'IDTGATE 0x42, 8, flags_now3, 0xef\n push 0x3202\n popfd\n int 0x42\n flags_now3: pushfd\n pop eax\n cli\n END',
  ),
  plain('interrupt to level 1', 'IDTGATE 0x42, 0x70, stack_words, 0xee\n GOUSER\n int 0x42'),
  plain('interrupt to conforming code', 'IDTGATE 0x42, 0x58, stack_words, 0xee\n GOUSER\n int 0x42'),
  plain(
    'interrupt of 16 bits',
    'mov dword ptr [IDT + 0x42*8], 0x480000+(stack_words_16-image)\n mov dword ptr [IDT + 0x42*8+4], 0xe600\n GOUSER\n int 0x42',
  ),
  plain(
    'fault through a 16-bit gate',
    'mov dword ptr [IDT + 13*8], 0x480000+(fault16-image)\n mov dword ptr [IDT + 13*8+4], 0x8600\n GOUSER\n hlt\n .code16\n fault16: mov ebp, esp\n mov eax, [ebp]\n mov ebx, [ebp+4]\n mov ecx, [ebp+8]\n mov edx, esp\n END',
  ),
  plain('interrupt and back', 'IDTGATE 0x42, 8, note_and_iret, 0xee\n GOUSER\n int 0x42\n mov eax, 1\n END'),
  plain('INT n of a gate of level 0', 'GOUSER\n int 0x20'),
  plain('INT n beyond the IDT', 'GOUSER\n int 0x80'),
  plain('INT n with a call gate in the IDT', 'mov byte ptr [IDT+0x42*8+5], 0xec\n int 0x42'),
  plain('INT n with an absent gate', 'mov byte ptr [IDT+0x42*8+5], 0x6e\n int 0x42'),
  plain('INT3 with a gate of level 0', 'mov byte ptr [IDT+3*8+5], 0x8e\n GOUSER\n int3'),
  plain('CD 03 with a gate of level 0', 'mov byte ptr [IDT+3*8+5], 0x8e\n GOUSER\n .byte 0xcd, 3'),
  plain('INTO', 'GOUSER\n into\n mov al, 0x7f\n inc al\n into\n END'),
  plain(
    'INTO with a gate of level 0',
    'mov byte ptr [IDT+4*8+5], 0x8e\n GOUSER\n mov al, 0x7f\n inc al\n into\n END',
  ),
  unchecked(
    'fault whose gate has a null selector',
    'SDM vol. 3, 6.13: EXT is set',
    'clears EXT',
    'mov word ptr [IDT+6*8+2], 0\n ud2',
  ),
  unchecked(
    'fault whose gate has a data segment',
    'SDM vol. 3, 6.13: EXT is set',
    'clears EXT',
    'mov word ptr [IDT+6*8+2], 0x10\n ud2',
  ),
  unchecked(
    'fault whose gate leads outwards',
    'SDM vol. 3, 6.13: EXT is set',
    'clears EXT',
    'mov word ptr [IDT+6*8+2], 0x1b\n ud2',
  ),
  plain('INT n whose gate leads outwards', 'mov word ptr [IDT+0x42*8+2], 0x1b\n int 0x42'),
  plain(
    'IRET to level 3 clears data segments',
    'mov ax, 0x68\n mov fs, ax\n mov ax, 0x58\n mov gs, ax\n mov ax, 0x23\n mov es, ax\n push 0x23\n push USTACK\n push 2\n push 0x1b\n push offset end_here\n iretd',
  ),
  plain(
    'IRET to level 1 clears data segments',
    'mov ax, 0x69\n mov fs, ax\n mov ax, 0x23\n mov es, ax\n push 0x69\n push USTACK\n push 2\n push 0x71\n push offset end_here\n iretd',
  ),
  plain('IRET inwards', 'GOUSER\n push 2\n push 8\n push offset end_here\n iretd'),
  plain(
    'IRET at level 3 leaves IOPL and IF',
    'GOUSER\n push 0x3202\n push 0x1b\n push offset end_here\n iretd',
  ),
  plain(
    'IRET at level 0 sets IOPL, IF, AC, ID, NT',
    'push 0x247202\n push 8\n push offset 1f\n iretd\n 1: cli\n END',
  ),
  plain('POPFD at level 3 leaves IOPL and IF', 'GOUSER\n push 0x3202\n popfd\n END'),
  plain(
    'POPFD at IOPL 3 sets IF',
    'push 0x3002\n popfd\n GOUSER\n push 0x202\n popfd\n pushfd\n pop eax\n cli\n END',
  ),
  plain('POPFD ignores VM, RF', 'push 0x30002\n popfd\n pushfd\n pop eax\n END'),
  plain(
    '16-bit IRET',
    'push 0x0002\n .byte 0x66\n push 2\n .byte 0x66\n push 0x48\n .byte 0x66\n push (end16-image)\n .byte 0x66, 0xcf\n .code16\n end16: END',
  ),
  plain(
    '16-bit IRET to level 3',
    '.byte 0x66\n push 0x7b\n .byte 0x66\n push 0x4000\n .byte 0x66\n push 2\n .byte 0x66\n push 0x83\n .byte 0x66\n push (end16b-image)\n .byte 0x66, 0xcf\n .code16\n end16b: END',
  ),
  plain(
    'RETF to level 3 releases parameters on both stacks',
    'push 0x23\n push USTACK\n push 0x55\n push 0x66\n push 0x1b\n push offset end_here\n retf 8',
  ),
  plain('RETF inwards', 'GOUSER\n push 8\n push offset end_here\n retf'),
  plain('RETF to a null selector', 'push 0\n push offset end_here\n retf'),
  plain(
    'BOUND below',
    'mov dword ptr [SCRATCH], 5\n mov dword ptr [SCRATCH+4], 9\n mov eax, 4\n bound eax, [SCRATCH]\n END',
  ),
  plain(
    'BOUND inside',
    'mov dword ptr [SCRATCH], 5\n mov dword ptr [SCRATCH+4], 9\n mov eax, 9\n bound eax, [SCRATCH]\n END',
  ),
  plain(
    'double fault',
    'mov byte ptr [IDT+13*8+5], 0x0e\n mov byte ptr [IDT+11*8+5], 0x0e\n mov ax, 0x200\n mov ds, ax',
  ),
  unchecked(
    '#UD whose gate is absent is #NP',
    'SDM vol. 3, 6.13: EXT is set',
    'clears EXT',
    'mov byte ptr [IDT+6*8+5], 0x0e\n ud2',
  ),
  plain(
    '#NP whose gate is absent',
    'mov byte ptr [IDT+11*8+5], 0x0e\n mov byte ptr [GDT+0x25], 0x73\n mov ax, 0x23\n mov ds, ax',
  ),
  plain('#GP in the delivery of INT n is no double fault', 'mov byte ptr [IDT+0x42*8+5], 0x80\n int 0x42'),
  plain('#DE then #GP', 'mov byte ptr [IDT+5], 0x80\n xor ecx, ecx\n div ecx'),
  plain(
    'triple fault',
    'mov byte ptr [IDT+8*8+5], 0x0e\n mov byte ptr [IDT+13*8+5], 0x80\n mov ax, 0x200\n mov ds, ax',
  ),
  plain('after the triple fault', 'mov eax, cr0\n mov ebx, cr3\n mov ecx, cr4\n END'),
];

const TASKS: SystemCase[] = [
  plain('jump to a 32-bit task', 'TASK32 show_old, 8, 0x10, 0x10, 0x2\n mov ecx, 0x55\n FAR 0xea, TSS_B_SEL'),
  plain('call of a 32-bit task', 'TASK32 show_old, 8, 0x10, 0x10, 0x2\n FAR 0x9a, TSS_B_SEL'),
  plain(
    'call and return',
    'TASK32 show_old_then_iret, 8, 0x10, 0x10, 0x2\n FAR 0x9a, TSS_B_SEL\n mov ebx, [TSS_B+0x20]\n sub ebx, [CASE]\n mov ecx, [TSS_B+0x24]\n mov esi, [GDT+0x2c]\n mov edi, [GDT+0x34]\n NOTE\n FAR 0x9a, TSS_B_SEL\n END',
  ),
  plain(
    'task gate in the GDT',
    'TASK32 show_old, 8, 0x10, 0x10, 0x2\n DESC 0x88, 0x300000, 0xe500\n GOUSER\n FAR 0x9a, 0x8b',
  ),
  plain(
    'jump through a task gate',
    'TASK32 show_old, 8, 0x10, 0x10, 0x2\n DESC 0x88, 0x300000, 0xe500\n GOUSER\n FAR 0xea, 0x8b',
  ),
  plain(
    'task gate in the IDT by INT',
    'TASK32 show_old, 8, 0x10, 0x10, 0x2\n mov dword ptr [IDT+0x42*8], 0x300000\n mov dword ptr [IDT+0x42*8+4], 0xe500\n int 0x42\n END',
  ),
  plain(
    'task gate for #GP: error code on the new stack',
    'TASK32 stack_words, 8, 0x10, 0x10, 0x2\n mov dword ptr [IDT+13*8], 0x300000\n mov dword ptr [IDT+13*8+4], 0x8500\n mov ax, 0x200\n mov ds, ax',
  ),
  plain(
    'task gate for a double fault',
    'TASK32 stack_words, 8, 0x10, 0x10, 0x2\n mov dword ptr [IDT+8*8], 0x300000\n mov dword ptr [IDT+8*8+4], 0x8500\n mov byte ptr [IDT+13*8+5], 0x80\n mov ax, 0x200\n mov ds, ax',
  ),
  plain('task at level 3', 'TASK32 end_here, 0x1b, 0x23, 0x23, 0x202\n FAR 0xea, TSS_B_SEL'),
  plain(
    'IRET from a nested task of level 3',
    'TASK32 show_old_then_iret, 0x1b, 0x23, 0x23, 0x2\n FAR 0x9a, TSS_B_SEL\n END',
  ),
  plain('jump to a busy task', 'mov byte ptr [GDT+0x35], 0x8b\n FAR 0xea, TSS_B_SEL'),
  plain('call of the current task', 'FAR 0x9a, 0x28'),
  plain('task whose TSS is absent', 'mov byte ptr [GDT+0x35], 0x09\n FAR 0xea, TSS_B_SEL'),
  plain('task whose TSS is too small', 'mov word ptr [GDT+0x30], 0x66\n FAR 0xea, TSS_B_SEL'),
  plain('task of level 0 from level 3', 'GOUSER\n FAR 0xea, TSS_B_SEL'),
  plain(
    'task of level 3 from level 3',
    'TASK32 show_old, 8, 0x10, 0x10, 0x2\n mov byte ptr [GDT+0x35], 0xe9\n GOUSER\n FAR 0xea, TSS_B_SEL',
  ),
  plain(
    'IRET with NT and a back link that is not busy',
    'TASK32 show_old, 8, 0x10, 0x10, 0x2\n mov word ptr [TSS_A], TSS_B_SEL\n push 0x4002\n popfd\n iretd',
  ),
  plain('IRET with NT and a null back link', 'push 0x4002\n popfd\n iretd'),
  plain('IRET with NT and a link to code', 'mov word ptr [TSS_A], 8\n push 0x4002\n popfd\n iretd'),
  unchecked(
    'new task with a null CS',
    'SDM vol. 3, 6.15, #TS: without a task gate the handler has no stack, hence a triple fault',
    'uses SS unchecked',
    'TASK32 end_here, 0, 0x10, 0x10, 2\n FAR 0xea, TSS_B_SEL',
  ),
  plain(
    'new task with a null CS, #TS by a task gate',
    'FAULT_TASK\n TASK32 end_here, 0, 0x10, 0x10, 2\n FAR 0xea, TSS_B_SEL',
  ),
  unchecked(
    'new task with data as CS',
    'SDM vol. 3, 6.15, #TS: without a task gate the handler has no stack, hence a triple fault',
    'uses SS unchecked',
    'TASK32 end_here, 0x10, 0x10, 0x10, 2\n FAR 0xea, TSS_B_SEL',
  ),
  plain(
    'new task with data as CS, #TS by a task gate',
    'FAULT_TASK\n TASK32 end_here, 0x10, 0x10, 0x10, 2\n FAR 0xea, TSS_B_SEL',
  ),
  unchecked(
    'new task with a read-only SS',
    'SDM vol. 3, 6.15, #TS: without a task gate the handler has no stack, hence a triple fault',
    'uses SS unchecked',
    'DESC 0x90, 0xffff, 0xcf9100\n TASK32 end_here, 8, 0x90, 0x10, 2\n FAR 0xea, TSS_B_SEL',
  ),
  plain(
    'new task with a read-only SS, #TS by a task gate',
    'FAULT_TASK\n DESC 0x90, 0xffff, 0xcf9100\n TASK32 end_here, 8, 0x90, 0x10, 2\n FAR 0xea, TSS_B_SEL',
  ),
  unchecked(
    'new task with SS of another level',
    'SDM vol. 3, 6.15, #TS: without a task gate the handler has no stack, hence a triple fault',
    'uses SS unchecked',
    'TASK32 end_here, 8, 0x23, 0x10, 2\n FAR 0xea, TSS_B_SEL',
  ),
  plain(
    'new task with SS of another level, #TS by a task gate',
    'FAULT_TASK\n TASK32 end_here, 8, 0x23, 0x10, 2\n FAR 0xea, TSS_B_SEL',
  ),
  unchecked(
    'new task with a bad DS',
    'SDM vol. 3, 7.3: the saved EIP is the first of the new task',
    'saves an EIP of neither task',
    'TASK32 end_here, 8, 0x10, 0x200, 2\n FAR 0xea, TSS_B_SEL',
  ),
  unchecked(
    'new task with an absent DS',
    'SDM vol. 3, 7.3: the saved EIP is the first of the new task',
    'saves an EIP of neither task',
    'DESC 0x90, 0xffff, 0xcf1300\n TASK32 end_here, 8, 0x10, 0x90, 2\n FAR 0xea, TSS_B_SEL',
  ),
  unchecked(
    'new task with a bad LDT',
    'SDM vol. 3, 6.15, #TS: without a task gate the handler has no stack, hence a triple fault',
    'uses SS unchecked',
    'TASK32 end_here, 8, 0x10, 0x10, 2\n mov dword ptr [TSS_B+0x60], 0x10\n FAR 0xea, TSS_B_SEL',
  ),
  unchecked(
    'exception by a task gate, new task with a bad LDT: EXT is set',
    'SDM vol. 3, 6.13',
    'clears EXT',
    'FAULT_TASK\n TASK32 end_here, 8, 0x10, 0x10, 2\n mov dword ptr [TSS_B+0x60], 0x50\n mov dword ptr [IDT+6*8], 0x300000\n mov dword ptr [IDT+6*8+4], 0x8500\n ud2',
  ),
  unchecked(
    'exception by a task gate, new task with an absent DS: EXT is set',
    'SDM vol. 3, 6.13',
    'clears EXT',
    'FAULT_TASK\n TASK32 end_here, 8, 0x10, 0x10, 2\n mov dword ptr [TSS_B+0x54], 0x68\n mov byte ptr [GDT+0x6d], 0x13\n mov dword ptr [IDT+6*8], 0x300000\n mov dword ptr [IDT+6*8+4], 0x8500\n ud2',
  ),
  plain(
    'INT n by a task gate, new task with a bad LDT: EXT is clear',
    'FAULT_TASK\n TASK32 end_here, 8, 0x10, 0x10, 2\n mov dword ptr [TSS_B+0x60], 0x50\n mov dword ptr [IDT+0x42*8], 0x300000\n mov dword ptr [IDT+0x42*8+4], 0x8500\n int 0x42',
  ),
  plain(
    'new task with a bad LDT, #TS by a task gate',
    'FAULT_TASK\n TASK32 end_here, 8, 0x10, 0x10, 2\n mov dword ptr [TSS_B+0x60], 0x10\n FAR 0xea, TSS_B_SEL',
  ),
  unchecked(
    'new task with an absent LDT',
    'SDM vol. 3, 6.15, #TS: without a task gate the handler has no stack, hence a triple fault',
    'uses SS unchecked',
    'TASK32 end_here, 8, 0x10, 0x10, 2\n mov byte ptr [GDT+0x45], 2\n FAR 0xea, TSS_B_SEL',
  ),
  plain(
    'new task with an absent LDT, #TS by a task gate',
    'FAULT_TASK\n TASK32 end_here, 8, 0x10, 0x10, 2\n mov byte ptr [GDT+0x45], 2\n FAR 0xea, TSS_B_SEL',
  ),
  unchecked(
    'new task with its EIP beyond the limit',
    'SDM vol. 3, 7.3: the saved EIP is the first of the new task',
    'saves an EIP of neither task',
    'TASK32 end_here, 0x48, 0x10, 0x10, 2\n FAR 0xea, TSS_B_SEL',
  ),
  unchecked(
    '#TS in a task of level 3 goes to its own inner stack',
    'SDM vol. 3, 7.3: the saved EIP is the first of the new task',
    'saves an EIP of neither task',
    'TASK32 end_here, 0x1b, 0x23, 0x200, 2\n FAR 0xea, TSS_B_SEL',
  ),
  unchecked(
    'trap flag of a TSS',
    'SDM vol. 3, 17.3.1.5: #DB with DR6.BT',
    'ignores the T flag',
    'TASK32 end_here, 8, 0x10, 0x10, 2\n mov byte ptr [TSS_B+0x64], 1\n FAR 0xea, TSS_B_SEL',
  ),
  plain(
    'jump to a 16-bit task',
    'TASK16 (task16-image), 0x48, 0x50, 2\n FAR 0xea, TSS_C_SEL\n .code16\n task16: movzx eax, ax\n movzx ecx, cx\n xor ebx, ebx\n xor edx, edx\n xor esi, esi\n xor edi, edi\n movzx esp, sp\n END',
  ),
  plain(
    '16-bit task saves 16 bits',
    `TASK16 (task16b-image), 0x48, 0x50, 2\n FAR 0x9a, TSS_C_SEL\n mov esi, [GDT+0x3c]\n mov eax, [TSS_C+14]\n mov ebx, [TSS_C+18]\n movzx edx, word ptr [TSS_C]\n xor ecx, ecx\n xor edi, edi\n END
  .code16\n task16b: mov ax, 0x4321\n iret`,
  ),
  plain('16-bit task with a limit of 2AH', 'mov word ptr [GDT+0x38], 0x2a\n FAR 0xea, TSS_C_SEL'),
  plain(
    'LTR of a 16-bit TSS and an inner stack from it',
    'mov word ptr [TSS_C+2], 0x7f00\n mov word ptr [TSS_C+4], 0x10\n mov ax, TSS_C_SEL\n ltr ax\n GATE32 8, stack_words, 1, 3\n GOUSER\n push 7\n FAR 0x9a, 0x8b',
  ),
  plain(
    'CR0.TS after a task switch',
    'clts\n TASK32 1f, 8, 0x10, 0x10, 2\n FAR 0xea, TSS_B_SEL\n 1: fninit\n END',
  ),
  plain(
    'task switch loads CR3 only with paging',
    'TASK32 1f, 8, 0x10, 0x10, 2\n mov dword ptr [TSS_B+0x1c], 0x123000\n FAR 0xea, TSS_B_SEL\n 1: mov eax, cr3\n END',
  ),
];

export const tasks: SystemGuest = {
  name: 'tasks',
  kernel: 'protected',
  shared: SHARED,
  cases: [...CALL_GATES, ...INTERRUPTS, ...TASKS],
};
