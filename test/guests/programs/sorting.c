/* Sorts and searches of random numbers: branches, recursion, memory traffic. */
#include "freestanding.h"

#define COUNT 5000

static u32 numbers[COUNT], copy[COUNT];

static u64 checksum(const u32 *v) {
  u64 sum = 0;
  for (u32 i = 0; i < COUNT; i++) sum = sum * 31 + v[i];
  return sum;
}

static void quick(u32 *v, int low, int high) {
  while (low < high) {
    u32 pivot = v[(low + high) / 2];
    int i = low, j = high;
    while (i <= j) {
      while (v[i] < pivot) i++;
      while (v[j] > pivot) j--;
      if (i <= j) {
        u32 t = v[i];
        v[i++] = v[j];
        v[j--] = t;
      }
    }
    quick(v, low, j);
    low = i;
  }
}

static void heap(int *v, int n) {
  for (int start = n / 2 - 1, end = n - 1; end > 0;) {
    if (start >= 0) start--;
    else {
      int t = v[end];
      v[end--] = v[0];
      v[0] = t;
    }
    for (int root = start < 0 ? 0 : start + 1, child; (child = 2 * root + 1) <= end; root = child) {
      if (child < end && v[child] < v[child + 1]) child++;
      if (v[root] >= v[child]) break;
      int t = v[root];
      v[root] = v[child];
      v[child] = t;
    }
  }
}

static void shell(short *v, int n) {
  for (int gap = n / 2; gap; gap /= 2)
    for (int i = gap; i < n; i++) {
      short t = v[i];
      int j = i;
      for (; j >= gap && v[j - gap] > t; j -= gap) v[j] = v[j - gap];
      v[j] = t;
    }
}

static int find(const u32 *v, u32 wanted) {
  int low = 0, high = COUNT - 1;
  while (low <= high) {
    int middle = (low + high) >> 1;
    if (v[middle] == wanted) return middle;
    if (v[middle] < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return ~low;
}

static int program(void) {
  for (u32 i = 0; i < COUNT; i++) numbers[i] = next_random();
  memcpy(copy, numbers, sizeof copy);
  quick(copy, 0, COUNT - 1);
  report("quick", checksum(copy));
  u64 places = 0;
  for (u32 i = 0; i < COUNT; i++) places = places * 7 + find(copy, i & 1 ? numbers[i] : next_random());
  report("find", places);
  memcpy(copy, numbers, sizeof copy);
  heap((int *)copy, COUNT);
  report("heap", checksum(copy));
  memcpy(copy, numbers, sizeof copy);
  shell((short *)copy, COUNT);
  report("shell", checksum(copy));
  return 0;
}
