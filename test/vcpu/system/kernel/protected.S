# 32-bit kernel: runs each case from the same state, records exceptions.
.equ TSS_SEL, 0x28
.macro GOUSER
  push 0x23
  push USTACK
  pushfd
  push 0x1b
  push offset 9f
  iretd
9:
  mov ax, 0x23
  mov ds, ax
  mov es, ax
.endm
.code32
# The first jump lands in the copy, so the copy is made by code that runs in ROM.
boot32 = copy - image + 0xf0000
copy:
  COPY_IMAGE
  mov eax, offset start
  jmp eax
start:
  mov esp, KSTACK
  mov al, 2
  out 0x92, al
  cmp dword ptr [MAGIC], 0x7209e5
  je after_reset
  mov dword ptr [MAGIC], 0x7209e5
  mov dword ptr [INDEX], 0
  jmp next_case
after_reset:
  mov esi, offset text_reset
  call puts
next_case:
  cli
  lgdt [boot_gdtr_copy]
  mov ax, 16
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov esp, KSTACK
  push 2
  popfd
  mov eax, 0x31
  mov cr0, eax
  xor eax, eax
  mov cr4, eax
  mov cr3, eax
  CLEAR_BREAKPOINTS eax
  mov ecx, 0xc0000080
  xor eax, eax
  xor edx, edx
  wrmsr
  mov ecx, 0x174
  wrmsr
  # A return from a non-maskable interrupt
  pushfd
  push cs
  push offset 1f
  iretd
1:
  FILL_TABLES edi, 8
  mov dword ptr [TSS_A + 4], KSTACK
  mov dword ptr [TSS_A + 8], 0x10
  mov dword ptr [TSS_A + 12], XSTACK
  mov dword ptr [TSS_A + 16], 0x69
  mov dword ptr [TSS_A + 0x64], 0x680000
  mov edi, TSS_A + 0x68
  mov eax, -1
  mov ecx, 0x7f8
  rep stosd
  LOAD_TABLES
  TAKE_CASE
  push eax
  mov al, '#'
  out REPORT, al
  pop eax
  mov cl, 4
  push eax
  call puthex
  mov al, '\n'
  out REPORT, al
  pop eax
  mov ebx, [case_table + eax * 4]
  mov [CASE], ebx
  push ebx
  xor eax, eax
  xor ebx, ebx
  xor ecx, ecx
  xor edx, edx
  xor esi, esi
  xor edi, edi
  xor ebp, ebp
  ret
FINISHED

# CL hex digits of EAX
puthex:
  pushad
  mov edx, eax
  movzx ebx, cl
1:
  dec ebx
  lea ecx, [ebx * 4]
  mov eax, edx
  shr eax, cl
  PUT_DIGIT
  popad
  ret
PUTS
# A letter, digits, a blank
.macro PUT letter, value, digits
  mov al, \letter
  out REPORT, al
  mov eax, \value
  mov cl, \digits
  call puthex
  mov al, ' '
  out REPORT, al
.endm
STUBS
.align 16
record:
  pushad
  push ds
  push es
  push fs
  push gs
  mov ebp, esp
  mov eax, 16
  mov ds, eax
  mov es, eax
  cld
  PUT 'v', [ebp + 48], 2
  PUT 'e', [ebp + 52], 4
  mov edx, [ebp + 56]
  sub edx, [CASE]
  PUT 'i', edx, 8
  PUT 'c', [ebp + 60], 4
  PUT 'f', [ebp + 64], 6
  test dword ptr [ebp + 64], 0x20000
  jnz 1f
  test byte ptr [ebp + 60], 3
  jz 2f
1:
  PUT 's', [ebp + 72], 4
  PUT 'p', [ebp + 68], 8
  jmp 3f
2:
  mov edx, ss
  PUT 's', edx, 4
  lea edx, [ebp + 68]
  PUT 'p', edx, 8
3:
  PUT 'a', [ebp + 44], 8
  PUT 'b', [ebp + 32], 8
  PUT 'c', [ebp + 40], 8
  PUT 'd', [ebp + 36], 8
  PUT 'S', [ebp + 20], 8
  PUT 'D', [ebp + 16], 8
  PUT 'd', [ebp + 12], 4
  PUT 'e', [ebp + 8], 4
  PUT 'f', [ebp + 4], 4
  PUT 'g', [ebp], 4
  test dword ptr [ebp + 64], 0x20000
  jz 1f
  PUT 'd', [ebp + 80], 4
  PUT 'e', [ebp + 76], 4
1:
  str edx
  and edx, 0xffff
  PUT 't', edx, 4
  cmp dword ptr [ebp + 48], 14
  jne 1f
  mov edx, cr2
  PUT 'l', edx, 8
1:
  cmp dword ptr [ebp + 48], 1
  jne 1f
  mov edx, dr6
  PUT '6', edx, 8
  mov edx, 0xffff0ff0
  mov dr6, edx
1:
  mov eax, [HOOK]
  test eax, eax
  jz 1f
  call eax
1:
  END_RECORD ebp, 48, 56, eax
  pop gs
  pop fs
  pop es
  pop ds
  popad
  add esp, 8
  iretd

.align 8
boot_gdtr_copy:
  .word 23
  .long boot_gdt
gdtr:
  .word 0xff
  .long GDT
idtr:
  .word 0x47 * 8 + 7
  .long IDT
.align 8
gdt_template:
  .quad 0
  .quad 0x00cf9b000000ffff   # 08 code
  .quad 0x00cf93000000ffff   # 10 data
  .quad 0x00cffb000000ffff   # 18 user code
  .quad 0x00cff3000000ffff   # 20 user data
  .quad 0x0000890230002068   # 28 TSS A, with an I/O bitmap
  .quad 0x0000890251000067   # 30 TSS B, 32 bits
  .quad 0x000081025800002b   # 38 TSS C, 16 bits
  .quad 0x00008202200000ff   # 40 LDT
  .quad 0x00009b010000ffff   # 48 code, 16 bits, at the image
  .quad 0x000093020000ffff   # 50 data, 16 bits, at 20000H
  .quad 0x00cf9f000000ffff   # 58 conforming code, level 0
  .quad 0x00cffe000000ffff   # 60 conforming code, level 3, not accessed
  .quad 0x00cfb3000000ffff   # 68 data, level 1
  .quad 0x00cfbb000000ffff   # 70 code, level 1
  .quad 0x0000f3020000ffff   # 78 user data, 16 bits, at 20000H
  .quad 0x0000fb010000ffff   # 80 user code, 16 bits, at the image
gdt_template_end:
