/*
 * Runs instruction sequences on the host CPU. Standard input: one image of the writable test memory (IMAGE_BYTES), then
 * case records until end of file; standard output: one answer a case. Every sequence ends by an exception, whose
 * signal frame has registers and flags. The UD2 that the generator puts at the end is not executed: a jump out of the
 * sequence takes its place, which costs a twentieth of a signal, and the answer is as if UD2 had been reached. native-oracle.ts knows the formats and
 * test-memory.ts the addresses. Freestanding and position-independent, so that the low addresses are the tests' alone.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <ucontext.h>

#define PAGE 4096ul
#define CODE 0x10000000ul
#define CODE_BYTES (2 * PAGE)
#define DATA 0x20000000ul
#define DATA_BYTES (2 * PAGE)
#define READ_ONLY (DATA + DATA_BYTES)
#define STACK 0x30000000ul
#define STACK_BYTES PAGE
#define IMAGE_BYTES (DATA_BYTES + STACK_BYTES)
/* Written by the harness and known to no case: where sequences leave to. */
#define EXIT 0x6b5a4000ul
#define EXIT_TRAMPOLINE 16
#define GS_BASE 0x20000100ul
#define MAX_CODE 240
#define UD2_BYTES 2
#define UD_VECTOR 6

struct input {
  uint32_t code_length, bits, code_offset, reserved;
  uint64_t flags;
  uint64_t registers[16];
  uint8_t code[MAX_CODE];
  uint64_t padding;
};

struct output {
  uint32_t vector, error;
  uint64_t cr2, rip, flags;
  uint64_t registers[16];
  uint32_t hash[4];
};

/* Linux's struct sigaction of x86-64, and its flags. */
struct action {
  void (*handler)(int, void *, void *);
  uint64_t flags;
  void (*restorer)(void);
  uint64_t mask;
};
#define ON_STACK 0x08000000ul
#define SIGINFO 0x4ul
#define NO_DEFER 0x40000000ul
#define RESTORER 0x04000000ul

static struct input in;
struct output out __attribute__((visibility("hidden")));
uint64_t out_registers[16] __attribute__((visibility("hidden")));
uint64_t out_flags __attribute__((visibility("hidden")));
static int ended_by_signal;
static uint8_t image[IMAGE_BYTES] __attribute__((aligned(64)));
static uint8_t signal_stack[65536] __attribute__((aligned(64)));

struct __attribute__((packed)) far_pointer {
  uint32_t offset;
  uint16_t selector;
};
/* Read by the entry code. */
struct far_pointer entry32 __attribute__((visibility("hidden")));
uint64_t entry64 __attribute__((visibility("hidden")));
uint64_t entry_flags __attribute__((visibility("hidden")));
uint64_t entry_registers[16] __attribute__((visibility("hidden")));
uint64_t saved_rsp __attribute__((visibility("hidden")));

void enter(uint64_t bits);
void arrive(void);
void leave(void);
void restore(void);

__asm__(
    ".text\n"
    "enter:\n"
    "  push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "  mov %rsp, saved_rsp(%rip)\n"
    "  pushq entry_flags(%rip)\n"
    "  cmp $32, %edi\n"
    "  je 1f\n"
    "  popfq\n"
    ".macro load_registers\n"
    "  mov 0+entry_registers(%rip), %rax; mov 8+entry_registers(%rip), %rcx\n"
    "  mov 16+entry_registers(%rip), %rdx; mov 24+entry_registers(%rip), %rbx\n"
    "  mov 32+entry_registers(%rip), %rsp; mov 40+entry_registers(%rip), %rbp\n"
    "  mov 48+entry_registers(%rip), %rsi; mov 56+entry_registers(%rip), %rdi\n"
    "  mov 64+entry_registers(%rip), %r8; mov 72+entry_registers(%rip), %r9\n"
    "  mov 80+entry_registers(%rip), %r10; mov 88+entry_registers(%rip), %r11\n"
    "  mov 96+entry_registers(%rip), %r12; mov 104+entry_registers(%rip), %r13\n"
    "  mov 112+entry_registers(%rip), %r14; mov 120+entry_registers(%rip), %r15\n"
    ".endm\n"
    "  load_registers\n"
    "  jmp *entry64(%rip)\n"
    "1: popfq\n"
    "  load_registers\n"
    "  ljmpl *entry32(%rip)\n"
    "arrive:\n"
    "  mov %rax, 0+out_registers(%rip); mov %rcx, 8+out_registers(%rip)\n"
    "  mov %rdx, 16+out_registers(%rip); mov %rbx, 24+out_registers(%rip)\n"
    "  mov %rsp, 32+out_registers(%rip); mov %rbp, 40+out_registers(%rip)\n"
    "  mov %rsi, 48+out_registers(%rip); mov %rdi, 56+out_registers(%rip)\n"
    "  mov %r8, 64+out_registers(%rip); mov %r9, 72+out_registers(%rip)\n"
    "  mov %r10, 80+out_registers(%rip); mov %r11, 88+out_registers(%rip)\n"
    "  mov %r12, 96+out_registers(%rip); mov %r13, 104+out_registers(%rip)\n"
    "  mov %r14, 112+out_registers(%rip); mov %r15, 120+out_registers(%rip)\n"
    "  mov saved_rsp(%rip), %rsp\n"
    "  pushfq\n"
    "  popq out_flags(%rip)\n"
    "  pushq $0x202\n"
    "  popfq\n"
    "leave:\n"
    "  pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "  ret\n"
    "restore:\n"
    "  mov $15, %eax\n" /* rt_sigreturn */
    "  syscall\n"
    ".globl _start\n"
    "_start:\n"
    "  and $-16, %rsp\n"
    "  call start\n");

static long system_call(long number, long a, long b, long c, long d, long e, long f) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

static void fail(int code) {
  system_call(231, code, 0, 0, 0, 0, 0); /* exit_group */
}

static void copy(void *to, const void *from, uint64_t bytes) {
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

/* Bytes read; short only at end of file. */
static uint64_t read_fully(void *to, uint64_t bytes) {
  uint64_t done = 0;
  while (done < bytes) {
    long got = system_call(0, 0, (long)((char *)to + done), (long)(bytes - done), 0, 0, 0);
    if (got <= 0) break;
    done += (uint64_t)got;
  }
  return done;
}

static void write_fully(const void *from, uint64_t bytes) {
  uint64_t done = 0;
  while (done < bytes) {
    long put = system_call(1, 1, (long)((const char *)from + done), (long)(bytes - done), 0, 0, 0);
    if (put <= 0) fail(3);
    done += (uint64_t)put;
  }
}

static void map(uint64_t address, uint64_t bytes, int protection) {
  /* MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE */
  long got = system_call(9, (long)address, (long)bytes, protection, 0x100022, -1, 0);
  if ((uint64_t)got != address) fail(4);
}

static void on_signal(int number, void *information, void *context) {
  (void)number;
  (void)information;
  greg_t *s = ((ucontext_t *)context)->uc_mcontext.gregs;
  ended_by_signal = 1;
  out.vector = (uint32_t)s[REG_TRAPNO];
  out.error = (uint32_t)s[REG_ERR];
  out.cr2 = (uint64_t)s[REG_CR2];
  out.rip = (uint64_t)s[REG_RIP];
  out.flags = (uint64_t)s[REG_EFL];
  static const uint8_t order[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                  REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  for (unsigned i = 0; i < 16; i++) out.registers[i] = (uint64_t)s[order[i]];
  s[REG_RIP] = (greg_t)leave;
  s[REG_RSP] = (greg_t)saved_rsp;
  s[REG_EFL] = 0x202;
  /* CS and SS of 64-bit user code; FS and GS selectors are zero. */
  s[REG_CSGSFS] = 0x002b000000000033;
}

/* Four interleaved multiplicative hashes: one changed word always changes one of them. */
static void hash_memory(uint32_t *hash, const uint32_t *words, uint64_t count) {
  uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3];
  for (uint64_t i = 0; i < count; i += 4) {
    a = a * 0x9e3779b1u + words[i];
    b = b * 0x85ebca6bu + words[i + 1];
    c = c * 0xc2b2ae35u + words[i + 2];
    d = d * 0x27d4eb2fu + words[i + 3];
  }
  hash[0] = a, hash[1] = b, hash[2] = c, hash[3] = d;
}

/* Puts a far or near jump to arrive() in place of UD2. core-runner.ts puts the same bytes, for who reads its code. */
static void put_exit(uint8_t *at, uint32_t bits) {
  static const uint8_t jump64[] = {0xff, 0x24, 0x25, EXIT & 0xff, EXIT >> 8 & 0xff, EXIT >> 16 & 0xff, EXIT >> 24};
  static const uint8_t jump32[] = {0xea, EXIT_TRAMPOLINE, EXIT >> 8 & 0xff, EXIT >> 16 & 0xff, EXIT >> 24, 0x33, 0};
  copy(at, bits == 32 ? jump32 : jump64, sizeof jump64);
}

/* Ends what the last case left in the code area, by itself or by writing there. */
static void clear_code(void) {
  uint8_t *to = (uint8_t *)CODE;
  uint64_t bytes = CODE_BYTES;
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(0) : "memory");
}

static void run_case(void) {
  if (in.code_length > MAX_CODE || in.code_offset + MAX_CODE + 8 > CODE_BYTES) fail(5);
  copy((void *)DATA, image, DATA_BYTES);
  copy((void *)STACK, image + DATA_BYTES, STACK_BYTES);
  clear_code();
  copy((void *)(CODE + in.code_offset), in.code, in.code_length);
  copy(entry_registers, in.registers, sizeof in.registers);
  put_exit((uint8_t *)(CODE + in.code_offset + in.code_length - UD2_BYTES), in.bits);
  entry64 = CODE + in.code_offset;
  entry32.offset = (uint32_t)(CODE + in.code_offset);
  entry32.selector = 0x23;
  entry_flags = in.flags;
  out.vector = UD_VECTOR;
  out.error = 0;
  out.cr2 = 0;
  ended_by_signal = 0;
  enter(in.bits);
  if (!ended_by_signal) {
    out.rip = CODE + in.code_offset + in.code_length - UD2_BYTES;
    out.flags = out_flags;
    copy(out.registers, out_registers, sizeof out.registers);
  }
  out.hash[0] = out.hash[1] = out.hash[2] = out.hash[3] = 0;
  hash_memory(out.hash, (const uint32_t *)DATA, DATA_BYTES / 4);
  hash_memory(out.hash, (const uint32_t *)STACK, STACK_BYTES / 4);
}

__attribute__((used)) void start(void) {
  map(CODE, CODE_BYTES, 7);
  map(DATA, DATA_BYTES, 3);
  map(READ_ONLY, PAGE, 3);
  map(STACK, STACK_BYTES, 3);
  map(EXIT, PAGE, 7);
  *(uint64_t *)EXIT = (uint64_t)arrive;
  static const uint8_t trampoline[] = {0xff, 0x24, 0x25, EXIT & 0xff, EXIT >> 8 & 0xff, EXIT >> 16 & 0xff, EXIT >> 24};
  copy((void *)(EXIT + EXIT_TRAMPOLINE), trampoline, sizeof trampoline);
  if (read_fully(image, IMAGE_BYTES) != IMAGE_BYTES) fail(2);
  copy((void *)READ_ONLY, image, PAGE);
  system_call(10, READ_ONLY, PAGE, 1, 0, 0, 0); /* mprotect */
  struct { void *base; int flags; uint64_t bytes; } stack = {signal_stack, 0, sizeof signal_stack};
  system_call(131, (long)&stack, 0, 0, 0, 0, 0); /* sigaltstack */
  struct action action = {on_signal, ON_STACK | SIGINFO | NO_DEFER | RESTORER, restore, 0};
  static const uint8_t signals[] = {4, 5, 7, 8, 11}; /* ILL TRAP BUS FPE SEGV */
  for (unsigned i = 0; i < sizeof signals; i++) system_call(13, signals[i], (long)&action, 0, 8, 0, 0);
  system_call(158, 0x1001, GS_BASE, 0, 0, 0, 0); /* arch_prctl(ARCH_SET_GS) */
  __asm__ volatile("mov %0, %%ds\n mov %0, %%es" : : "r"(0x2b));
  static struct output answers[256];
  unsigned count = 0;
  while (read_fully(&in, sizeof in) == sizeof in) {
    run_case();
    answers[count++] = out;
    if (count == 256) write_fully(answers, sizeof answers), count = 0;
  }
  write_fully(answers, count * sizeof out);
  fail(0);
}
