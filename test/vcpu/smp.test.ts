import test from 'ava';
import { assemble, hasAssembler } from './support/assemble.ts';
import { runSmp } from './support/smp.ts';

const UD = 6;
const R9 = 9;
const WORD = 0x2000;
const runTest = hasAssembler() ? test.serial : test.serial.skip;
const cpus = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ rsp: BigInt(0x10000 + i * 0x1000), r15: BigInt(i) }));

runTest('locked increments of two vCPUs are all counted', async (t) => {
  const rounds = 100_000;
  const code = assemble(`mov ecx, ${rounds}; 1: lock inc qword ptr [${WORD}]; dec ecx; jnz 1b; ud2`);
  const { outcomes, ram } = await runSmp(t, code, cpus(2));
  t.deepEqual(
    outcomes.map((one) => one.vector),
    [UD, UD],
  );
  t.is(ram.getBigUint64(WORD, true), BigInt(2 * rounds));
});

runTest('locked additions that straddle two aligned words are all counted', async (t) => {
  const rounds = 2_000;
  const at = WORD + 5;
  const code = assemble(`mov ecx, ${rounds}; 1: lock add qword ptr [${at}], 3; dec ecx; jnz 1b; ud2`);
  const { ram } = await runSmp(t, code, cpus(2));
  t.is(ram.getBigUint64(at, true), BigInt(6 * rounds));
});

runTest('an aligned and a straddling locked operation on the same bytes do not lose updates', async (t) => {
  const rounds = 2_000;
  // vCPU 0 adds to the aligned word at 2000h, vCPU 1 adds 2^32 to the word at 1FFCh: both change the dword at 2000h.
  const code = assemble(`
    mov ecx, ${rounds}
    mov rax, 0x100000000
    test r15, r15
    jnz 2f
  1: lock inc dword ptr [${WORD}]; dec ecx; jnz 1b; ud2
  2: lock add qword ptr [${WORD - 4}], rax; dec ecx; jnz 2b; ud2`);
  const { ram } = await runSmp(t, code, cpus(2));
  t.is(ram.getUint32(WORD, true), 2 * rounds);
});

runTest('a spinlock of XCHG and a plain store excludes', async (t) => {
  const rounds = 100_000;
  const code = assemble(`
    mov ecx, ${rounds}
  1: mov eax, 1
  2: xchg eax, [${WORD}]; test eax, eax; jz 3f; pause; jmp 2b
  3: inc qword ptr [${WORD + 64}]
    mov dword ptr [${WORD}], 0
    dec ecx; jnz 1b; ud2`);
  const { ram } = await runSmp(t, code, cpus(2));
  t.is(ram.getBigUint64(WORD + 64, true), BigInt(2 * rounds));
});

runTest('CMPXCHG16B of two vCPUs keeps its halves together', async (t) => {
  const rounds = 2_000;
  const code = assemble(`
    mov r8d, ${rounds}
  1: mov rax, [${WORD}]; mov rdx, [${WORD + 8}]
  2: lea rbx, [rax+1]; lea rcx, [rdx+2]
    lock cmpxchg16b [${WORD}]
    jnz 2b
    dec r8d; jnz 1b; ud2`);
  const { ram } = await runSmp(t, code, cpus(2));
  t.is(ram.getBigUint64(WORD, true), BigInt(2 * rounds));
  t.is(ram.getBigUint64(WORD + 8, true), BigInt(4 * rounds));
});

runTest('with fences between store and load, one of two vCPUs sees the other', async (t) => {
  const rounds = 5_000;
  // Round by round: store to the own flag, fence, load the other's; both zero would break Dekker's algorithm.
  const code = assemble(`
    mov r8d, 1
    xor r9d, r9d
    mov r10, r15; xor r10, 1
    shl r15, 6; shl r10, 6
  1: mov [${WORD} + r15], r8
    mfence
    mov rax, [${WORD} + r10]
    mov [${WORD + 0x100} + r15], rax
    mfence
    mov [${WORD + 0x200} + r15], r8
  2: cmp [${WORD + 0x200} + r10], r8; jae 5f; pause; jmp 2b
  5: cmp rax, r8; jae 3f
    cmp [${WORD + 0x100} + r10], r8; jae 3f
    inc r9
  3: mfence
    mov [${WORD + 0x300} + r15], r8
  4: cmp [${WORD + 0x300} + r10], r8; jae 6f; pause; jmp 4b
  6: inc r8d
    cmp r8d, ${rounds}; jbe 1b
    ud2`);
  const { outcomes } = await runSmp(t, code, cpus(2));
  t.deepEqual(
    outcomes.map((one) => one.registers[R9]),
    [0n, 0n],
  );
});

runTest('code written by one vCPU is what another runs after it was told', async (t) => {
  const rounds = 500;
  // vCPU 0 rewrites the immediate of MOV EAX at 3000h and raises the round; vCPU 1 waits for it, serialises and calls.
  const code = assemble(`
    mov r8d, 1
    xor r9d, r9d
    test r15, r15
    jnz 3f
    mov byte ptr [0x3000], 0xb8
    mov byte ptr [0x3005], 0xc3
  1: mov [0x3001], r8d
    mov [${WORD}], r8
  2: cmp [${WORD + 64}], r8; jae 5f; pause; jmp 2b
  5: inc r8d; cmp r8d, ${rounds}; jbe 1b
    ud2
  3: cmp [${WORD}], r8; jae 6f; pause; jmp 3b
  6: mov r11, 0x3000
    call r11
    cmp eax, r8d; je 4f
    inc r9
  4: mov [${WORD + 64}], r8
    inc r8d; cmp r8d, ${rounds}; jbe 3b
    ud2`);
  const { outcomes } = await runSmp(t, code, cpus(2));
  t.is(outcomes[1]?.registers[R9], 0n);
});
