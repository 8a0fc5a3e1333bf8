// Runs instruction snippets on the host's own CPU. Reads cases from stdin, writes outcomes to stdout; both are the struct
// below. A snippet ends at UD2. Registers go in and out through a signal's context, so that all of them, RSP and the flags
// included, are the snippet's own.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define CODE 0x400000
#define DATA 0x500000
#define DATA_BYTES 512

struct state {
  uint64_t registers[16];
  uint64_t rip, flags;
  uint32_t vector, length;
  uint8_t code[32];
  uint8_t data[DATA_BYTES];
};

static struct state current;
static volatile int inside;
static ucontext_t home;

// modrm order: rax rcx rdx rbx rsp rbp rsi rdi r8..r15
static const int ORDER[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                              REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static void handle(int number, siginfo_t *info, void *context) {
  ucontext_t *at = context;
  greg_t *registers = at->uc_mcontext.gregs;
  (void)number;
  (void)info;
  if (!inside) {
    memcpy(home.uc_mcontext.gregs, registers, sizeof at->uc_mcontext.gregs);
    for (int i = 0; i < 16; i++) registers[ORDER[i]] = current.registers[i];
    registers[REG_RIP] = CODE;
    registers[REG_EFL] = current.flags;
    inside = 1;
    return;
  }
  for (int i = 0; i < 16; i++) current.registers[i] = registers[ORDER[i]];
  current.rip = registers[REG_RIP];
  current.flags = registers[REG_EFL];
  current.vector = registers[REG_TRAPNO];
  memcpy(registers, home.uc_mcontext.gregs, sizeof at->uc_mcontext.gregs);
  inside = 0;
}

int main(void) {
  static uint8_t stack[65536];
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternate, 0);
  struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  int signals[] = {SIGTRAP, SIGILL, SIGFPE, SIGSEGV, SIGBUS};
  for (int i = 0; i < 5; i++) sigaction(signals[i], &action, 0);
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  uint8_t *code = mmap((void *)CODE, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1, 0);
  uint8_t *data = mmap((void *)DATA, 4096, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (code != (void *)CODE || data != (void *)DATA) return 1;
  while (fread(&current, sizeof current, 1, stdin) == 1) {
    memcpy(code, current.code, sizeof current.code);
    memcpy(data, current.data, DATA_BYTES);
    __asm__ volatile("int3" ::: "memory");
    memcpy(current.data, data, DATA_BYTES);
    fwrite(&current, sizeof current, 1, stdout);
  }
  return 0;
}
