# A 64 KiB BIOS image that walks through the processor's modes and reports on port E9h. It runs unchanged under QEMU
# (-bios), which is the second opinion; what QEMU's TCG is known to get wrong (segment limits, RF in the images of faults,
# LOCK MOV, #SS by RBP, bad CR4 bits) is left to other tests. Exceptions are logged as: vector, error code, CS, offset into the image, flags.
.intel_syntax noprefix
.set SEG, 0xf000
.set CODE32, 0x08
.set DATA32, 0x10
.set UCODE32, 0x1b
.set UDATA32, 0x23
.set TSS32, 0x28
.set CODE64, 0x30
.set SMALL, 0x38          # data, limit 0fh
.set GATE, 0x40           # call gate, DPL 3
.set TSS32B, 0x48
.set ABSENT, 0x50
.set CODE16, 0x58
.set DATA16, 0x60
.set UCODE64, 0x6b
.set READONLY, 0x70
.set TSS64, 0x78          # and 80h


.text
.code16
base:
start16:
  cli
  xor ax, ax
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov sp, 0x7000
  # --- real mode: INT through the vector table, flags in the image, #DE
  mov word ptr [0x21*4], offset real_int - base
  mov word ptr [0x21*4+2], SEG
  mov word ptr [0], offset real_de - base
  mov word ptr [2], SEG
  mov ax, 0x1234
  int 0x21
  xor cx, cx
  div cx
real_after:
  jmp to32

real_int:
  push ax
  mov al, 'r'
  out 0xe9, al
  pop ax
  push bp
  mov bp, sp
  push ax
  mov ax, [bp+6]
  call hex16_16
  pop ax
  pop bp
  iret
real_de:
  mov al, 'd'
  out 0xe9, al
  add sp, 6
  jmp real_after

hex16_16:
  push cx
  push ax
  mov cx, 4
1: rol ax, 4
  push ax
  and al, 15
  cmp al, 10
  jb 2f
  add al, 39
2: add al, 48
  out 0xe9, al
  pop ax
  loop 1b
  mov al, 10
  out 0xe9, al
  pop ax
  pop cx
  ret

to32:
  .byte 0x66
  lgdt cs:[gdtr - base]
  mov eax, cr0
  or al, 1
  mov cr0, eax
  .byte 0x66, 0xea
  .long 0xf0000 + start32 - base
  .word CODE32

.code32
start32:
  mov ax, DATA32
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov fs, ax
  mov gs, ax
  mov esp, 0x80000
  # the GDT to RAM, so that accessed and busy bits can be set
  lea esi, [0xf0000 + gdt - base]
  mov edi, 0x1000
  mov ecx, (gdt_end - gdt) / 4
  cld
  rep movsd
  lgdt [0xf0000 + gdtr_ram - base]
  # an IDT of 256 interrupt gates at 2000h, all to stubs of 16 bytes
  mov edi, 0x2000
  lea eax, [0xf0000 + stubs32 - base]
  mov ecx, 256
1: mov [edi], ax
  mov word ptr [edi+2], CODE32
  mov word ptr [edi+4], 0x8e00
  mov edx, eax
  shr edx, 16
  mov [edi+6], dx
  add edi, 8
  add eax, 16
  loop 1b
  mov word ptr [0x2000 + 0x80*8 + 4], 0xef00   # trap gate, DPL 3
  mov word ptr [0x2000 + 0x81*8 + 4], 0x6e00   # not present
  mov word ptr [0x2000 + 3*8 + 4], 0xee00
  mov word ptr [0x2000 + 4*8 + 4], 0xee00
  # vector 82h: a task gate to TSS32B
  mov dword ptr [0x2000 + 0x82*8], TSS32B << 16
  mov dword ptr [0x2000 + 0x82*8 + 4], 0xe500
  lidt [0xf0000 + idtr32 - base]
  # the TSS at 4000h: ESP0, SS0, I/O bitmap beyond the limit
  mov edi, 0x4000
  xor eax, eax
  mov ecx, 64
  rep stosd
  mov dword ptr [0x4004], 0x78000
  mov dword ptr [0x4008], DATA32
  mov word ptr [0x4066], 0x68
  mov ax, TSS32
  ltr ax
  call mark
.macro RESUME
  lea ebp, [0xf0000 + 9f - base]
.endm
  # --- faults in ring 0; each handler resumes at EBP
  RESUME
  ud2
9: RESUME
  xor edx, edx
  xor ecx, ecx
  mov eax, 7
  div ecx
9: RESUME
  mov ax, 0x90                  # beyond the GDT
  mov fs, ax
9: RESUME
  mov ax, ABSENT
  mov fs, ax
9: RESUME
  mov ax, ABSENT
  mov ss, ax
9: RESUME
  mov ax, CODE32
  mov ss, ax
9: RESUME
  xor ax, ax
  mov ss, ax
9: RESUME
  mov ax, SMALL
  mov fs, ax
  mov eax, fs:[12]
9: RESUME
  mov ax, READONLY
  mov fs, ax
  mov eax, fs:[0]
9: RESUME
  int 0x81
9: RESUME
  int3
9: RESUME
  int 0x80
9: RESUME
  .byte 0xea
  .long 0
  .word DATA32
9: RESUME
  bound eax, [0xf0000 + bounds - base]
9: RESUME
  mov eax, cr1
9: RESUME
  # LAR LSL VERR VERW ARPL
  mov ax, SMALL
  lar ebx, eax
  call hex_ebx
  lsl ebx, eax
  call hex_ebx
  mov ax, READONLY
  verw ax
  pushfd
  pop ebx
  and ebx, 0x40
  call hex_ebx
  verr ax
  pushfd
  pop ebx
  and ebx, 0x40
  call hex_ebx
  mov ebx, 0x10
  mov ecx, 3
  arpl bx, cx
  call hex_ebx
  smsw ebx
  call hex_ebx
  str ebx
  call hex_ebx
  # single step: the trap comes after the instruction that follows POPFD
  RESUME
  pushfd
  or dword ptr [esp], 0x100
  popfd
  nop
  nop
9: mov eax, dr6
  mov ebx, eax
  call hex_ebx
  xor eax, eax
  mov dr6, eax
  # data breakpoint: writes of 4 bytes at 5000h
  mov eax, 0x5000
  mov dr0, eax
  mov eax, 0xd0001
  mov dr7, eax
  RESUME
  mov eax, [0x5000]
  mov byte ptr [0x5002], 1
  nop
9: xor eax, eax
  mov dr7, eax
  mov eax, dr6
  mov ebx, eax
  call hex_ebx
  # --- paging: identity map of 4 MiB at 10000h with holes
  mov edi, 0x10000
  mov dword ptr [edi], 0x11007
  lea edi, [0x10004]
  xor eax, eax
  mov ecx, 1023
  rep stosd
  mov edi, 0x11000
  mov eax, 7
  mov ecx, 1024
1: stosd
  add eax, 0x1000
  loop 1b
  mov dword ptr [0x11000 + 0x90*4], 0           # 90000h absent
  mov dword ptr [0x11000 + 0x91*4], 0x91005     # 91000h read-only
  mov dword ptr [0x11000 + 0x92*4], 0x92003     # 92000h supervisor
  mov eax, 0x10000
  mov cr3, eax
  mov eax, cr0
  or eax, 0x80000000
  mov cr0, eax
  jmp 1f
1: RESUME
  mov eax, [0x90004]
9: RESUME
  mov dword ptr [0x8fffe], 1     # straddles into the hole: nothing may be written
9: RESUME
  mov dword ptr [0x91000], 1     # WP is off
9: mov eax, cr0
  or eax, 0x10000
  mov cr0, eax
  RESUME
  mov dword ptr [0x91000], 1
9: mov ebx, [0x11000 + 0x91*4]
  call hex_ebx
  mov ebx, [0x11000 + 0x92*4]
  call hex_ebx
  # --- ring 3
  push UDATA32
  push 0x7f000
  push 0x3202
  push UCODE32
  lea eax, [0xf0000 + user32 - base]
  push eax
  iretd

user32:
  mov ax, UDATA32
  mov ds, ax
  mov es, ax
  RESUME
  mov eax, [0x92000]
9: RESUME
  hlt
9: RESUME
  cli                            # IOPL 3 allows it
  sti
  mov ax, DATA32
  mov ds, ax
9: RESUME
  int 0x80
9: RESUME
  int 0x20                       # gate DPL 0
9: RESUME
  mov eax, cr0
9: RESUME
  push 0x11223344
  .byte 0x9a                     # call through the gate, one parameter
  .long 0
  .word GATE
  mov ebx, esp
  call hex_ebx
9: RESUME
  pushfd
  pop ebx
  and ebx, 0x3fffff
  call hex_ebx
  # privileged return: vector 83h continues in ring 0 at EBP
  lea ebp, [0xf0000 + back32 - base]
  int 0x80

gate_target:
  push ebx
  mov ebx, cs
  call hex_ebx
  mov ebx, [esp+12]              # the copied parameter
  call hex_ebx
  pop ebx
  retf 4

back32:
  # we are in ring 3 still (IRET returned); ask for ring 0 by the stub of vector 84h
  mov byte ptr [0x2000 + 0x84*8 + 5], 0xee
  int 0x84
ring0:
  mov ax, DATA32
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov esp, 0x80000
  mov ebx, cs
  call hex_ebx
  # --- virtual-8086: INT 21h goes to #GP in the monitor (IOPL 0), then a port allowed by IOPL
  push 0
  push 0
  push 0x50
  push 0x50
  push 0x6000
  push 0x6ffe
  push 0x20202
  push SEG
  push offset v86 - base
  lea ebp, [0xf0000 + v86_done - base]
  iretd
v86_done:
  mov ax, DATA32
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov esp, 0x80000
  call mark
  # --- hardware task switch: JMP to a TSS, which comes back by CALL's IRET
  mov eax, cr0
  and eax, 0x7fffffff
  mov cr0, eax
  mov edi, 0x4800
  xor eax, eax
  mov ecx, 26
  rep stosd
  lea eax, [0xf0000 + task_b - base]
  mov [0x4800 + 0x20], eax
  mov dword ptr [0x4800 + 0x24], 0x2
  mov dword ptr [0x4800 + 0x38], 0x7c000
  mov dword ptr [0x4800 + 0x28], 0xaaaa
  mov dword ptr [0x4800 + 0x48], DATA32
  mov dword ptr [0x4800 + 0x4c], CODE32
  mov dword ptr [0x4800 + 0x50], DATA32
  mov dword ptr [0x4800 + 0x54], DATA32
  mov word ptr [0x4800 + 0x66], 0x68
  .byte 0x9a
  .long 0
  .word TSS32B
  mov ebx, eax
  call hex_ebx
  str ebx
  call hex_ebx
  int 0x82                       # and once more by a task gate
  mov ebx, [0x1000 + TSS32B + 4]
  call hex_ebx
  jmp to64

task_b:
  mov ebx, eax
  call hex_ebx
  str ebx
  call hex_ebx
  mov ebx, [0x4800]
  call hex_ebx
  pushfd
  pop ebx
  call hex_ebx
  smsw ebx
  call hex_ebx
  inc eax
  clts
  iretd
  mov al, 't'
  out 0xe9, al
  iretd

.code16
v86:
  mov al, 'v'
  out 0xe9, al                   # the I/O bitmap is absent: #GP, the monitor skips it
  nop
  int 0x21
  nop
  hlt
.code32

mark:
  push eax
  mov al, '*'
  out 0xe9, al
  mov al, 10
  out 0xe9, al
  pop eax
  ret

hex_ebx:
  push eax
  push ecx
  mov ecx, 8
1: rol ebx, 4
  mov al, bl
  and al, 15
  cmp al, 10
  jb 2f
  add al, 39
2: add al, 48
  out 0xe9, al
  loop 1b
  mov al, 10
  out 0xe9, al
  pop ecx
  pop eax
  ret

# Stubs: push an error code where the processor does not, and the vector.
.balign 16
stubs32:
.set v, 0
.rept 256
  .balign 16
  .if (v == 8) || (v >= 10 && v <= 14) || (v == 17)
  nop
  nop
  .else
  push 0
  .endif
  push v
  jmp common32
  .set v, v + 1
.endr

common32:
  push ds
  push eax
  push ebx
  mov ax, DATA32
  mov ds, ax
  mov al, 'x'
  out 0xe9, al
  mov ebx, [esp+12]
  call hex_ebx
  mov ebx, [esp+16]
  call hex_ebx
  mov ebx, [esp+24]
  call hex_ebx
  mov ebx, [esp+20]
  call hex_ebx
  mov ebx, [esp+28]
  and ebx, 0x3e7700              # arithmetic flags aside, and RF, which QEMU does not set for faults
  call hex_ebx
  cmp dword ptr [esp+12], 14
  jne 1f
  mov ebx, cr2
  call hex_ebx
1: test dword ptr [esp+28], 0x20000
  jnz monitor
  cmp dword ptr [esp+12], 0x84
  je to_ring0
  cmp dword ptr [esp+12], 1
  je 2f
  mov [esp+20], ebp
2: and dword ptr [esp+28], 0xfffefeff
  pop ebx
  pop eax
  pop ds
  add esp, 8
  iretd
to_ring0:
  jmp ring0

# The virtual-8086 monitor: prints what faulted, skips it, ends at HLT.
monitor:
  mov ebx, [esp+32]              # ESP of the guest
  call hex_ebx
  mov ebx, [esp+44]              # DS of the guest
  call hex_ebx
  movzx ebx, word ptr [esp+24]
  shl ebx, 4
  add ebx, [esp+20]
  mov bl, [ebx]
  cmp bl, 0xf4
  je 1f
  add dword ptr [esp+20], 2
  pop ebx
  pop eax
  pop ds
  add esp, 8
  iretd
1: jmp ebp

# ---------------------------------------------------------------------------------------------------------- long mode
to64:
  # 4-level tables at 20000h: 1 GiB identity by 2 MiB pages, user
  mov edi, 0x20000
  xor eax, eax
  mov ecx, 0x3000 / 4
  rep stosd
  mov dword ptr [0x20000], 0x21007
  mov dword ptr [0x21000], 0x22007
  mov edi, 0x22000
  mov eax, 0x87
  mov ecx, 512
1: stosd
  mov dword ptr [edi], 0
  add edi, 4
  add eax, 0x200000
  loop 1b
  mov dword ptr [0x22000 + 5*8], 0              # 10 MiB absent
  mov dword ptr [0x22000 + 6*8 + 4], 0x80000000 # 12 MiB no-execute
  # a 64-bit IDT at 30000h
  mov edi, 0x30000
  lea eax, [0xf0000 + stubs64 - base]
  mov ecx, 256
1: mov [edi], ax
  mov word ptr [edi+2], CODE64
  mov word ptr [edi+4], 0x8e00
  mov edx, eax
  shr edx, 16
  mov [edi+6], dx
  mov dword ptr [edi+8], 0
  mov dword ptr [edi+12], 0
  add edi, 16
  add eax, 16
  loop 1b
  mov byte ptr [0x30000 + 0x80*16 + 5], 0xee
  mov byte ptr [0x30000 + 6*16 + 4], 1          # #UD on IST 1
  mov edi, 0x4000
  xor eax, eax
  mov ecx, 26
  rep stosd
  mov dword ptr [0x4004], 0x78000
  mov dword ptr [0x4024], 0x76008               # IST1, misaligned on purpose
  mov word ptr [0x4066], 0x68
  mov eax, 0x620                                # PAE, OSFXSR, OSXMMEXCPT
  mov cr4, eax
  mov eax, 0x20000
  mov cr3, eax
  mov ecx, 0xc0000080
  mov eax, 0x901                                # NXE LME SCE
  xor edx, edx
  wrmsr
  mov eax, cr0
  or eax, 0x80010000
  mov cr0, eax
  rdmsr
  mov ebx, eax
  call hex_ebx                                  # LMA is set; compatibility mode
  .byte 0xea
  .long 0xf0000 + start64 - base
  .word CODE64

.code64
start64:
  mov ax, DATA32
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov rsp, 0x80000
  lidt [0xf0000 + idtr64 - base]
  mov ax, TSS64
  ltr ax
.macro RESUME64
  lea r15, [rip + 9f]
.endm
  RESUME64
  ud2
9: RESUME64
  mov rax, [0xa00010]
9: RESUME64
  mov rax, 0x8000000000000000
  mov [rax], rax                 # not canonical: #GP
9: RESUME64
  mov eax, 0xc00000
  mov byte ptr [rax], 0xc3
  call rax                       # no-execute
9: mov rsp, 0x80000
  xor eax, eax
  mov ax, 0x2b
  RESUME64
  mov fs, ax
9: xor eax, eax
  mov ss, ax                     # a null SS is fine at CPL 0
  mov ebx, ss
  call hex64
  # SYSCALL from ring 3 and back by SYSRET
  mov ecx, 0xc0000081
  xor eax, eax
  mov edx, (UDATA32 - 8) << 16 | CODE64
  wrmsr
  mov ecx, 0xc0000082
  lea rax, [rip + entry64]
  mov rdx, rax
  shr rdx, 32
  wrmsr
  mov ecx, 0xc0000084
  mov eax, 0x200
  xor edx, edx
  wrmsr
  push UDATA32
  push 0x7f000
  push 0x3202
  push UCODE64
  lea rax, [rip + user64]
  push rax
  iretq
user64:
  mov ebx, cs
  call hex64
  RESUME64
  cli
  sti
  hlt
9: RESUME64
  int 0x80
9: mov rbx, 0x1111
  syscall
  mov rbx, rcx
  sub rbx, [rip + here]
  call hex64
  mov rbx, r11
  and rbx, 0x3f7700
  call hex64
  syscall                        # the second one ends the test
here:
  .long here, 0
entry64:
  mov ebx, cs
  call hex64
  mov ebx, ss
  call hex64
  pushfq
  pop rbx
  and ebx, 0x3f7700
  call hex64
  inc dword ptr [0x5010]
  cmp dword ptr [0x5010], 2
  je finish
  sysretq
finish:
  mov al, 10
  out 0xe9, al
  mov al, 0
  out 0xf4, al
1: hlt
  jmp 1b

hex64:
  push rax
  push rcx
  mov ecx, 16
1: rol rbx, 4
  mov al, bl
  and al, 15
  cmp al, 10
  jb 2f
  add al, 39
2: add al, 48
  out 0xe9, al
  loop 1b
  mov al, 10
  out 0xe9, al
  pop rcx
  pop rax
  ret

.balign 16
stubs64:
.set v, 0
.rept 256
  .balign 16
  .if (v == 8) || (v >= 10 && v <= 14) || (v == 17)
  nop
  nop
  .else
  push 0
  .endif
  push v
  jmp common64
  .set v, v + 1
.endr

common64:
  push rax
  push rbx
  mov al, 'y'
  out 0xe9, al
  mov rbx, [rsp+16]
  call hex64
  mov rbx, [rsp+24]
  call hex64
  mov rbx, [rsp+32]
  call hex64
  mov rbx, [rsp+40]
  call hex64
  mov rbx, [rsp+48]
  and ebx, 0x3e7700
  call hex64
  mov rbx, [rsp+56]
  call hex64
  mov rbx, [rsp+64]
  call hex64
  mov rbx, rsp
  call hex64
  cmp qword ptr [rsp+16], 14
  jne 1f
  mov rbx, cr2
  call hex64
1: mov [rsp+32], r15
  pop rbx
  pop rax
  add rsp, 16
  iretq

.balign 8
gdt:
  .quad 0
  .quad 0x00cf9a000000ffff      # 08 code32
  .quad 0x00cf92000000ffff      # 10 data32
  .quad 0x00cffa000000ffff      # 18 user code32
  .quad 0x00cff2000000ffff      # 20 user data32
  .quad 0x0000890040000067      # 28 TSS at 4000h
  .quad 0x00af9a000000ffff      # 30 code64
  .quad 0x004092000000000f      # 38 small
gate:
  .word gate_target - base, CODE32, 0xec01, 0x000f   # 40 call gate
  .quad 0x0000890048000067      # 48 TSS B at 4800h
  .quad 0x00cf12000000ffff      # 50 absent
  .quad 0x00009a0f0000ffff      # 58 code16
  .quad 0x000092000000ffff      # 60 data16
  .quad 0x00affa000000ffff      # 68 user code64
  .quad 0x00cf90000000ffff      # 70 read-only
  .quad 0x0000890040000067      # 78 TSS64 at 4000h
  .quad 0
gdt_end:
gdtr: .word gdt_end - gdt - 1
  .long 0xf0000 + gdt - base
gdtr_ram: .word gdt_end - gdt - 1
  .long 0x1000
idtr32: .word 0x7ff
  .long 0x2000
idtr64: .word 0xfff
  .quad 0x30000
bounds: .long 100, 200
