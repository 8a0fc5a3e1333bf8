/**
 * Blocks as the run loop improves them against the same code one instruction a block, where nothing is dropped or fused: random
 * sequences of what the loop executes itself, and every comparison with every branch after it.
 */
import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { CPU_SLOW_REASONS, EXIT_EXCEPTION } from '../../src/memory/layout.ts';
import { REGISTERS, TestCpu } from './support/test-cpu.ts';

const CODE = 0x1000;
const DATA = 0x8000n;
const DATA_BYTES = 64;
const UD2 = [0x0f, 0x0b];
/** CF PF AF ZF SF OF. */
const STATUS = 0x8d5;
/** One instruction a block: the debugger's bit. */
const SINGLE = 2;
const RUNS = Number(process.env['TROUPE_PEEPHOLE_RUNS'] ?? 400);
const LONGEST = 24;
const REX_W = 0x48;
const RBX = 3;
/** What memory operands are based on is not written: 7 as a byte register is BH. */
const FREE_REGISTERS = [0, 1, 2, 5, 6];

const register = fc.constantFrom(...FREE_REGISTERS);
const byte = fc.integer({ min: 0, max: 255 });
const rex = fc.constantFrom([], [REX_W]);
const modrm = (reg: number, rm: number) => 0xc0 | (reg << 3) | rm;
/** RBX plus a displacement of 8 bits. */
const memory = (reg: number, disp: number) => [0x40 | (reg << 3) | RBX, disp & (DATA_BYTES - 8)];

const instruction = fc.oneof(
  // ADD OR AND SUB XOR CMP in both directions, TEST, IMUL, MOV
  fc
    .tuple(
      rex,
      fc.constantFrom(
        [0x01],
        [0x03],
        [0x09],
        [0x0b],
        [0x21],
        [0x23],
        [0x29],
        [0x2b],
        [0x31],
        [0x33],
        [0x39],
        [0x3b],
        [0x38],
        [0x84],
        [0x85],
        [0x89],
        [0x8b],
        [0x0f, 0xaf],
        [0x0f, 0xb6],
        [0x0f, 0xb7],
        [0x0f, 0xbe],
        [0x0f, 0xbf],
        [0x63],
        [0x11],
        [0x19],
      ),
      register,
      register,
    )
    .map(([w, opcode, reg, rm]) => [...w, ...opcode, modrm(reg, rm)]),
  // the same operations with an immediate
  fc
    .tuple(rex, fc.integer({ min: 0, max: 7 }), register, byte)
    .map(([w, operation, rm, value]) => [...w, 0x83, modrm(operation, rm), value]),
  fc.tuple(register, register, byte).map(([reg, rm, value]) => [0x6b, modrm(reg, rm), value]),
  // shifts by an immediate, by one, by CL; rotates
  fc
    .tuple(rex, fc.constantFrom(0, 1, 2, 3, 4, 5, 7), register, byte)
    .map(([w, operation, rm, count]) => [...w, 0xc1, modrm(operation, rm), count]),
  fc
    .tuple(rex, fc.constantFrom(4, 5, 7), register)
    .map(([w, operation, rm]) => [...w, 0xd1, modrm(operation, rm)]),
  fc
    .tuple(rex, fc.constantFrom(4, 5, 7), register)
    .map(([w, operation, rm]) => [...w, 0xd3, modrm(operation, rm)]),
  // INC DEC, NOT NEG
  fc
    .tuple(rex, fc.constantFrom(0, 1), register)
    .map(([w, operation, rm]) => [...w, 0xff, modrm(operation, rm)]),
  fc
    .tuple(rex, fc.constantFrom(2, 3), register)
    .map(([w, operation, rm]) => [...w, 0xf7, modrm(operation, rm)]),
  // LEA with a scaled index, SETcc, CMOVcc
  fc
    .tuple(rex, register, register, fc.integer({ min: 0, max: 3 }), register)
    .map(([w, reg, index, scale, base]) => [
      ...w,
      0x8d,
      0x44 | (reg << 3),
      (scale << 6) | (index << 3) | base,
      0x55,
    ]),
  fc
    .tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0, max: 2 }))
    .map(([cc, rm]) => [0x0f, 0x90 + cc, modrm(0, rm)]),
  fc
    .tuple(fc.integer({ min: 0, max: 15 }), register, register)
    .map(([cc, reg, rm]) => [0x0f, 0x40 + cc, modrm(reg, rm)]),
  // memory operands
  fc
    .tuple(
      rex,
      fc.constantFrom(0x01, 0x03, 0x29, 0x2b, 0x33, 0x39, 0x3b, 0x88, 0x89, 0x8a, 0x8b, 0x63),
      register,
      byte,
    )
    .map(([w, opcode, reg, disp]) => [...w, opcode, ...memory(reg, disp)]),
  fc
    .tuple(rex, fc.integer({ min: 0, max: 7 }), byte, byte)
    .map(([w, operation, disp, value]) => [...w, 0x83, ...memory(operation, disp), value]),
  fc.tuple(register, register).map(([pushed, popped]) => [0x50 + pushed, 0x58 + popped]),
  // a branch over one instruction
  fc
    .tuple(fc.integer({ min: 0, max: 15 }), register)
    .map(([cc, rm]) => [0x70 + cc, 0x02, 0x31, modrm(rm, rm)]),
);

interface Outcome {
  readonly rip: bigint;
  readonly registers: readonly bigint[];
  readonly flags: number;
  readonly memory: string;
  readonly instructions: bigint;
}

function execute(cpu: TestCpu, code: readonly number[], seeds: readonly bigint[], single: boolean): Outcome {
  cpu.load(CODE, [...code, ...UD2]);
  cpu.bytes.fill(0x5a, Number(DATA), Number(DATA) + DATA_BYTES);
  for (const [index, name] of REGISTERS.entries()) cpu.set(name, seeds[index] ?? 0n);
  cpu.set('rbx', DATA);
  cpu.set('rsp', DATA + 0x1000n);
  cpu.setState32(CPU_SLOW_REASONS, single ? SINGLE : 0);
  cpu.flags = 0x202;
  cpu.rip = BigInt(CODE);
  const before = cpu.instructions;
  if (cpu.run() !== EXIT_EXCEPTION) throw new Error('The code did not reach its UD2');
  return {
    rip: cpu.rip,
    registers: REGISTERS.map((name) => cpu.get(name)),
    flags: cpu.flags & STATUS,
    memory: Buffer.from(cpu.bytes.slice(Number(DATA), Number(DATA) + DATA_BYTES)).toString('hex'),
    instructions: cpu.instructions - before,
  };
}

test('random sequences end as they do one instruction a block', async (t) => {
  const cpu = await TestCpu.create({ ramMiB: 1 });
  const seeds = fc.array(fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }), { minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(
      fc.array(instruction, { minLength: 2, maxLength: LONGEST }),
      seeds,
      (instructions, values) => {
        const code = instructions.flat();
        const free = execute(cpu, code, values, false);
        const single = execute(cpu, code, values, true);
        assert.deepEqual(free, single, Buffer.from(code).toString('hex'));
      },
    ),
    { numRuns: RUNS, seed: 20261122 },
  );
  t.pass();
});

const COMPARISONS: readonly (readonly [string, readonly number[]])[] = [
  ['CMP EAX, ECX', [0x39, 0xc8]],
  ['CMP RAX, RCX', [0x48, 0x39, 0xc8]],
  ['CMP EAX, imm', [0x83, 0xf8, 0x80]],
  ['CMP RAX, imm', [0x48, 0x83, 0xf8, 0x80]],
  ['CMP AL, imm', [0x3c, 0x80]],
  ['TEST EAX, ECX', [0x85, 0xc8]],
  ['TEST RAX, RCX', [0x48, 0x85, 0xc8]],
  ['TEST AL, CL', [0x84, 0xc8]],
  ['TEST AL, imm', [0xa8, 0x80]],
];
const VALUES = [
  0n,
  1n,
  0x80n,
  0x7fffffffn,
  0x80000000n,
  0xffffff80n,
  0xffffffffn,
  0x8000000000000000n,
  0xffffffffffffff80n,
];

for (const [title, comparison] of COMPARISONS) {
  test(`${title} with every branch after it`, async (t) => {
    const cpu = await TestCpu.create({ ramMiB: 1 });
    for (let cc = 0; cc < 16; cc++) {
      // Entered by a branch and left by one, twice around, so that the second branch is taken by its link.
      const code = [
        ...comparison,
        0x70 + cc,
        0x02,
        0xff,
        0xc2,
        0xff,
        0xce,
        0x75,
        -(comparison.length + 8) & 0xff,
      ];
      for (const rax of VALUES) {
        for (const rcx of VALUES) {
          const seeds = [rax, rcx, 0n, 0n, 0n, 0n, 3n];
          const free = execute(cpu, code, seeds, false);
          const single = execute(cpu, code, seeds, true);
          if (
            free.rip !== single.rip ||
            free.flags !== single.flags ||
            free.registers[2] !== single.registers[2]
          )
            t.deepEqual(free, single, `condition ${cc}, ${rax.toString(16)}, ${rcx.toString(16)}`);
        }
      }
    }
    t.pass();
  });
}
