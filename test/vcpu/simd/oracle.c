/*
 * The host CPU as oracle for vector instructions: each record is one instruction with its registers (MMX ones too), MXCSR
 * and memory; the answer is what they are afterwards, and the vector of the exception if there was one (6 #UD, 13 #GP, 19 #XM).
 * Records are read from stdin until it ends. RSI and RDI hold the address of 256 bytes of memory plus `offset`.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { VECTORS = 8, MEMORY = 128, BATCH = 1024 };

struct state {
  uint8_t vector[VECTORS][32]; /* ymm0-3, ymm8-10, ymm15 */
  uint64_t gpr[4];             /* rax rcx rdx rbx */
  uint64_t flags;
  uint32_t mxcsr;
  uint32_t trap; /* out: vector + 1, or 0 */
  uint8_t memory[MEMORY];
  uint8_t mmx[8][10]; /* the x87 registers by number, whatever TOP is: significand, then exponent and sign */
  uint16_t top;
  uint16_t valid; /* bit n: register n is not empty */
} __attribute__((packed));

/* What FNSAVE writes in 64-bit mode. */
struct x87_image {
  uint32_t control, status, tags, pointers[4];
  uint8_t st[8][10];
} __attribute__((packed));

struct input {
  uint8_t length, offset, code[14];
  struct state state;
} __attribute__((packed));

static uint8_t *code;
static uint8_t operand[4096] __attribute__((aligned(4096)));
static volatile uint32_t trap, trap_mxcsr;
static uint8_t *resume;
static struct state now;
static struct x87_image x87;

static void on_fault(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  ucontext_t *machine = context;
  trap = (uint32_t)machine->uc_mcontext.gregs[REG_TRAPNO] + 1;
  trap_mxcsr = machine->uc_mcontext.fpregs->mxcsr;
  machine->uc_mcontext.fpregs->mxcsr = 0x1f80;
  machine->uc_mcontext.gregs[REG_RIP] = (greg_t)resume;
}

#define V(n) #n
#define LOAD(n, at) "vmovdqu " V(at) "*32(%%r12), %%ymm" V(n) "\n"
#define SAVE(n, at) "vmovdqu %%ymm" V(n) ", " V(at) "*32(%%r12)\n"

static void execute(uint8_t *memory) {
  static const uint32_t usual = 0x1f80;
  register uint8_t *pointer __asm__("r14") = memory;
  register uint8_t *stub __asm__("r13") = code;
  __asm__ volatile(
      "mov %[now], %%r12\n frstor %[x87]\n" LOAD(0, 0) LOAD(1, 1) LOAD(2, 2) LOAD(3, 3) LOAD(8, 4) LOAD(9, 5) LOAD(10, 6) LOAD(15, 7)
      "mov 256(%%r12), %%rax\n mov 264(%%r12), %%rcx\n mov 272(%%r12), %%rdx\n mov 280(%%r12), %%rbx\n"
      "ldmxcsr 296(%%r12)\n mov %%r14, %%rsi\n mov %%r14, %%rdi\n"
      "pushq 288(%%r12)\n popfq\n call *%%r13\n pushfq\n popq 288(%%r12)\n"
      "stmxcsr 296(%%r12)\n ldmxcsr %[usual]\n fnsave %[x87]\n"
      "mov %%rax, 256(%%r12)\n mov %%rcx, 264(%%r12)\n mov %%rdx, 272(%%r12)\n mov %%rbx, 280(%%r12)\n"
      SAVE(0, 0) SAVE(1, 1) SAVE(2, 2) SAVE(3, 3) SAVE(8, 4) SAVE(9, 5) SAVE(10, 6) SAVE(15, 7) "vzeroupper\n"
      : "+r"(pointer), "+r"(stub), [x87] "+m"(x87)
      : [now] "r"(&now), [usual] "m"(usual)
      : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r12", "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
        "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

static void enter_x87(const struct state *from) {
  memset(&x87, 0, sizeof x87);
  x87.control = 0x37f;
  x87.status = (uint32_t)from->top << 11;
  for (int i = 0; i < 8; i++) {
    if (!(from->valid >> i & 1)) x87.tags |= 3u << (2 * i);
    memcpy(x87.st[(i - from->top) & 7], from->mmx[i], 10);
  }
}

static void leave_x87(struct state *to) {
  to->top = x87.status >> 11 & 7;
  to->valid = 0;
  for (int i = 0; i < 8; i++) {
    if ((x87.tags >> (2 * i) & 3) != 3) to->valid |= 1u << i;
    memcpy(to->mmx[i], x87.st[(i - to->top) & 7], 10);
  }
}

static void run(const struct input *in, struct state *out) {
  memcpy(code, in->code, in->length);
  code[in->length] = 0xc3;
  resume = code + in->length;
  memset(operand, 0, 512);
  memcpy(operand + 64, in->state.memory, MEMORY);
  now = in->state;
  now.flags |= 0x202;
  trap = 0;
  enter_x87(&now);
  execute(operand + 64 + in->offset);
  if (trap) now.mxcsr = trap_mxcsr;
  now.trap = trap;
  leave_x87(&now);
  now.flags &= 0x8d5;
  memcpy(now.memory, operand + 64, MEMORY);
  *out = now;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGFPE, &action, NULL);
  sigaction(SIGILL, &action, NULL);
  sigaction(SIGSEGV, &action, NULL);
  code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code == MAP_FAILED) return 2;
  static struct input in[BATCH];
  static struct state out[BATCH];
  size_t count;
  while ((count = fread(in, sizeof *in, BATCH, stdin)) != 0) {
    for (size_t i = 0; i < count; i++) run(&in[i], &out[i]);
    fwrite(out, sizeof *out, count, stdout);
  }
  return 0;
}
