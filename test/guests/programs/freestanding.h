/* Entry, output and exit of programs without a C library, for x86-64 and i386 alike. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned long word;

#ifdef __x86_64__
static long system_call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}
#define SYS_WRITE 1
#define SYS_EXIT 60
__asm__(".globl _start\n_start:\n  xor %ebp, %ebp\n  and $-16, %rsp\n  call start\n");
#else
static long system_call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
  return result;
}
#define SYS_WRITE 4
#define SYS_EXIT 1
__asm__(".globl _start\n_start:\n  xor %ebp, %ebp\n  and $-16, %esp\n  call start\n");
#endif

/* The compiler calls these for copies of structures and for loops that it recognises. */
void *memcpy(void *to, const void *from, word bytes) {
  void *result = to;
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
  return result;
}
void *memset(void *to, int value, word bytes) {
  void *result = to;
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(value) : "memory");
  return result;
}

static char line[256];
static u32 line_length;

static inline void put_char(char c) {
  line[line_length++] = c;
  if (c == '\n' || line_length == sizeof line) {
    system_call(SYS_WRITE, 1, (long)line, line_length);
    line_length = 0;
  }
}

static inline void put(const char *text) {
  while (*text) put_char(*text++);
}

static inline void put_hex(u64 value, int digits) {
  while (digits--) put_char("0123456789abcdef"[(value >> (4 * digits)) & 15]);
}

static inline void put_decimal(u32 value) {
  if (value >= 10) put_decimal(value / 10);
  put_char('0' + value % 10);
}

/* "name value\n" */
static inline void report(const char *name, u64 value) {
  put(name);
  put_char(' ');
  put_hex(value, 16);
  put_char('\n');
}

static u32 random_state = 12345;

static inline u32 next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state;
}

static int program(void);

__attribute__((used, noreturn)) void start(void) {
  int code = program();
  system_call(SYS_EXIT, code, 0, 0);
  __builtin_unreachable();
}
