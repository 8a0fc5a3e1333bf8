# 64-bit kernel. The first 16 MiB are mapped at their own addresses for the supervisor and at 40000000H for the user.
.equ PML4, 0x100000
.equ PDPT, 0x101000
.equ PD_LOW, 0x102000
.equ PD_USER, 0x103000
.equ PD_HIGH, 0x104000
.equ USER, 0x40000000
.equ TSS_SEL, 0x30
.macro GOUSER
  push 0x23
  push USER + USTACK
  pushfq
  push 0x2b
  push offset USER + 9f
  iretq
9:
.endm
# 32-bit user code
.macro GOCOMPAT
  push 0x23
  push USER + USTACK
  pushfq
  push 0x1b
  push offset USER + 9f
  iretq
.code32
9:
  mov ax, 0x23
  mov ds, ax
  mov es, ax
.endm
.macro SETMSR number, low, high=0
  mov ecx, \number
  mov eax, \low
  mov edx, \high
  wrmsr
.endm
.code32
boot32 = copy - image + 0xf0000
copy:
  COPY_IMAGE
  mov esp, KSTACK
  mov al, 2
  out 0x92, al
  mov edi, PML4
  xor eax, eax
  mov ecx, 0x5000 / 4
  rep stosd
  mov dword ptr [PML4], PDPT + 7
  mov dword ptr [PDPT], PD_LOW + 7
  mov dword ptr [PDPT + 8], PD_USER + 7
  mov dword ptr [PDPT + 24], PD_HIGH + 7
  mov dword ptr [PD_HIGH + 0x1f7 * 8], 0xfee0009b
  xor ecx, ecx
1:
  mov eax, ecx
  shl eax, 21
  or eax, 0xe3
  mov [PD_LOW + ecx * 8], eax
  or eax, 4
  mov [PD_USER + ecx * 8], eax
  inc ecx
  cmp ecx, 8
  jb 1b
  mov eax, 0x20
  mov cr4, eax
  mov eax, PML4
  mov cr3, eax
  mov ecx, 0xc0000080
  mov eax, 0x901
  xor edx, edx
  wrmsr
  mov eax, 0x80000031
  mov cr0, eax
  lgdt [boot_gdtr64 - image + 0x10000]
  .byte 0xea
  .long start
  .word 8
.code64
start:
  mov rsp, KSTACK
  cmp dword ptr [MAGIC], 0x7209e5
  je after_reset
  mov dword ptr [MAGIC], 0x7209e5
  mov dword ptr [INDEX], 0
  jmp next_case
after_reset:
  mov rsi, offset text_reset
  call puts
next_case:
  cli
  lgdt [boot_gdtr64]
  mov ax, 16
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov rsp, KSTACK
  push 2
  popfq
  xor eax, eax
  CLEAR_BREAKPOINTS rax
  mov eax, 0x20
  mov cr4, rax
  mov eax, PML4
  mov cr3, rax
  mov eax, 0x80000031
  mov cr0, rax
  xor eax, eax
  mov cr8, rax
  SETMSR 0xc0000080, 0xd01
  SETMSR 0xc0000081, 0, 0x180008
  SETMSR 0xc0000082, "offset syscall_entry"
  SETMSR 0xc0000083, "offset compat_entry"
  SETMSR 0xc0000084, 0x700
  SETMSR 0xc0000102, 0
  SETMSR 0x174, 8
  SETMSR 0x175, XSTACK
  SETMSR 0x176, "offset sysenter_entry"
  mov rax, rsp
  push 0x10
  push rax
  pushfq
  push 8
  push offset 1f
  iretq
1:
  FILL_TABLES rdi, 16
  mov byte ptr [IDT + 8 * 16 + 4], 1
  mov dword ptr [TSS_A + 4], KSTACK
  mov dword ptr [TSS_A + 12], XSTACK
  mov dword ptr [TSS_A + 0x24], DFSTACK
  mov dword ptr [TSS_A + 0x2c], XSTACK
  mov dword ptr [TSS_A + 0x64], 0x680000
  LOAD_TABLES
  TAKE_CASE
  mov ebx, eax
  mov al, '#'
  out REPORT, al
  mov eax, ebx
  mov cl, 4
  call puthex
  mov al, '\n'
  out REPORT, al
  mov rbx, [case_table + rbx * 8]
  mov [CASE], rbx
  push rbx
  xor eax, eax
  xor ebx, ebx
  xor ecx, ecx
  xor edx, edx
  xor esi, esi
  xor edi, edi
  xor ebp, ebp
  xor r8d, r8d
  xor r11d, r11d
  ret
FINISHED
# CL hex digits of RAX
puthex:
  push rbx
  push rcx
  push rdx
  push rax
  movzx ebx, cl
1:
  dec ebx
  lea ecx, [rbx * 4]
  mov rdx, [rsp]
  shr rdx, cl
  mov al, dl
  PUT_DIGIT
  pop rax
  pop rdx
  pop rcx
  pop rbx
  ret
PUTS
.macro PUT letter, value, digits
  mov al, \letter
  out REPORT, al
  mov rax, \value
  mov cl, \digits
  call puthex
  mov al, ' '
  out REPORT, al
.endm
syscall_entry:
  int 0x42
  hlt
compat_entry:
  int 0x43
  hlt
sysenter_entry:
  int 0x44
  hlt
STUBS
.align 16
record:
  push rax
  push rbx
  push rcx
  push rdx
  push rsi
  push rdi
  push rbp
  push r8
  push r11
  mov rbp, rsp
  cld
  PUT 'v', [rbp + 72], 2
  PUT 'e', [rbp + 80], 4
  mov rdx, [rbp + 88]
  sub rdx, [CASE]
  PUT 'i', rdx, 16
  PUT 'c', [rbp + 96], 4
  PUT 'f', [rbp + 104], 6
  PUT 's', [rbp + 120], 4
  PUT 'p', [rbp + 112], 16
  PUT 'P', rbp, 8
  PUT 'a', [rbp + 64], 16
  PUT 'b', [rbp + 56], 16
  PUT 'c', [rbp + 48], 16
  PUT 'd', [rbp + 40], 16
  PUT 'S', [rbp + 32], 16
  PUT 'D', [rbp + 24], 16
  PUT 'B', [rbp], 16
  mov edx, ds
  PUT 'd', rdx, 4
  mov edx, fs
  PUT 'f', rdx, 4
  mov edx, gs
  PUT 'g', rdx, 4
  mov edx, ss
  PUT 's', rdx, 4
  cmp dword ptr [rbp + 72], 14
  jne 1f
  mov rdx, cr2
  PUT 'l', rdx, 16
1:
  cmp dword ptr [rbp + 72], 1
  jne 1f
  mov rdx, dr6
  PUT '6', rdx, 8
  mov edx, 0xffff0ff0
  mov dr6, rdx
1:
  mov rax, [HOOK]
  test rax, rax
  jz 1f
  call rax
1:
  END_RECORD rbp, 72, 88, rax
  pop r11
  pop r8
  pop rbp
  pop rdi
  pop rsi
  pop rdx
  pop rcx
  pop rbx
  pop rax
  add rsp, 16
  iretq
.align 8
boot_gdt64:
  .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
boot_gdtr64:
  .word 23
  .quad boot_gdt64
gdtr:
  .word 0xff
  .quad GDT
idtr:
  .word 0x47 * 16 + 15
  .quad IDT
.align 8
gdt_template:
  .quad 0
  .quad 0x00af9b000000ffff   # 08 code, 64 bits
  .quad 0x00cf93000000ffff   # 10 data
  .quad 0x00cffb000000ffff   # 18 user code, 32 bits
  .quad 0x00cff3000000ffff   # 20 user data
  .quad 0x00affb000000ffff   # 28 user code, 64 bits
  .quad 0x0000890230000067, 0 # 30 TSS
  .quad 0x00008202200000ff, 0 # 40 LDT
  .quad 0x00cf9b000000ffff   # 50 code, 32 bits
  .quad 0x00009b010000ffff   # 58 code, 16 bits, at the image
  .quad 0x00af9f000000ffff   # 60 conforming code, 64 bits
  .quad 0x00efbb000000ffff   # 68 code with L and D
gdt_template_end:
