/*
 * The host CPU as oracle: runs single floating-point instructions on given state and reports what came out.
 *
 *   oracle x87   64-byte records: one x87 instruction of two bytes on ST(0), ST(1) and 16 bytes of memory
 *   oracle full  160-byte records: one x87 or MMX instruction on a whole FNSAVE image, RAX and 32 bytes of memory
 *
 * Memory operands are written [rsi] (ModRM mod 00, rm 110). Records are read from stdin until it ends; answers go to
 * stdout in the same order. The layouts are the structs below.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

struct x87_in {
  uint8_t code[2];
  uint16_t control;
  uint32_t eflags;
  uint8_t st0[10], st1[10];
  uint8_t pad[4];
  uint8_t memory[16];
  uint8_t pad2[16];
} __attribute__((packed));

struct x87_out {
  uint16_t status, tag, eflags, control;
  uint8_t st[3][10];
  uint8_t pad[10];
  uint8_t memory[16];
} __attribute__((packed));

struct full_in {
  uint8_t length, code[7];
  uint8_t image[108];
  uint32_t eflags;
  uint64_t rax;
  uint8_t memory[32];
} __attribute__((packed));

struct full_out {
  uint64_t eflags;
  uint8_t image[108];
  uint32_t trapped;
  uint64_t rax;
  uint8_t memory[32];
} __attribute__((packed));

_Static_assert(sizeof(struct x87_in) == 64 && sizeof(struct x87_out) == 64, "x87 record");
_Static_assert(sizeof(struct full_in) == 160 && sizeof(struct full_out) == 160, "full record");

static uint8_t *code;
static volatile uint32_t trapped;
static uint8_t *resume;
static uint8_t operand[64] __attribute__((aligned(64)));

static void on_fpe(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  ucontext_t *machine = context;
  trapped = 1;
  machine->uc_mcontext.fpregs->swd &= ~0x80ff;
  machine->uc_mcontext.gregs[REG_RIP] = (greg_t)resume;
}

static void run_x87(const struct x87_in *in, struct x87_out *out) {
  uint8_t *stub = code + ((in->code[0] & 7) * 256 + in->code[1]) * 8;
  uint8_t image[108];
  uint64_t flags = in->eflags | 2;
  if (stub[2] != 0xc3) {
    memcpy(stub, in->code, 2);
    stub[2] = 0xc3;
  }
  memcpy(operand, in->memory, 16);
  __asm__ volatile(
      "fninit; fldcw %[cw]; fldt %[st1]; fldt %[st0]; pushq %[flags]; popfq; call *%[stub]; pushfq; popq %[flags];"
      "fnsave %[image]"
      : [image] "=m"(image), [flags] "+b"(flags), "+m"(operand)
      : [cw] "m"(in->control), [st0] "m"(in->st0), [st1] "m"(in->st1), [stub] "r"(stub), "S"(operand)
      : "rax", "cc", "memory", "st");
  memset(out, 0, sizeof *out);
  memcpy(&out->control, image, 2);
  memcpy(&out->status, image + 4, 2);
  memcpy(&out->tag, image + 8, 2);
  out->eflags = flags;
  memcpy(out->st, image + 28, 30);
  memcpy(out->memory, operand, 16);
}

static void place(const uint8_t *bytes, int length) {
  if (memcmp(code, bytes, length) || code[length] != 0xc3) {
    memcpy(code, bytes, length);
    code[length] = 0xc3;
  }
  resume = code + length;
}

static void run_full(const struct full_in *in, struct full_out *out) {
  uint64_t flags = in->eflags | 2, rax = in->rax;
  place(in->code, in->length);
  memcpy(operand, in->memory, 32);
  trapped = 0;
  __asm__ volatile(
      "frstor %[in]; pushq %[flags]; popfq; call *%[stub]; pushfq; popq %[flags]; fnsave %[out]"
      : [out] "=m"(out->image), [flags] "+b"(flags), "+a"(rax), "+m"(operand)
      : [in] "m"(in->image), [stub] "r"(code), "S"(operand)
      : "cc", "memory", "st");
  out->eflags = flags;
  out->rax = rax;
  out->trapped = trapped;
  memcpy(out->memory, operand, 32);
}

#define SERVE(in_type, out_type, run)                                       \
  do {                                                                      \
    struct in_type *in = malloc(4096 * sizeof *in);                         \
    struct out_type *out = calloc(4096, sizeof *out);                       \
    size_t count;                                                           \
    while ((count = fread(in, sizeof *in, 4096, stdin)) != 0) {             \
      for (size_t i = 0; i < count; i++) run(&in[i], &out[i]);              \
      fwrite(out, sizeof *out, count, stdout);                              \
    }                                                                       \
  } while (0)

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  struct sigaction action = {.sa_sigaction = on_fpe, .sa_flags = SA_SIGINFO};
  sigaction(SIGFPE, &action, NULL);
  code = mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code == MAP_FAILED) return 2;
  if (!strcmp(mode, "x87")) SERVE(x87_in, x87_out, run_x87);
  else if (!strcmp(mode, "full")) SERVE(full_in, full_out, run_full);
  else return 1;
  return 0;
}
