/* A byte-code interpreter: switches, indirect calls, strings, recursion, structures passed by value. */
#include "freestanding.h"

enum { PUSH, ADD, MUL, SUB, DUP, SWAP, JNZ, PRINT, HALT, OVER, DROP };

struct pair { long first, second; };

static struct pair swapped(struct pair p) { return (struct pair){p.second, p.first}; }

static u32 steps;

static void run(const signed char *code) {
  long stack[32];
  int sp = 0;
  for (int pc = 0;; steps++) {
    switch (code[pc++]) {
      case PUSH: stack[sp++] = code[pc++]; break;
      case ADD: sp--; stack[sp - 1] += stack[sp]; break;
      case MUL: sp--; stack[sp - 1] *= stack[sp]; break;
      case SUB: sp--; stack[sp - 1] -= stack[sp]; break;
      case DUP: stack[sp] = stack[sp - 1]; sp++; break;
      case OVER: stack[sp] = stack[sp - 2]; sp++; break;
      case DROP: sp--; break;
      case SWAP: {
        struct pair p = swapped((struct pair){stack[sp - 2], stack[sp - 1]});
        stack[sp - 2] = p.first, stack[sp - 1] = p.second;
        break;
      }
      case JNZ: if (stack[--sp]) pc += code[pc]; else pc++; break;
      case PRINT: report("top", (u64)(u32)stack[--sp]); break;
      default: return;
    }
  }
}

static u32 ackermann(u32 m, u32 n) {
  if (m == 0) return n + 1;
  return n ? ackermann(m - 1, ackermann(m, n - 1)) : ackermann(m - 1, 1);
}

static int twice(int x) { return 2 * x; }
static int square(int x) { return x * x; }
static int negate(int x) { return -x; }
static int (*const functions[])(int) = {twice, square, negate};

static u32 compare(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return (u32)((u8)*a - (u8)*b);
}

static int program(void) {
  /* Sum of squares of 100 to 1, in a loop. */
  static const signed char code[] = {PUSH, 100, PUSH, 0, OVER, DUP, MUL, ADD, SWAP, PUSH, 1, SUB,
                                     SWAP, OVER, JNZ, -11, PRINT, DROP, HALT};
  run(code);
  report("steps", steps);
  report("ackermann", ackermann(2, 40));
  int x = 3;
  for (int i = 0; i < 100; i++) x = functions[next_random() % 3](x) ^ i;
  report("functions", (u32)x);
  static char text[2][64];
  u32 order = 0;
  for (int round = 0; round < 200; round++) {
    for (int i = 0; i < 63; i++) text[0][i] = text[1][i] = (char)('a' + next_random() % 26);
    text[1][next_random() % 63] ^= 1;
    order = order * 3 + compare(text[0], text[1]);
  }
  report("order", order);
  return 7;
}
