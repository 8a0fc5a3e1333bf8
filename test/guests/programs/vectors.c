/* Loops that a compiler vectorises, over every element type. */
#include <stdint.h>
#include <stdio.h>

#define N 1003

static int8_t b[N], b2[N];
static uint8_t ub[N], ub2[N];
static int16_t w[N], w2[N];
static uint16_t uw[N];
static int32_t d[N], d2[N];
static uint32_t ud[N];
static int64_t q[N];
static float f[N], g[N];
static double x[N], y[N];

static uint64_t hash(const void *p, unsigned bytes) {
  uint64_t h = 1469598103934665603u;
  for (unsigned i = 0; i < bytes; i++) h = (h ^ ((const uint8_t *)p)[i]) * 1099511628211u;
  return h;
}
#define SHOW(v) printf("%-4s %016llx\n", #v, (unsigned long long)hash(v, sizeof v))

int main(void) {
  uint32_t s = 99;
  for (int i = 0; i < N; i++) {
    s = s * 1103515245 + 12345;
    b[i] = (int8_t)(s >> 9), ub[i] = (uint8_t)(s >> 13), w[i] = (int16_t)(s >> 7), uw[i] = (uint16_t)(s >> 15);
    d[i] = (int32_t)s, ud[i] = s * 7, q[i] = (int64_t)s * s;
    f[i] = (float)(int32_t)s / 65536.0f, x[i] = (double)(int32_t)s / 1e4;
  }
  for (int i = 0; i < N; i++) b2[i] = (int8_t)(b[i] > 0 ? b[i] - ub[i] : b[i] + 3);
  for (int i = 0; i < N; i++) ub2[i] = (uint8_t)((ub[i] + ub[N - 1 - i] + 1) >> 1);
  for (int i = 0; i < N; i++) w2[i] = (int16_t)((w[i] * (int32_t)w[N - 1 - i]) >> 16);
  for (int i = 0; i < N; i++) d2[i] = d[i] < d[N - 1 - i] ? d[i] * 3 : d[N - 1 - i] >> 5;
  SHOW(b2), SHOW(ub2), SHOW(w2), SHOW(d2);
  int64_t total = 0;
  int32_t dot = 0, most = d[0];
  uint32_t absolute = 0;
  for (int i = 0; i < N; i++) total += d[i];
  for (int i = 0; i < N; i++) dot += w[i] * w2[i];
  for (int i = 0; i < N; i++) most = d[i] > most ? d[i] : most;
  for (int i = 0; i < N; i++) absolute += (uint32_t)(ub[i] > ub2[i] ? ub[i] - ub2[i] : ub2[i] - ub[i]);
  printf("%lld %d %d %u\n", (long long)total, dot, most, absolute);
  for (int i = 0; i < N; i++) ud[i] = ud[i] << (uw[i] & 31) | ud[i] >> 3;
  for (int i = 0; i < N; i++) q[i] = (q[i] >> 7) + (q[i] << 3) + (q[i] > 5);
  for (int i = 0; i < N; i++) uw[i] = (uint16_t)(ud[i] >> 11);
  SHOW(ud), SHOW(q), SHOW(uw);
  for (int i = 0; i < N; i++) g[i] = f[i] * 0.5f + (f[N - 1 - i] < 0 ? -f[N - 1 - i] : f[N - 1 - i]);
  for (int i = 0; i < N; i++) y[i] = x[i] / (1.0 + x[N - 1 - i] * x[N - 1 - i]);
  for (int i = 0; i < N; i++) d2[i] = (int32_t)g[i], f[i] = (float)d[i], w2[i] = (int16_t)(x[i] / 100);
  SHOW(g), SHOW(y), SHOW(d2), SHOW(f), SHOW(w2);
  for (int i = 0; i < N; i++) x[i] = __builtin_sqrt(x[i] * x[i] + y[i]), f[i] = (float)y[i];
  SHOW(x), SHOW(f);
  return 0;
}
