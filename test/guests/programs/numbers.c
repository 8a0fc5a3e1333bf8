/* Integer arithmetic of every width: long multiplication and division, bit counts, digits of e, primes, 64-bit shifts. */
#include "freestanding.h"

static u16 digits[400];

static void digits_of_e(void) {
  /* Spigot: mixed-radix digits of e. */
  enum { N = 320 };
  for (int i = 0; i < N; i++) digits[i] = 1;
  put("2.");
  for (int place = 0; place < 100; place++) {
    u32 carry = 0;
    for (int i = N - 1; i >= 0; i--) {
      u32 x = digits[i] * 10u + carry;
      digits[i] = (u16)(x % (u32)(i + 2));
      carry = x / (u32)(i + 2);
    }
    put_decimal(carry);
  }
  put_char('\n');
}

static u32 ones(u64 x) {
#ifdef __POPCNT__
  return (u32)__builtin_popcountll(x);
#else
  u32 count = 0;
  for (; x; x &= x - 1) count++;
  return count;
#endif
}

static u64 bits(void) {
  u64 sum = 0;
  for (int i = 0; i < 2000; i++) {
    u64 x = (u64)next_random() << 32 | next_random();
    u32 y = next_random();
    sum += (u64)ones(x) * 3 + (u64)__builtin_clzll(x | 1) * 5 + (u64)__builtin_ctz(y | 0x10000) * 7;
    sum = sum << 5 | sum >> 59;
    sum ^= x >> (y & 63) ^ (u64)((long long)x >> (y & 31)) ^ x << (y % 61);
    sum += __builtin_bswap64(x) ^ (u64)(short)y ^ (u64)(signed char)(y >> 8) ^ (y & (y - 1)) ^ (x & -x);
    sum ^= (~x & sum) + (u16)y;
  }
  return sum;
}

static u64 divisions(void) {
  u64 sum = 0;
  for (int i = 0; i < 2000; i++) {
    int a = (int)next_random(), b = (int)(next_random() >> (i & 31)) | 1;
    u32 c = next_random(), d = (next_random() >> (i % 29)) | 1;
    short e = (short)next_random(), f = (short)(next_random() | 1);
    sum = sum * 17 + (u64)(a / b) + (u64)(a % b) * 3 + c / d + c % d * 5;
    if (f != -1) sum += (u64)(e / f) * 7 + (u64)(e % f);
    sum += (u64)a * (u64)c + (u64)((long long)a * b) + (u64)(c / 10 + c % 1000 + a / 7);
#ifdef __x86_64__
    u64 x = (u64)c << 32 | d, y = (u64)d << (i & 31) | 1;
    long long z = (long long)(x ^ sum);
    sum += x / y + x % y + (u64)(z / (long long)y) + (u64)(z % 1000003);
    unsigned __int128 wide = (unsigned __int128)x * sum;
    sum ^= (u64)(wide >> 64) + (u64)wide;
#endif
  }
  return sum;
}

static u32 primes(void) {
  static u8 composite[20000];
  u32 count = 0;
  for (u32 i = 2; i < sizeof composite; i++) {
    if (composite[i]) continue;
    count++;
    for (u32 j = i * i; j < sizeof composite; j += i) composite[j] = 1;
  }
  return count;
}

static int program(void) {
  digits_of_e();
  report("bits", bits());
  report("divisions", divisions());
  report("primes", primes());
  return (int)(divisions() & 63);
}
