/**
 * A guest in a 64 KiB ROM that calls the roll of its processors: the first one wakes all others by INIT and SIPI, counts who
 * answers, and reports on port E9H. Letters: `B` began, `A` for each other processor that came up, then how many there are.
 */
import { Assembler } from '../../../../src/machine/firmware/assembler/assembler.ts';
import { linearOf, memory, offsetOf } from '../../../../src/machine/firmware/assembler/operands.ts';

const ROM_BYTES = 0x10000;
const RESET_VECTOR = 0xfff0;
const ROM_SEGMENT = 0xf000;
const ROM_LINEAR = 0xf0000;
const REPORT_PORT = 0xe9;
const CMOS_INDEX = 0x70;
const CMOS_DATA = 0x71;
/** CMOS byte with the number of processors less one. */
const CMOS_LAST_CPU = 0x5f;
const TRAMPOLINE = 0x8000;
const TRAMPOLINE_VECTOR = 8;
const COUNT = 0x500;
/** Survives a reset: what the guest does the second time. */
const VISITS = 0x504;
const STACK = 0x7000;
const APIC = 0xfee00000;
const APIC_SVR = APIC + 0xf0;
const APIC_ICR = APIC + 0x300;
const SVR_ON = 0x1ff;
const INIT_OTHERS = 0xc4500;
const SIPI_OTHERS = 0xc4600 | TRAMPOLINE_VECTOR;
const CODE_SELECTOR = 8;
const DATA_SELECTOR = 16;

/** What the first processor does when everybody has answered. */
export type Ending =
  /** Halts for good, interrupts off. */
  | 'halt'
  /** Causes a triple fault in its first life, writes 5 to the debug exit in its second. */
  | 'fault'
  /** Counts in a register for ever. */
  | 'spin';

function print(code: Assembler, letter: string): void {
  code.mov('al', letter.charCodeAt(0));
  code.out(REPORT_PORT, 'al');
}

function halt(code: Assembler, label: string): void {
  code.label(label);
  code.op('cli');
  code.op('hlt');
  code.jmp(label);
}

/** What the other processors run, copied to TRAMPOLINE. */
function trampoline(): Uint8Array {
  const code = new Assembler({ origin: 0, segmentBase: TRAMPOLINE, bits: 16 });
  code.alu('xor', 'ax', 'ax');
  code.movToSegment('ds', 'ax');
  print(code, 'A');
  code.inc(memory({ displacement: COUNT }, 4), true);
  halt(code, 'stop');
  return code.assemble();
}

function realMode(code: Assembler, ending: Ending): void {
  code.op('cli');
  code.alu('xor', 'ax', 'ax');
  code.movToSegment('ds', 'ax');
  code.movToSegment('es', 'ax');
  code.movToSegment('ss', 'ax');
  code.mov('esp', STACK);
  print(code, 'B');
  code.mov(memory({ displacement: COUNT }, 4), 0);
  if (ending === 'fault') {
    code.inc(memory({ displacement: VISITS }, 4));
    code.alu('cmp', memory({ displacement: VISITS }, 4), 2);
    code.jcc('z', 'second life');
  }
  const bytes = trampoline();
  bytes.forEach((byte, index) => void code.mov(memory({ displacement: TRAMPOLINE + index }, 1), byte));
  code.mov('al', CMOS_LAST_CPU);
  code.out(CMOS_INDEX, 'al');
  code.alu('xor', 'eax', 'eax');
  code.in('al', CMOS_DATA);
  code.mov('ebx', 'eax');
  code.lgdt(memory({ displacement: offsetOf('gdt pointer'), segment: 'cs' }));
  code.mov('eax', 0x11);
  code.movToControl(0, 'eax');
  code.jmpFar(CODE_SELECTOR, linearOf('protected'), 4);
}

function protectedMode(code: Assembler, ending: Ending): void {
  code.bits(32);
  code.label('protected');
  code.mov('ax', DATA_SELECTOR);
  code.movToSegment('ds', 'ax');
  code.mov(memory({ displacement: APIC_SVR }, 4), SVR_ON);
  code.mov(memory({ displacement: APIC_ICR }, 4), INIT_OTHERS);
  code.mov(memory({ displacement: APIC_ICR }, 4), SIPI_OTHERS);
  code.label('await');
  code.op('pause');
  code.alu('cmp', memory({ displacement: COUNT }, 4), 'ebx');
  code.jcc('nz', 'await');
  code.mov('eax', 'ebx');
  code.alu('add', 'al', '1'.charCodeAt(0));
  code.out(REPORT_PORT, 'al');
  if (ending === 'fault') {
    code.lidt(memory({ displacement: linearOf('no idt'), segment: 'cs' }));
    code.int(3);
  } else if (ending === 'spin') {
    code.label('spin');
    code.inc('ecx');
    code.jmp('spin');
  }
  halt(code, 'idle');
}

/** The image. It needs -device isa-debugcon for its report, and for `fault` -device isa-debug-exit. */
export function rollCallRom(ending: Ending): Uint8Array {
  const code = new Assembler({ origin: 0, segmentBase: ROM_LINEAR, bits: 16 });
  realMode(code, ending);
  protectedMode(code, ending);
  code.bits(16);
  code.label('second life');
  print(code, 'R');
  code.mov('dx', 0x501);
  code.mov('al', 5);
  code.out('dx', 'al');
  halt(code, 'done');
  code.align(8);
  code.label('gdt');
  code.bytes(0, 0, 0, 0, 0, 0, 0, 0);
  code.bytes(0xff, 0xff, 0, 0, 0, 0x9a, 0xcf, 0);
  code.bytes(0xff, 0xff, 0, 0, 0, 0x92, 0xcf, 0);
  code.label('gdt pointer');
  code.word(23);
  code.dword(linearOf('gdt'));
  code.label('no idt');
  code.word(0);
  code.dword(0);
  const image = new Uint8Array(ROM_BYTES);
  image.set(code.assemble());
  const start = new Assembler({ origin: RESET_VECTOR, bits: 16 });
  start.jmpFar(ROM_SEGMENT, 0, 2);
  image.set(start.assemble(), RESET_VECTOR);
  return image;
}
