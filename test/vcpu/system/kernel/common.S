# Shared by both kernels. The image is linked at 10000H, where the boot code copies it; offsets from `image` also hold in
# segment F000H. RAM: 20000H GDT, 21000H IDT, 22000H LDT, 23000H TSSs, 500H what a reset must not lose.
.intel_syntax noprefix
.equ GDT, 0x20000
.equ IDT, 0x21000
.equ LDT, 0x22000
.equ TSS_A, 0x23000
.equ TSS_B, 0x25100
.equ TSS_C, 0x25800
.equ RESUME, 0x26000       # exceptions after which the program goes on
.equ HOOK, 0x26008         # subroutine called at the end of each record, or 0
.equ CASE, 0x26010         # address of the case
.equ SKIP, 0x26018         # bytes added to the address that an exception returns to
.equ KSTACK, 0x28000
.equ DFSTACK, 0x29000
.equ USTACK, 0x2b000
.equ XSTACK, 0x2d000
.equ SCRATCH, 0x30000
.equ SCRATCH_BYTES, 0x4000
.equ INDEX, 0x500
.equ MAGIC, 0x504
.equ REPORT, 0xe9
.equ FINISH, 0xf4

# Ends a case with a record; makes a record and goes on.
.macro END
  int 0x40
.endm
.macro NOTE
  int 0x41
.endm
# 8 bytes of the GDT
.macro DESC selector, low, high
  mov dword ptr [GDT + \selector], \low
  mov dword ptr [GDT + \selector + 4], \high
.endm

# What both kernels do, in 32- or 64-bit code.
# The boot code's copy of the image, made by code that runs in ROM
.macro COPY_IMAGE
  mov ax, 16
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov esi, 0xf0000
  mov edi, 0x10000
  mov ecx, 0x4000
  cld
  rep movsd
.endm
# Empty tables and scratch memory; the kernel's GDT; an IDT whose entries of \size bytes lead to the stubs
.macro FILL_TABLES pointer, size
  mov edi, GDT
  xor eax, eax
  mov ecx, (RESUME + 32 - GDT) / 4
  rep stosd
  mov edi, SCRATCH
  mov ecx, SCRATCH_BYTES / 4
  rep stosd
  mov esi, offset gdt_template
  mov edi, GDT
  mov ecx, (gdt_template_end - gdt_template) / 4
  rep movsd
  mov edi, IDT
  mov eax, offset stubs
  mov ecx, 0x48
2:
  mov edx, eax
  and edx, 0xffff
  or edx, 0x00080000
  mov [\pointer], edx
  mov edx, eax
  and edx, 0xffff0000
  or edx, 0x8e00
  mov [\pointer + 4], edx
  add edi, \size
  add eax, 16
  loop 2b
  mov byte ptr [IDT + 3 * \size + 5], 0xee
  mov byte ptr [IDT + 4 * \size + 5], 0xee
  mov byte ptr [IDT + 0x40 * \size + 5], 0xee
  mov byte ptr [IDT + 0x41 * \size + 5], 0xee
.endm
.macro LOAD_TABLES
  lgdt [gdtr]
  lidt [idtr]
  mov ax, 0x40
  lldt ax
  mov ax, TSS_SEL
  ltr ax
  xor eax, eax
  mov fs, ax
  mov gs, ax
.endm
# EAX: the next case's number
.macro TAKE_CASE
  mov eax, [INDEX]
  cmp eax, CASES
  jae finished
  inc dword ptr [INDEX]
.endm
# \zero is 0 before, and DR6's reset value after
.macro CLEAR_BREAKPOINTS zero
  mov dr7, \zero
  mov dr0, \zero
  mov dr1, \zero
  mov dr2, \zero
  mov dr3, \zero
  mov eax, 0xffff0ff0
  mov dr6, \zero
.endm
# The low digit of AL, and back to 1 while EBX is not 0
.macro PUT_DIGIT
  and al, 15
  add al, '0'
  cmp al, '9'
  jbe 2f
  add al, 'a' - '0' - 10
2:
  out REPORT, al
  test ebx, ebx
  jnz 1b
.endm
# The string at ESI or RSI
.macro PUTS
puts:
  lodsb
  test al, al
  jz 1f
  out REPORT, al
  jmp puts
1: ret
.endm
.macro FINISHED
finished:
  xor eax, eax
  out FINISH, al
1: hlt
  jmp 1b
.endm
# A stub of 16 bytes for each vector: error code, vector, record
.macro STUBS
text_reset: .asciz "reset\n"
.align 16
stubs:
.set vector, 0
.rept 0x48
  .align 16
  .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17)
  push 0
  .endif
  push vector
  jmp record
  .set vector, vector + 1
.endr
.endm
# Goes to the next case, or falls through to return from the exception
.macro END_RECORD frame, vector, ip, accumulator
  mov al, '\n'
  out REPORT, al
  cmp dword ptr [\frame + \vector], 0x40
  je next_case
  cmp dword ptr [\frame + \vector], 0x41
  je 1f
  cmp dword ptr [RESUME], 0
  je next_case
  dec dword ptr [RESUME]
  mov \accumulator, [SKIP]
  add [\frame + \ip], \accumulator
1:
.endm

.text
.globl _start
_start:
image:
.code16
boot:
  cli
  lgdt cs:[boot_gdtr - image]
  mov eax, cr0
  or al, 1
  mov cr0, eax
  .byte 0x66, 0xea
  .long boot32
  .word 8
.align 8
boot_gdt:
  .quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
boot_gdtr:
  .word 23
  .long boot_gdt - image + 0xf0000
