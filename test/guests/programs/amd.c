// SSE4A and 3DNow! on many operands, every result printed: instructions that Intel's processors do not have.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS 200

static uint64_t state = 88172645463325252u;
static uint64_t random64(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

/** A single of moderate size, whose sums and products stay normal and finite. */
static uint32_t randomSingle(void) {
  uint64_t r = random64();
  return (uint32_t)(r & 0x807fffff) | (uint32_t)(110 + (r >> 32) % 34) << 23;
}

static uint64_t singles(void) { return (uint64_t)randomSingle() << 32 | randomSingle(); }
/** Integers that a single holds exactly. */
static uint64_t integers(void) {
  uint64_t low = (uint32_t)(int32_t)(random64() & 0xffffff) - 0x800000u;
  return (random64() & 0x7fffff) << 32 | (uint32_t)low;
}

typedef struct {
  uint64_t low, high;
} Vector;

static void show(const char *name, uint64_t value) { printf("%s %016llx\n", name, (unsigned long long)value); }

// Field of LENGTH bits at INDEX. QEMU 7.2 takes XMM0 for EXTRQ's register whatever modrm.rm says.
#define EXTRACT(LENGTH, INDEX)                                                                                                 \
  {                                                                                                                            \
    Vector a = {random64(), 0};                                                                                                \
    __asm__ volatile("movups %0, %%xmm0\n extrq $" #INDEX ", $" #LENGTH ", %%xmm0\n movups %%xmm0, %0" : "+m"(a)::"xmm0");    \
    show("extrq " #LENGTH " " #INDEX, a.low);                                                                                  \
  }
#define INSERT(LENGTH, INDEX)                                                                                                  \
  {                                                                                                                            \
    Vector a = {random64(), 0}, b = {random64(), 0};                                                                           \
    __asm__ volatile("movups %0, %%xmm1\n movups %1, %%xmm12\n insertq $" #INDEX ", $" #LENGTH ", %%xmm12, %%xmm1\n"          \
                     "movups %%xmm1, %0"                                                                                       \
                     : "+m"(a)                                                                                                 \
                     : "m"(b)                                                                                                  \
                     : "xmm1", "xmm12");                                                                                       \
    show("insertq " #LENGTH " " #INDEX, a.low);                                                                                \
  }

static void sse4a(void) {
  EXTRACT(0, 0)
  EXTRACT(1, 63)
  EXTRACT(8, 8)
  EXTRACT(17, 31)
  EXTRACT(63, 1)
  INSERT(0, 0)
  INSERT(1, 63)
  INSERT(8, 8)
  INSERT(17, 31)
  INSERT(63, 1)
  for (int i = 0; i < ROUNDS; i++) {
    uint64_t length = random64() % 65, index = length == 64 ? 0 : random64() % (65 - length);
    // Bits beyond the six of each are ignored.
    uint64_t field = (length & 63) | (index & 63) << 8 | (random64() & 0xc0c0);
    Vector a = {random64(), 0}, b = {field, 0}, c = {random64(), field};
    __asm__ volatile("movups %0, %%xmm9\n movups %1, %%xmm2\n extrq %%xmm2, %%xmm9\n movups %%xmm9, %0" : "+m"(a) : "m"(b) : "xmm9", "xmm2");
    show("extrq", a.low);
    __asm__ volatile("movups %0, %%xmm9\n movups %1, %%xmm2\n insertq %%xmm2, %%xmm9\n movups %%xmm9, %0" : "+m"(a) : "m"(c) : "xmm9", "xmm2");
    show("insertq", a.low);
    char bytes[16] = {0};
    __asm__ volatile("movups %2, %%xmm3\n movntss %%xmm3, %0\n movntsd %%xmm3, %1" : "=m"(*(int (*)[1])(bytes + 1)), "=m"(*(int (*)[2])(bytes + 7)) : "m"(c) : "xmm3");
    memcpy(&b, bytes, sizeof b);
    show("movnt low", b.low);
    show("movnt high", b.high);
  }
}

// One operation between registers and with a memory operand.
#define BINARY(NAME, A, B)                                                                                                     \
  for (int i = 0; i < ROUNDS; i++) {                                                                                           \
    uint64_t a = A, b = B, c = a;                                                                                              \
    __asm__ volatile("movq %0, %%mm1\n movq %2, %%mm6\n" NAME " %%mm6, %%mm1\n movq %%mm1, %0\n"                             \
                     "movq %1, %%mm2\n" NAME " %2, %%mm2\n movq %%mm2, %1\n femms"                                            \
                     : "+m"(a), "+m"(c)                                                                                        \
                     : "m"(b)                                                                                                  \
                     : "mm1", "mm2", "mm6");                                                                                   \
    show(NAME, a);                                                                                                             \
    if (a != c) show(NAME " from memory", c);                                                                                  \
  }

static void threeDNow(void) {
  BINARY("pfadd", singles(), singles())
  BINARY("pfsub", singles(), singles())
  BINARY("pfsubr", singles(), singles())
  BINARY("pfmul", singles(), singles())
  BINARY("pfacc", singles(), singles())
  BINARY("pfnacc", singles(), singles())
  BINARY("pfpnacc", singles(), singles())
  BINARY("pfmin", singles(), singles())
  BINARY("pfmax", singles(), singles())
  BINARY("pfcmpeq", singles(), i & 1 ? a : singles())
  BINARY("pfcmpge", singles(), i & 1 ? a : singles())
  BINARY("pfcmpgt", singles(), i & 1 ? a : singles())
  BINARY("pfrcp", 0, singles())
  BINARY("pfrsqrt", 0, singles())
  BINARY("pf2id", 0, singles())
  BINARY("pf2iw", 0, singles())
  BINARY("pi2fd", 0, integers())
  BINARY("pi2fw", 0, random64())
  BINARY("pmulhrw", random64(), random64())
  BINARY("pavgusb", random64(), random64())
  BINARY("pswapd", random64(), random64())
}

/** The quotient by the steps that AMD's manual gives: each implementation has its own estimates, all end at the same. */
static void quotients(void) {
  for (int i = 0; i < ROUNDS; i++) {
    uint64_t a = singles(), b = singles();
    b = b << 32 | (uint32_t)b;
    __asm__ volatile("movq %1, %%mm0\n pfrcp %%mm0, %%mm1\n pfrcpit1 %%mm1, %%mm0\n pfrcpit2 %%mm1, %%mm0\n"
                     "pfmul %0, %%mm0\n movq %%mm0, %0\n femms"
                     : "+m"(a)
                     : "m"(b)
                     : "mm0", "mm1");
    show("quotient", a);
  }
}

int main(void) {
  sse4a();
  threeDNow();
  quotients();
  return 0;
}
