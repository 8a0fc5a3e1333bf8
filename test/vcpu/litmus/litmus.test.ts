/**
 * Memory ordering and atomicity between vCPUs: what x86's model (SDM vol. 3, 8.2) forbids never shows. TROUPE_LITMUS_ROUNDS
 * is the number of rounds of each; a million takes some minutes.
 */
import test, { type ExecutionContext } from 'ava';
import { assemble, hasAssembler } from '../support/assemble.ts';
import { runSmp, type SmpRun } from '../support/smp.ts';

const ASKED = process.env['TROUPE_LITMUS_ROUNDS'];
const UD = 6;
const R9 = 9;
const RAX = 0;
/** Far more than any race needs on a machine that has other things to do. */
const LIMIT_MS = 90_000;
/** Shared words lie in cache lines of their own. */
const X = 0x2000;
const Y = 0x2040;
const COUNTER = 0x2080;
const LOCK = 0x20c0;
/** Where vCPU i writes down what it has seen. */
const LOG = 0x100000;
const LOG_BYTES = 0x80000;

const withAssembler = hasAssembler() ? test.serial : test.serial.skip;

/** Rounds to make: so many, or as many as asked for. */
function rounds(usual: number): number {
  return ASKED === undefined ? usual : Number(ASKED);
}

/** Runs `code` on so many vCPUs: r15 is the index, rsp a stack, rbp the log. All must end at UD2. */
async function race(t: ExecutionContext, count: number, code: string): Promise<SmpRun> {
  if (ASKED === undefined) t.timeout(LIMIT_MS, 'the vCPUs wait for each other for ever');
  const run = await runSmp(
    t,
    assemble(code),
    Array.from({ length: count }, (_, i) => ({
      r15: BigInt(i),
      rsp: BigInt(0x10000 + i * 0x1000),
      rbp: BigInt(LOG + i * LOG_BYTES),
    })),
  );
  for (const { vector } of run.outcomes) t.is(vector, UD);
  return run;
}

for (const count of [2, 3, 4]) {
  withAssembler(`${count} vCPUs: locked arithmetic loses nothing`, async (t) => {
    const n = rounds(30_000);
    const { ram } = await race(
      t,
      count,
      `
      mov ecx, ${n}
      mov esi, 1
    1: lock inc byte ptr [${X}]
      lock add word ptr [${X + 8}], 3
      lock sub dword ptr [${X + 16}], 5
      mov eax, 7; lock xadd qword ptr [${X + 24}], rax
      mov eax, [${Y}]
    2: lea edx, [rax + 9]; lock cmpxchg [${Y}], edx; jnz 2b
      stc; lock adc qword ptr [${Y + 8}], 10
      lock btc dword ptr [${Y + 16}], esi
      lock neg dword ptr [${Y + 20}]
      dec ecx; jnz 1b; ud2`,
    );
    const total = count * n;
    t.is(ram.getUint8(X), total & 0xff);
    t.is(ram.getUint16(X + 8, true), (total * 3) & 0xffff);
    t.is(ram.getUint32(X + 16, true), (-5 * total) >>> 0);
    t.is(ram.getBigUint64(X + 24, true), 7n * BigInt(total));
    t.is(ram.getUint32(Y, true), (9 * total) >>> 0);
    t.is(ram.getBigUint64(Y + 8, true), 11n * BigInt(total));
    t.is(ram.getUint32(Y + 16, true), total & 1 ? 2 : 0);
  });

  withAssembler(`${count} vCPUs: a spinlock of CMPXCHG excludes`, async (t) => {
    const n = rounds(10_000);
    const { ram } = await race(
      t,
      count,
      `
      mov ecx, ${n}
    1: xor eax, eax; mov edx, 1
      lock cmpxchg [${LOCK}], edx; jz 2f
      pause; jmp 1b
    2: mov rax, [${COUNTER}]; inc rax; mov [${COUNTER}], rax
      add dword ptr [${COUNTER + 8}], 3
      mov dword ptr [${LOCK}], 0
      dec ecx; jnz 1b; ud2`,
    );
    t.is(ram.getBigUint64(COUNTER, true), BigInt(count * n));
    t.is(ram.getUint32(COUNTER + 8, true), (3 * count * n) >>> 0);
  });

  // Across an 8-byte word, across a cache line, across a page.
  for (const at of [X + 5, X + 61, 0x2ffd]) {
    withAssembler(`${count} vCPUs: split locks at ${at.toString(16)} lose nothing`, async (t) => {
      const n = rounds(100);
      const { ram } = await race(
        t,
        count,
        `
        mov ecx, ${n}
      1: lock add qword ptr [${at}], 3
        mov rax, [${at}]
      2: lea rdx, [rax + 0x10]; lock cmpxchg [${at}], rdx; jnz 2b
        mov eax, 0x100; lock xadd [${at}], rax
        dec ecx; jnz 1b; ud2`,
      );
      t.is(ram.getBigUint64(at, true), BigInt(count * n * 0x113));
    });
  }
}

/** A fence between a store and a load in each of its forms. */
const FENCES = {
  MFENCE: 'mfence',
  XCHG: 'xchg [rsp - 8], rax',
  'LOCK OR': 'lock or dword ptr [rsp - 8], 0',
} as const;

for (const [name, fence] of Object.entries(FENCES)) {
  withAssembler(`Peterson's lock with ${name} excludes`, async (t) => {
    const n = rounds(2_000);
    // X + i * 40h: vCPU i wants in; LOCK: whose turn it is.
    const { ram } = await race(
      t,
      2,
      `
      mov ecx, ${n}
      mov r8, r15; shl r8, 6
      mov r9, r15; xor r9, 1
      mov r10, r9; shl r10, 6
    1: mov dword ptr [${X} + r8], 1
      mov [${LOCK}], r9d
      ${fence}
    2: cmp dword ptr [${X} + r10], 0; je 3f
      cmp [${LOCK}], r9d; jne 3f
      pause; jmp 2b
    3: inc qword ptr [${COUNTER}]
      mov dword ptr [${X} + r8], 0
      dec ecx; jnz 1b; ud2`,
    );
    t.is(ram.getBigUint64(COUNTER, true), BigInt(2 * n));
  });
}

/** Store buffering: each vCPU stores its word and loads the other's; R9 counts rounds in which neither saw the other. */
function storeBuffering(n: number, between: string): string {
  // Both wait for each other before and after each round; the loaded values are exchanged through COUNTER.
  return `
    mov r8d, 1
    xor r9d, r9d
    mov r10, r15; shl r10, 6
    mov r11, r15; xor r11, 1; shl r11, 6
  1: mov [${LOG} + r10], r8
  2: cmp [${LOG} + r11], r8; jae 3f; pause; jmp 2b
  3: mov [${X} + r10], r8
    ${between}
    mov rax, [${X} + r11]
    mov [0x3000 + r10], rax
    mfence
    mov [0x4000 + r10], r8
  4: cmp [0x4000 + r11], r8; jae 5f; pause; jmp 4b
  5: mov rdx, [0x3000 + r11]
    cmp rax, r8; jae 6f
    cmp rdx, r8; jae 6f
    inc r9
  6: inc r8d
    cmp r8d, ${n}; jbe 1b
    ud2`;
}

for (const [name, fence] of Object.entries(FENCES)) {
  withAssembler(`store buffering with ${name}: one of two sees the other`, async (t) => {
    const { outcomes } = await race(t, 2, storeBuffering(rounds(300), fence));
    t.deepEqual(
      outcomes.map(({ registers }) => registers[R9]),
      [0n, 0n],
    );
  });
}

withAssembler('store buffering without a fence: both may miss, and agree on how often', async (t) => {
  const n = rounds(300);
  const { outcomes } = await race(t, 2, storeBuffering(n, ''));
  const [first, second] = outcomes.map(({ registers }) => registers[R9]);
  t.is(first, second);
  t.log(`neither saw the other in ${first} of ${n} rounds`);
});

withAssembler('message passing: who sees the flag sees the data', async (t) => {
  const n = rounds(200_000);
  // vCPU 0 counts data, then flag, up; vCPU 1 reads flag, then data: the data must not be older.
  const { outcomes } = await race(
    t,
    2,
    `
    mov ecx, ${n}
    xor r9d, r9d
    test r15, r15; jnz 2f
    mov eax, 1
  1: mov [${X}], rax; mov [${Y}], rax; inc rax; dec ecx; jnz 1b
    ud2
  2: mov rax, [${Y}]; mov rdx, [${X}]
    cmp rdx, rax; jae 3f
    inc r9
  3: cmp rax, rcx; jb 2b
    ud2`,
  );
  t.is(outcomes[1]?.registers[R9], 0n);
  t.is(outcomes[1]?.registers[RAX], BigInt(n));
});

withAssembler('one word: reads never go back (coherence)', async (t) => {
  const n = rounds(100_000);
  const { outcomes } = await race(
    t,
    3,
    `
    mov ecx, ${n}
    xor r9d, r9d; xor edx, edx
    test r15, r15; jnz 2f
    mov eax, 1
  1: mov [${X}], rax; inc rax; dec ecx; jnz 1b
    ud2
  2: mov rax, [${X}]
    cmp rax, rdx; jae 3f
    inc r9
  3: mov rdx, rax
    cmp rax, rcx; jb 2b
    ud2`,
  );
  t.deepEqual(
    outcomes.map(({ registers }) => registers[R9]),
    [0n, 0n, 0n],
  );
});

withAssembler('independent reads of independent writes: two observers agree on the order', async (t) => {
  const n = Math.min(rounds(8_000), LOG_BYTES / 16);
  // vCPUs 0 and 1 count X and Y up; 2 logs (X, Y), 3 logs (Y, X), each pair read in that order.
  const { ram } = await race(
    t,
    4,
    `
    mov ecx, ${n}
    mov eax, 1
    cmp r15d, 2; jae 3f
    mov r8, r15; shl r8, 6
  1: mov [${X} + r8], rax; inc rax; dec ecx; jnz 1b
    ud2
  3: mov r8d, ${X}; mov r9d, ${Y}
    cmp r15d, 2; je 4f
    xchg r8, r9
  4: mov rax, [r8]; mov rdx, [r9]
    mov [rbp], rax; mov [rbp + 8], rdx
    add rbp, 16
    dec ecx; jnz 4b
    ud2`,
  );
  const log = (index: number) =>
    Array.from({ length: n }, (_, i) => {
      const at = LOG + index * LOG_BYTES + i * 16;
      return [Number(ram.getBigUint64(at, true)), Number(ram.getBigUint64(at + 8, true))] as const;
    });
  const xThenY = log(2);
  // Who saw X at a with Y still b, and who saw Y at c with X still d, a > d and c > b, saw opposite orders.
  let from = 0;
  for (const [c, d] of log(3)) {
    while (from < xThenY.length && (xThenY[from]?.[0] ?? 0) <= d) from++;
    const first = xThenY[from];
    if (first && first[1] < c) t.fail(`X ${first[0]} with Y ${first[1]}, but Y ${c} with X ${d}`);
  }
  t.pass();
});
