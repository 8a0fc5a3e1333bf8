# Instructions that only exist outside 64-bit code, in 16- and 32-bit forms: checksums over their inputs, printed on port E9h.
.intel_syntax noprefix
.set SEG, 0xf000
.set CODE32, 0x08
.set DATA32, 0x10
.text
.code16
base:
  cli
  xor ax, ax
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov sp, 0x7000
  # --- 16-bit addressing forms: every one stores a different byte
  mov cx, 256
  mov di, 0x600
  cld
1: mov al, cl
  stosb
  loop 1b
  mov bx, 0x600
  mov bp, 0x610
  mov si, 0x20
  mov di, 0x30
  xor edx, edx
  .macro SUM operand:vararg
  rol edx, 3
  add dl, \operand
  .endm
  SUM [bx+si]
  SUM [bx+di]
  SUM [bp+si]
  SUM [bp+di]
  SUM [si+0x600]
  SUM [di+0x600]
  SUM [bp]
  SUM [bx]
  SUM [bx+si+5]
  SUM [bp-3]
  SUM ds:[0x655]
  SUM [bp+di+0x40]
  # offsets wrap at 64 KiB
  mov bx, 0xffff
  mov si, 0x620
  SUM [bx+si]
  mov ebx, edx
  call hex16
  # --- stack forms
  mov ax, 1
  mov cx, 2
  mov dx, 3
  mov bx, 4
  mov bp, 5
  mov si, 6
  mov di, 7
  pusha
  pushad
  mov bp, sp
  mov eax, [bp]
  xor eax, [bp+4]
  xor eax, [bp+32]
  xor eax, [bp+42]
  mov ebx, eax
  call hex16
  popad
  popa
  mov bp, 0x6ff0
  enter 16, 3
  mov ax, bp
  shl eax, 16
  mov ax, sp
  mov ebx, eax
  call hex16
  mov eax, [bp-6]
  mov ebx, eax
  call hex16
  leave
  mov bx, sp
  call hex16
  # --- LOOP forms, JCXZ
  mov ecx, 0x10003
  xor ebx, ebx
2: inc ebx
  loop 2b
  shl ebx, 8
  mov ecx, 3
3: inc ebx
  addr32 loop 3b
  call hex16
  xor cx, cx
  mov ebx, 1
  jcxz 4f
  mov ebx, 2
4: call hex16
  # --- far call and return
  push cs
  call near ptr far_proc
  .byte 0x9a
  .word far_proc - base, SEG
  .byte 0x66, 0x9a
  .long far_proc32 - base
  .word SEG
  mov ebx, esp
  call hex16
  jmp to32
far_proc:
  mov bx, sp
  call hex16
  retf
far_proc32:
  mov bx, sp
  call hex16
  .byte 0x66, 0xcb

hex16:
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
  mov esp, 0x80000
  # --- BCD: every AL with every CF and AF; AX and the defined flags go into the checksum
  .macro BCD mask, instruction:vararg
  xor edi, edi
  xor esi, esi
9: mov eax, esi
  and eax, 0x300                # CF and AF
  shr eax, 8
  mov ecx, eax
  and eax, 1
  and ecx, 2
  shl ecx, 3
  or eax, ecx
  push eax
  mov eax, esi
  mov ah, 0x35
  popfd
  \instruction
  pushfd
  pop ecx
  and ecx, \mask
  shl ecx, 16
  movzx eax, ax
  or eax, ecx
  rol edi, 1
  xor edi, eax
  inc esi
  cmp esi, 0x400
  jb 9b
  mov ebx, edi
  call hex32
  .endm
  BCD 0xd5, daa
  BCD 0xd5, das
  BCD 0x11, aaa
  BCD 0x11, aas
  BCD 0xc4, aam
  BCD 0xc4, .byte 0xd4, 7
  BCD 0xc4, aad
  BCD 0xc4, .byte 0xd5, 7
  # --- PUSHAD, ENTER, XLAT, LDS, 16-bit operands on a 32-bit stack
  mov ebp, 0x70000
  enter 32, 2
  mov ebx, ebp
  call hex32
  mov ebx, esp
  call hex32
  leave
  pushw 0x1234
  pushad
  mov ebx, [esp+12]
  call hex32
  popad
  popw bx
  call hex32
  mov dword ptr [0x900], 0x12345678
  mov word ptr [0x904], DATA32
  les ebx, [0x900]
  call hex32
  mov ebx, es
  call hex32
  mov byte ptr [0x942], 0x99
  mov ebx, 0x900
  mov al, 0x42
  xlat
  movzx ebx, al
  call hex32
  # INC and DEC in one byte, PUSH and POP of segments
  mov ebx, 0x7fffffff
  stc
  inc ebx
  pushfd
  call hex32
  pop ebx
  and ebx, 0x8d5
  call hex32
  push ds
  pop ebx
  call hex32
  mov al, 0
  out 0xf4, al
1: hlt
  jmp 1b
hex32:
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
.balign 8
gdt:
  .quad 0
  .quad 0x00cf9a000000ffff
  .quad 0x00cf92000000ffff
gdt_end:
gdtr: .word gdt_end - gdt - 1
  .long 0xf0000 + gdt - base
