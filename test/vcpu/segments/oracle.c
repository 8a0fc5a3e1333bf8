/*
 * Runs 32-bit code with one segment of its own on the host CPU: a descriptor that modify_ldt() puts into the LDT. Standard
 * input: an image of the data area, then case records until end of file; standard output: one answer a case. The code
 * ends in an exception. oracle.ts knows the formats. FS is left alone, since the C library needs its base.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096u
#define CODE 0x100000u
#define DATA 0x200000u
#define DATA_BYTES (3 * PAGE)
#define LDT_ENTRY 1

struct input {
  uint32_t base, limit;
  /* Bits as in struct user_desc: seg_32bit 1, contents 6, read_exec_only 8, limit_in_pages 10, seg_not_present 20. */
  uint32_t flags;
  uint32_t length;
  uint8_t code[112];
};

struct output {
  uint32_t vector, error, eip, eflags;
  uint32_t registers[8];
  uint32_t hash[2];
};

struct __attribute__((packed)) far_pointer {
  uint32_t offset;
  uint16_t selector;
};

static struct input in;
static struct output out;
struct far_pointer entry __attribute__((visibility("hidden"))) = {CODE, 0x23};
uint64_t saved_rsp __attribute__((visibility("hidden")));
static uint8_t image[DATA_BYTES];

void enter(void);
void leave(void);

__asm__(
    ".text\n"
    "enter:\n"
    "  push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "  mov %rsp, saved_rsp(%rip)\n"
    "  mov $0x2b, %eax; mov %eax, %ds; mov %eax, %es\n"
    "  pushq $0x202; popfq\n"
    "  xor %eax, %eax; xor %ecx, %ecx; xor %edx, %edx; xor %ebx, %ebx\n"
    "  xor %esi, %esi; xor %edi, %edi; xor %ebp, %ebp; xor %esp, %esp\n"
    "  ljmpl *entry(%rip)\n"
    "leave:\n"
    "  xor %eax, %eax; mov %eax, %ds; mov %eax, %es; mov %eax, %gs\n"
    "  cld\n"
    "  pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "  ret\n");

static void on_signal(int number, siginfo_t *info, void *context) {
  greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
  static const int order[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI};
  (void)number;
  (void)info;
  out.vector = (uint32_t)r[REG_TRAPNO];
  out.error = (uint32_t)r[REG_ERR];
  out.eip = (uint32_t)r[REG_RIP];
  out.eflags = (uint32_t)r[REG_EFL];
  for (int i = 0; i < 8; i++) out.registers[i] = (uint32_t)r[order[i]];
  r[REG_RIP] = (greg_t)leave;
  r[REG_RSP] = (greg_t)saved_rsp;
  r[REG_EFL] = 0x202;
  r[REG_CSGSFS] = 0x33 | (0x2bll << 48);
}

static void set_segment(void) {
  struct user_desc d;
  memset(&d, 0, sizeof d);
  d.entry_number = LDT_ENTRY;
  d.base_addr = in.base;
  d.limit = in.limit;
  d.seg_32bit = in.flags & 1;
  d.contents = (in.flags >> 6) & 3;
  d.read_exec_only = (in.flags >> 8) & 1;
  d.limit_in_pages = (in.flags >> 10) & 1;
  d.seg_not_present = (in.flags >> 20) & 1;
  d.useable = 1;
  if (syscall(SYS_modify_ldt, 0x11, &d, sizeof d) != 0) exit(3);
}

static void map(uint32_t at, uint32_t bytes) {
  void *got = mmap((void *)(uintptr_t)at, bytes, PROT_READ | PROT_WRITE | PROT_EXEC,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (got != (void *)(uintptr_t)at) exit(4);
}

int main(void) {
  static uint8_t stack[65536];
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  uint8_t *data = (uint8_t *)(uintptr_t)DATA;
  map(CODE, PAGE);
  map(DATA, DATA_BYTES);
  sigaltstack(&alternate, NULL);
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  sigaction(SIGILL, &action, NULL);
  sigaction(SIGTRAP, &action, NULL);
  if (fread(image, sizeof image, 1, stdin) != 1) return 2;
  while (fread(&in, sizeof in, 1, stdin) == 1) {
    memcpy(data, image, DATA_BYTES);
    memcpy((void *)(uintptr_t)CODE, in.code, sizeof in.code);
    set_segment();
    enter();
    out.hash[0] = out.hash[1] = 0x811c9dc5u;
    for (uint32_t i = 0; i < DATA_BYTES; i += 8) {
      uint32_t words[2];
      memcpy(words, data + i, 8);
      out.hash[0] = (out.hash[0] ^ words[0]) * 0x01000193u;
      out.hash[1] = (out.hash[1] ^ words[1]) * 0x01000193u;
    }
    fwrite(&out, sizeof out, 1, stdout);
  }
  return 0;
}
