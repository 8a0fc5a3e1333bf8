/** The text of WebAssembly that is logged, against binaryen's reader of the same bytes and its parser of the text. */
import test from 'ava';
import binaryen from 'binaryen';
import { IMPORTS, SIGNATURES } from '../../../src/vcpu/jit/locals.ts';
import type { LoggedRegion } from '../../../src/vcpu/jit/region-log.ts';
import {
  ATOMIC_NAMES,
  MISCELLANEOUS_NAMES,
  PLAIN_NAMES,
  VECTOR_NAMES,
} from '../../../src/vcpu/jit/wasm-names.ts';
import { wasmText } from '../../../src/vcpu/jit/wasm-text.ts';
import { TestCpu } from '../support/test-cpu.ts';

const CODE = 0x10000;
const UD2 = [0x0f, 0x0b];
const TYPES = new Map([
  [0x7f, 'i32'],
  [0x7e, 'i64'],
]);

function types(list: readonly number[]): string {
  return list.map((type) => TYPES.get(type)).join(' ');
}

/** What a region's module has around the function. */
function wholeModule(text: string): string {
  return [
    '(module',
    ...SIGNATURES.map(
      ({ parameters, results }) =>
        `(type (func (param ${types(parameters)})${results.length > 0 ? ` (result ${types(results)})` : ''}))`,
    ),
    '(import "core" "memory" (memory 1 65536 shared))',
    '(import "core" "table" (table 0 funcref))',
    ...IMPORTS.map(([name, type]) => `(import "core" "${name}" (func $${name} (type ${type})))`),
    '(export "0" (func 8))',
    text,
    ')',
  ].join('\n');
}

const HINT = /^ *\(@metadata\.code\.branch_hint .*\n/gm;

/** The one way in which binaryen writes a module. Names do not matter; it loses hints when it parses text. */
function canonical(module: binaryen.Module): string {
  module.setFeatures(binaryen.Features.All);
  const again = binaryen.readBinary(module.emitBinary());
  again.setFeatures(binaryen.Features.All);
  return again.emitText().replaceAll(HINT, '');
}

async function regionsOf(code: readonly number[]): Promise<LoggedRegion[]> {
  const cpu = await TestCpu.create({ hotEntries: 1 });
  const regions: LoggedRegion[] = [];
  cpu.translator?.setLog({ write: (region) => regions.push(region), close: () => undefined });
  cpu.load(CODE, code);
  cpu.rip = BigInt(CODE);
  cpu.set('rcx', 3n);
  cpu.set('rbx', 0x20000n);
  cpu.set('rsp', 0x30000n);
  cpu.run();
  return regions;
}

const PROGRAMS: readonly (readonly [string, readonly number[]])[] = [
  ['a counting loop', [0x48, 0x01, 0xc8, 0x48, 0xff, 0xc9, 0x75, 0xf8, ...UD2]],
  // push rax; call +0; pop rdx; xchg [rbx], rcx; lock add [rbx], rcx; mul rcx; ret
  [
    'calls, the stack, atomics',
    [0x50, 0xe8, 0, 0, 0, 0, 0x5a, 0x48, 0x87, 0x0b, 0xf0, 0x48, 0x01, 0x0b, 0x48, 0xf7, 0xe1, ...UD2],
  ],
  // movups xmm0, [rbx]; pshufb-like moves: punpcklbw, paddb, pshufd, mulsd, addps, cvttsd2si, movups [rbx], xmm0
  [
    'vectors and floating point',
    [
      ...[0x0f, 0x10, 0x03, 0x66, 0x0f, 0x60, 0xc1, 0x66, 0x0f, 0xfc, 0xc1, 0x66, 0x0f, 0x70, 0xc1, 0x1b],
      ...[0xf2, 0x0f, 0x59, 0xc1, 0x0f, 0x58, 0xc1, 0xf2, 0x48, 0x0f, 0x2c, 0xc0, 0x0f, 0x11, 0x03, ...UD2],
    ],
  ],
];

for (const [name, code] of PROGRAMS) {
  test(`${name}: the text is the module`, async (t) => {
    const regions = await regionsOf(code);
    t.true(regions.length > 0);
    for (const { code: written, module } of regions) {
      const text = wasmText(written);
      t.notRegex(text, /unknown/);
      t.is(text.match(HINT)?.length, written.hints.length);
      const parsed = binaryen.parseText(wholeModule(text));
      t.is(canonical(parsed), canonical(binaryen.readBinary(module)));
    }
  });
}

/** A module with one function of these instructions, without parameters and results. */
function moduleWith(instructions: readonly number[]): Uint8Array<ArrayBuffer> {
  const body = [0, ...instructions, 0x0b];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 4, 1, 0x60, 0, 0],
    ...[3, 2, 1, 0],
    ...[5, 4, 1, 3, 1, 1],
    ...[10, body.length + 2, 1, body.length, ...body],
  ]);
}

const CONST32 = [0x41, 0];
const CONST64 = [0x42, 0];
const CONST128 = [0xfd, 0x0c, ...Array<number>(16).fill(0)];
const FLOAT32 = [0x43, 0, 0, 0, 0];
const FLOAT64 = [0x44, 0, 0, 0, 0, 0, 0, 0, 0];
const UNREACHABLE = [0x00];
/** What may have to be on the stack: an access is only shown as itself with an address that is one. */
const OPERANDS: readonly (readonly number[])[] = [
  CONST32,
  ...[CONST32, CONST64, CONST128, FLOAT32, FLOAT64].map((value) => [...CONST32, ...value]),
  [...CONST32, ...CONST32, ...CONST32],
  [...CONST32, ...CONST64, ...CONST64],
  [...CONST32, ...CONST32, ...CONST64],
  UNREACHABLE,
];
const IMMEDIATES: readonly (readonly number[])[] = [
  ...[[], [0], [0, 0], [1, 0], [2, 0], [3, 0], [0, 0, 0]],
  Array<number>(16).fill(0),
];
const ENDS: readonly (readonly number[])[] = [[], [0x1a], UNREACHABLE];

function isValid(bytes: Uint8Array<ArrayBuffer>): boolean {
  try {
    return new WebAssembly.Module(bytes) instanceof WebAssembly.Module;
  } catch {
    return false;
  }
}

/** What binaryen makes of a module with this instruction, in the first surroundings in which it is valid. */
function read(instruction: readonly number[]): string | undefined {
  for (const operands of OPERANDS) {
    for (const immediates of IMMEDIATES) {
      for (const end of ENDS) {
        const bytes = moduleWith([...operands, ...instruction, ...immediates, ...end]);
        if (isValid(bytes)) return binaryen.readBinary(bytes).emitText();
      }
    }
  }
  return undefined;
}

/** Loads, stores and what follows: instructions for control and locals are in the regions. */
const FIRST_OF_VALUES = 0x28;
const TABLES: readonly (readonly [string, ReadonlyMap<number, string>, (opcode: number) => number[]])[] = [
  ['plain', new Map([...PLAIN_NAMES].filter(([opcode]) => opcode >= FIRST_OF_VALUES)), (opcode) => [opcode]],
  ['miscellaneous', MISCELLANEOUS_NAMES, (opcode) => [0xfc, opcode]],
  ['vector', VECTOR_NAMES, (opcode) => [0xfd, (opcode & 0x7f) | 0x80, opcode >> 7]],
  ['atomic', ATOMIC_NAMES, (opcode) => [0xfe, opcode]],
];

for (const [name, names, encode] of TABLES) {
  test(`names of ${name} instructions`, (t) => {
    for (const [opcode, expected] of names) {
      t.true(
        read(encode(opcode))?.includes(`(${expected}`),
        `${opcode.toString(16)} ${expected}: ${read(encode(opcode))}`,
      );
    }
  });
}
