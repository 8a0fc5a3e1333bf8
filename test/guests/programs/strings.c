/* Strings, allocation, sorting and formatted input through the C library. */
#include <ctype.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf back;

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void deep(int n) {
  if (n == 0) longjmp(back, 42);
  deep(n - 1);
}

static uint32_t state = 1;
static uint32_t next(void) { return state = state * 1664525 + 1013904223; }

int main(int argc, char **argv) {
  printf("%d %s\n", argc, argc > 1 ? argv[1] : "-");
  enum { WORDS = 400 };
  char *words[WORDS];
  for (int i = 0; i < WORDS; i++) {
    size_t length = next() % 60;
    words[i] = malloc(length + 1);
    for (size_t k = 0; k < length; k++) words[i][k] = (char)('a' + (next() >> 16) % 26);
    words[i][length] = 0;
  }
  qsort(words, WORDS, sizeof *words, by_text);
  uint32_t sum = 0;
  for (int i = 0; i < WORDS; i++) {
    for (const char *p = words[i]; *p; p++) sum = sum * 131 + (uint8_t)*p;
    char *found = strchr(words[i], 'q');
    sum = sum * 7 + (found ? (uint32_t)(found - words[i]) : 99) + (uint32_t)strlen(words[i]) + (uint32_t)strcspn(words[i], "xyz");
    if (i && strstr(words[i], "ab")) sum ^= (uint32_t)i;
  }
  printf("words %08x first '%s' last '%.20s'\n", sum, words[0], words[WORDS - 1]);
  char *buffer = malloc(100000), *other = malloc(100000);
  for (int round = 0; round < 300; round++) {
    size_t n = next() % 3000, from = next() % 4000, to = next() % 4000;
    memset(buffer + to, round, n);
    memmove(buffer + from, buffer + to + 7, n);
    memcpy(other + to, buffer + from, n);
    sum = sum * 33 + (uint32_t)(memcmp(buffer, other, 2000) > 0) + (memchr(other + from, 17, n) != NULL);
  }
  printf("memory %08x\n", sum);
  for (int i = 0; i < WORDS; i += 2) free(words[i]);
  for (int i = 0; i < 200; i++) words[i] = realloc(i & 1 ? words[i] : NULL, next() % 5000 + 64);
  if (setjmp(back) == 0) deep(50);
  else puts("back");
  int a = 0;
  unsigned hex = 0;
  char name[32] = "";
  double real = 0;
  printf("%d", sscanf("  -17 0xbeef word 2.75e3", "%d %x %31s %lf", &a, &hex, name, &real));
  printf(" %d %x %s %g\n", a, hex, name, real);
  printf("[%-8s|%8.3f|%+05d|%#o|%c|%lld|%zu|%p]\n", "left", 3.14159, 42, 8, 'x', -1234567890123LL, sizeof a, (void *)0);
  char line[256];
  unsigned lines = 0, upper = 0;
  while (fgets(line, sizeof line, stdin)) {
    lines++;
    for (char *p = line; *p; p++) upper += (unsigned)(isupper((unsigned char)*p) != 0), *p = (char)toupper((unsigned char)*p);
    if (lines <= 3) fputs(line, stdout);
  }
  printf("lines %u upper %u\n", lines, upper);
  return 5;
}
