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
