// Workloads of bench/vcpu and bench/translator: freestanding, so that they need no operating system. Each prints nothing and
// exits with the low byte of its checksum; the whole checksum is the exit call's argument.
typedef unsigned long u64;
typedef unsigned int u32;
typedef unsigned char u8;

static void leave(u64 checksum) {
  __asm__ volatile("syscall" ::"a"(60), "D"(checksum) : "rcx", "r11", "memory");
  __builtin_unreachable();
}

#if defined COLLATZ
// One hard-to-predict branch a step.
static u64 work(void) {
  u64 steps = 0;
  for (u64 n = 1; n < ROUNDS; n++)
    for (u64 x = n; x != 1; steps++) x = x & 1 ? 3 * x + 1 : x >> 1;
  return steps;
}
#elif defined INTEGER
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
#elif defined DIVISION
// 64-bit and 32-bit divisions.
static u64 work(void) {
  u64 sum = 0;
  for (u64 i = 1; i < ROUNDS; i++) sum += (0x123456789abcdef0ul / i) + (u32)(0x89abcdefu % (u32)i);
  return sum;
}
#elif defined SIEVE
static u8 composite[1 << 20];
static u64 work(void) {
  u64 count = 0;
  for (u32 round = 0; round < ROUNDS; round++) {
    for (u32 i = 0; i < sizeof composite; i++) composite[i] = 0;
    for (u32 i = 2; i < sizeof composite; i++) {
      if (composite[i]) continue;
      count++;
      for (u32 j = i * 2; j < sizeof composite; j += i) composite[j] = 1;
    }
  }
  return count;
}
#elif defined SHA256
static const u32 K[64] = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
  0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
  0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
  0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
  0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
  0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
static u32 rotate(u32 x, int n) { return x >> n | x << (32 - n); }
static u64 work(void) {
  u32 h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  u32 w[64];
  for (u32 block = 0; block < ROUNDS; block++) {
    for (u32 i = 0; i < 16; i++) w[i] = block * 16 + i;
    for (u32 i = 16; i < 64; i++) {
      u32 s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
      u32 s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    u32 a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], z = h[7];
    for (u32 i = 0; i < 64; i++) {
      u32 t1 = z + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i];
      u32 t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      z = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e, h[5] += f, h[6] += g, h[7] += z;
  }
  return (u64)h[0] << 32 | h[7];
}
#elif defined CRC
static u32 table[256];
static u8 data[1 << 16];
static u64 work(void) {
  for (u32 i = 0; i < 256; i++) {
    u32 c = i;
    for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ c >> 1 : c >> 1;
    table[i] = c;
  }
  for (u32 i = 0; i < sizeof data; i++) data[i] = i * 7;
  u32 c = ~0u;
  for (u32 round = 0; round < ROUNDS; round++)
    for (u32 i = 0; i < sizeof data; i++) c = table[(c ^ data[i]) & 255] ^ c >> 8;
  return ~c;
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
#elif defined CHASE
// Pointers over 8 MiB in random order.
static u32 next[1 << 21];
static u64 work(void) {
  u32 n = 1 << 21, x = 12345;
  for (u32 i = 0; i < n; i++) next[i] = i;
  for (u32 i = n - 1; i > 0; i--) {
    x = x * 1664525 + 1013904223;
    u32 j = (u32)(((u64)x * i) >> 32), t = next[i];
    next[i] = next[j];
    next[j] = t;
  }
  u32 at = 0;
  for (u32 i = 0; i < ROUNDS; i++) at = next[at];
  return at;
}
#elif defined MATRIX
// Doubles, scalar SSE2 as compilers make it.
#define N 128
static double a[N][N], b[N][N], c[N][N];
static u64 work(void) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) a[i][j] = 1.0 / (i + j + 1), b[i][j] = i * 0.5 - j * 0.25;
  for (u32 round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++) {
        double sum = 0;
        for (int k = 0; k < N; k++) sum += a[i][k] * b[k][j];
        c[i][j] = sum;
      }
    for (int i = 0; i < N; i++) a[i][(i * 7 + round) % N] += c[i][i] * 1e-6;
  }
  double total = 0;
  for (int i = 0; i < N; i++) total += c[i][N - 1 - i];
  return *(u64 *)&total;
}
#elif defined NBODY
// Scalar doubles with square roots and divisions.
static double px[5], py[5], pz[5], vx[5], vy[5], vz[5], mass[5];
static double root(double x) {
  double r;
  __asm__("sqrtsd %1, %0" : "=x"(r) : "x"(x));
  return r;
}
static u64 work(void) {
  for (int i = 0; i < 5; i++) {
    px[i] = i * 1.7 + 0.3, py[i] = i * -0.9 + 2.1, pz[i] = i * 0.4 - 0.7;
    vx[i] = 0.01 * i, vy[i] = 0.3 - 0.05 * i, vz[i] = 0.02 * i, mass[i] = 1.0 / (i + 1);
  }
  for (u32 step = 0; step < ROUNDS; step++) {
    for (int i = 0; i < 5; i++)
      for (int j = i + 1; j < 5; j++) {
        double dx = px[i] - px[j], dy = py[i] - py[j], dz = pz[i] - pz[j];
        double d2 = dx * dx + dy * dy + dz * dz + 0.01, d = root(d2), m = 0.001 / (d2 * d);
        vx[i] -= dx * mass[j] * m, vy[i] -= dy * mass[j] * m, vz[i] -= dz * mass[j] * m;
        vx[j] += dx * mass[i] * m, vy[j] += dy * mass[i] * m, vz[j] += dz * mass[i] * m;
      }
    for (int i = 0; i < 5; i++) px[i] += 0.001 * vx[i], py[i] += 0.001 * vy[i], pz[i] += 0.001 * vz[i];
  }
  double e = px[0] + py[1] + pz[2] + vx[3] + vy[4];
  return *(u64 *)&e;
}
#elif defined PACKED
// Packed doubles and bytes.
typedef double v2 __attribute__((vector_size(16)));
typedef u8 v16 __attribute__((vector_size(16)));
static v2 x[1024], y[1024];
static v16 p[1024];
static u64 work(void) {
  v2 sum = {0, 0};
  v16 bytes = {0};
  for (int i = 0; i < 1024; i++) x[i] = (v2){i * 0.5 + 0.1, 3.7 - i}, y[i] = (v2){1.1, 0.3}, p[i] = (v16){(u8)i, 3, (u8)(i >> 3)};
  for (u32 round = 0; round < ROUNDS; round++)
    for (int i = 0; i < 1024; i++) {
      y[i] = y[i] * (v2){0.999, 1.0001} + x[i] * (v2){1e-3, 1e-4};
      sum += y[i];
      bytes ^= p[i] + bytes;
    }
  u64 s;
  __builtin_memcpy(&s, &sum, 8);
  return s ^ bytes[0] ^ (u64)bytes[2] << 8;
}
#elif defined SORT
static u32 values[1 << 16];
static void sort(u32 *from, u32 *to) {
  while (to - from > 16) {
    u32 pivot = from[(to - from) / 2], *i = from, *j = to - 1;
    for (;;) {
      while (*i < pivot) i++;
      while (*j > pivot) j--;
      if (i >= j) break;
      u32 t = *i;
      *i++ = *j, *j-- = t;
    }
    sort(i, to);
    to = i;
  }
  for (u32 *i = from + 1; i < to; i++)
    for (u32 *j = i; j > from && j[-1] > *j; j--) {
      u32 t = *j;
      *j = j[-1], j[-1] = t;
    }
}
static u64 work(void) {
  u64 sum = 0;
  u32 x = 1;
  for (u32 round = 0; round < ROUNDS; round++) {
    for (u32 i = 0; i < 1 << 16; i++) values[i] = x = x * 1664525 + 1013904223;
    sort(values, values + (1 << 16));
    for (u32 i = 0; i < 1 << 16; i += 1000) sum = sum * 31 + values[i];
  }
  return sum;
}
#elif defined CALLS
// Calls, returns and the stack.
__attribute__((noinline)) static u32 fib(u32 n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
static u64 work(void) { return fib(ROUNDS); }
#elif defined DISPATCH
// An interpreter loop: indirect jumps.
static u64 work(void) {
  static const u8 program[] = {0, 1, 2, 3, 4, 5, 1, 0, 2, 6, 3, 3, 1, 4, 0, 7};
  static const void *const labels[] = {&&add, &&sub, &&shift, &&xor, &&mul, &&neg, &&rotate, &&end};
  u64 a = 1, b = 3;
  u32 round = 0;
  const u8 *pc = program;
#define NEXT goto *labels[*pc++]
  NEXT;
add: a += b; NEXT;
sub: b = a - b; NEXT;
shift: a = a << 1 | 1; NEXT;
xor: b ^= a; NEXT;
mul: a *= 3; NEXT;
neg: b = -b; NEXT;
rotate: a = a >> 7 | a << 57; NEXT;
end:
  if (++round < ROUNDS) {
    pc = program;
    NEXT;
  }
  return a ^ b;
}
#elif defined VIRTUAL
// Calls through pointers, to several targets.
typedef u64 operation(u64);
__attribute__((noinline)) static u64 f0(u64 x) { return x + 1; }
__attribute__((noinline)) static u64 f1(u64 x) { return x * 3; }
__attribute__((noinline)) static u64 f2(u64 x) { return x ^ x >> 5; }
__attribute__((noinline)) static u64 f3(u64 x) { return x - 7; }
static operation *volatile functions[] = {f0, f1, f2, f3};
static u64 work(void) {
  u64 x = 1;
  for (u32 i = 0; i < ROUNDS; i++) x = functions[(x >> 3) & 3](x) + i;
  return x;
}
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
#elif defined STRINGS
// Byte loops as a C library without vectors has them.
static char text[4096], other[4096];
__attribute__((noinline)) static u64 length(const char *s) {
  u64 n = 0;
  while (s[n]) n++;
  return n;
}
__attribute__((noinline)) static int compare(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return (u8)*a - (u8)*b;
}
static u64 work(void) {
  u64 sum = 0;
  for (u32 i = 0; i < 4095; i++) text[i] = other[i] = 'a' + i % 26;
  for (u32 round = 0; round < ROUNDS; round++) {
    other[4000 + round % 90]++;
    sum = sum * 3 + length(text) + compare(text, other) + length(other + 17);
  }
  return sum;
}
#elif defined ATOMICS
static u64 counter, flags;
static u64 work(void) {
  for (u32 i = 0; i < ROUNDS; i++) {
    __atomic_fetch_add(&counter, i, __ATOMIC_SEQ_CST);
    u64 expected = i;
    __atomic_compare_exchange_n(&flags, &expected, i + 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  }
  return counter + flags;
}
#else
static u64 work(void) { return 0; }
#endif

__attribute__((force_align_arg_pointer)) void _start(void) { leave(work()); }
