/* Floating point through the C library: printing, parsing, elementary functions, matrices, long double. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define N 24

static double a[N][N], b[N][N], c[N][N];
static float f[4096];

int main(void) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) a[i][j] = 1.0 / (i + j + 1), b[i][j] = i * 0.5 - j;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      for (int k = 0; k < N; k++) c[i][j] += a[i][k] * b[k][j];
  double trace = 0;
  for (int i = 0; i < N; i++) trace += c[i][i];
  printf("trace %.17g %a\n", trace, trace);
  float sum = 0;
  for (int i = 0; i < 4096; i++) f[i] = (float)(i * 7 % 1001) * 0.125f;
  for (int i = 0; i < 4096; i++) sum += f[i] * f[4095 - i];
  printf("sum %.9g\n", sum);
  for (double x = -3; x < 4; x += 0.73) {
    printf("%g: %.17g %.17g %.17g", x, sin(x), exp(x), atan2(x, 0.7));
    printf(" %.17g %.17g %.17g\n", sqrt(fabs(x)), pow(fabs(x), 1.7), log(fabs(x) + 0.1));
  }
  long double e = 1, term = 1;
  for (int i = 1; i < 30; i++) e += term /= i;
  printf("e %.20Lg %La\n", e, e);
  const char *texts[] = {"1e-320", "0.1", "123456789012345678901234567890", "-0x1.8p-5", "inf", "nan", "2.5e+307"};
  for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
    double d = strtod(texts[i], NULL);
    printf("%s %.17g %d %d %.3e %ld\n", texts[i], d, d > 1, d != d, d * 3, lrint(fmod(d, 97)));
  }
  for (int i = -5; i <= 5; i++) printf("%d %.0f %.0f %.0f %d\n", i, floor(i / 2.0), ceil(i / 2.0), rint(i / 2.0), (int)(i * 0.7));
  printf("%u %llu %d\n", (unsigned)3e9, (unsigned long long)1.5e19, (int)-2.9);
  return 0;
}
