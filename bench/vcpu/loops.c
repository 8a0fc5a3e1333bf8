// Workloads of bench/vcpu: freestanding, so that the core needs no operating system. Each prints nothing and exits with the
// low byte of its checksum; the whole checksum is the exit call's argument.
typedef unsigned long u64;
typedef unsigned int u32;
typedef unsigned char u8;

static void leave(u64 checksum) {
  __asm__ volatile("syscall" ::"a"(60), "D"(checksum) : "rcx", "r11", "memory");
  __builtin_unreachable();
}

#if defined INTEGER
// Register arithmetic: shifts, multiplications, additions.
static u64 work(void) {
  u64 x = 88172645463325252ul, sum = 0;
  for (u32 i = 0; i < ROUNDS; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    sum += x * 3 + (i | 1);
  }
  return sum;
}
#elif defined MEMORY
// Loads and stores over 256 KiB.
static u32 table[65536];
static u64 work(void) {
  u32 at = 1;
  u64 sum = 0;
  for (u32 i = 0; i < ROUNDS; i++) {
    at = (at * 1664525 + 1013904223);
    u32 index = at >> 16;
    table[index] += i;
    sum += table[(index + 7) & 65535];
  }
  return sum;
}
#elif defined BRANCH
// The Collatz walk: one hard-to-predict branch per step.
static u64 work(void) {
  u64 steps = 0;
  for (u64 n = 1; n < ROUNDS; n++)
    for (u64 x = n; x != 1; steps++) x = x & 1 ? 3 * x + 1 : x >> 1;
  return steps;
}
#elif defined CALLS
// Calls, returns and the stack.
__attribute__((noinline)) static u32 fib(u32 n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
static u64 work(void) { return fib(ROUNDS); }
#elif defined COPY
// REP MOVSB and REP STOSQ of 1 MiB.
static u8 from[1 << 20], to[1 << 20];
static u64 work(void) {
  for (u32 i = 0; i < ROUNDS; i++) {
    void *d = to, *s = from;
    u64 n = sizeof to;
    __asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n)::"memory");
    d = from;
    n = sizeof from / 8;
    __asm__ volatile("rep stosq" : "+D"(d), "+c"(n) : "a"(0x0101010101010101ul * (i & 255)) : "memory");
  }
  return to[12345] + from[54321];
}
#else
static u64 work(void) { return 0; }
#endif

void _start(void) { leave(work()); }
