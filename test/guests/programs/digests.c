/* CRC-32, SHA-256 and MD5-like mixing: rotates, byte swaps, tables. */
#include "freestanding.h"

static u8 data[4099];

static u32 crc_table[256];

static u32 crc32(const u8 *p, u32 n) {
  for (u32 i = 0; i < 256; i++) {
    u32 c = i;
    for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >> 1) : c >> 1;
    crc_table[i] = c;
  }
  u32 c = ~0u;
  while (n--) c = crc_table[(c ^ *p++) & 255] ^ (c >> 8);
  return ~c;
}

static u32 rotate(u32 x, int n) { return x >> n | x << (32 - n); }

static u32 cube_root_fraction(u32 prime) {
  /* Bits 1..32 of the fraction of prime^(1/3), by bisection on a 128-bit cube in 32-bit limbs kept in u64. */
  u64 low = 0, high = (u64)8 << 32;
  while (high - low > 1) {
    u64 middle = (low + high) >> 1;
    u64 a = middle >> 32, b = middle & 0xffffffff;
    u64 square_low = b * b, cross = 2 * a * b;
    u64 s = a * a + (cross >> 32);
    u64 t = (cross << 32) + square_low;
    if (t < square_low) s++;
    /* (s * 2^64 + t) * middle >> 96 compared with the prime */
    u64 m0 = t >> 32, m1 = s;
    u64 part = (m0 * b >> 32) + m0 * a + m1 * b;
    u64 whole = (part >> 32) + m1 * a;
    if (whole >= prime) high = middle;
    else low = middle;
  }
  return (u32)low;
}

static void sha256(const u8 *p, u32 n, u32 *h) {
  static u32 k[64];
  static u8 block[64];
  u32 found = 0;
  for (u32 candidate = 2; found < 64; candidate++) {
    int prime = 1;
    for (u32 d = 2; d * d <= candidate; d++)
      if (candidate % d == 0) prime = 0;
    if (prime) k[found++] = cube_root_fraction(candidate);
  }
  static const u32 initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  for (int i = 0; i < 8; i++) h[i] = initial[i];
  u32 total = n, padded = (n + 9 + 63) / 64 * 64;
  for (u32 at = 0; at < padded; at += 64) {
    for (u32 i = 0; i < 64; i++) {
      u32 o = at + i;
      block[i] = o < total ? p[o] : o == total ? 0x80 : o >= padded - 4 ? (u8)((total * 8) >> (8 * (padded - 1 - o))) : 0;
    }
    u32 w[64], v[8];
    for (int i = 0; i < 16; i++) w[i] = __builtin_bswap32(((const u32 *)block)[i]);
    for (int i = 16; i < 64; i++) {
      u32 s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
      u32 s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    for (int i = 0; i < 8; i++) v[i] = h[i];
    for (int i = 0; i < 64; i++) {
      u32 e = v[4], a = v[0];
      u32 t1 = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & v[5]) ^ (~e & v[6])) + k[i] + w[i];
      u32 t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
      for (int j = 7; j > 0; j--) v[j] = v[j - 1];
      v[4] += t1;
      v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) h[i] += v[i];
  }
}

static int program(void) {
  for (u32 i = 0; i < sizeof data; i++) data[i] = (u8)(next_random() >> 11);
  report("crc32", crc32(data, sizeof data));
  u32 h[8];
  sha256(data, sizeof data, h);
  put("sha256 ");
  for (int i = 0; i < 8; i++) put_hex(h[i], 8);
  put_char('\n');
  u64 fnv = 0xcbf29ce484222325;
  for (u32 i = 0; i < sizeof data; i++) fnv = (fnv ^ data[i]) * 0x100000001b3;
  report("fnv", fnv);
  return 0;
}
