/** Code of the demo guest that speaks through the first serial port (16550 data sheet) and waits for keys. */
import type { Assembler } from '../../machine/firmware/assembler/assembler.ts';
import { linearOf, memory, offsetOf } from '../../machine/firmware/assembler/operands.ts';

const DATA = 0x3f8;
const INTERRUPT_ENABLE = 0x3f9;
const LINE_CONTROL = 0x3fb;
const MODEM_CONTROL = 0x3fc;
const LINE_STATUS = 0x3fd;
const EIGHT_BITS = 0x03;
const RECEIVED_DATA_INTERRUPT = 0x01;
const INTERRUPTS_TO_THE_BUS = 0x0b;
const DATA_READY = 0x01;
const TRANSMITTER_EMPTY = 0x20;

const PIC = 0x20;
const END_OF_INTERRUPT = 0x20;
const SERIAL_VECTOR = 0x24;
/** 8259s: vectors from 20H and 28H, only line 4 open. */
const PIC_SETUP = [
  [0x20, 0x11],
  [0x21, 0x20],
  [0x21, 0x04],
  [0x21, 0x01],
  [0xa0, 0x11],
  [0xa1, 0x28],
  [0xa1, 0x02],
  [0xa1, 0x01],
  [0x21, 0xef],
  [0xa1, 0xff],
] as const;

const CODE_SELECTOR = 0x08;
const INTERRUPT_GATE = 0x8e00;
const DECIMAL = 10;

/** EAX becomes what `port` gives. */
function input(asm: Assembler, port: number): void {
  asm.mov('edx', port);
  asm.in('al', 'dx');
}

function output(asm: Assembler, port: number, value: number): void {
  asm.mov('edx', port);
  asm.mov('eax', value);
  asm.out('dx', 'al');
}

/** `print` of the text at a label, with the lock of the console held by the caller. */
export function print(asm: Assembler, label: string): void {
  asm.mov('esi', offsetOf(label));
  asm.call('print');
}

/** Interrupts on: to be run once, by the boot processor. */
export function setUpConsole(asm: Assembler): void {
  for (const [port, value] of PIC_SETUP) output(asm, port, value);
  asm.mov('eax', linearOf('serialInterrupt'));
  asm.mov(memory({ displacement: offsetOf('serialGate') }), 'ax');
  asm.shift('shr', 'eax', 16);
  asm.mov(memory({ displacement: offsetOf('serialGateHigh') }), 'ax');
  asm.lidt(memory({ displacement: offsetOf('idtPointer') }));
  output(asm, LINE_CONTROL, EIGHT_BITS);
  output(asm, INTERRUPT_ENABLE, RECEIVED_DATA_INTERRUPT);
  output(asm, MODEM_CONTROL, INTERRUPTS_TO_THE_BUS);
}

/** Routines print (text at ESI), printNumber (EAX), printLetter (AL) and readKey (to AL). EBP and EBX are kept. */
export function consoleRoutines(asm: Assembler): void {
  asm.label('print');
  asm.mov('al', memory({ base: 'esi' }));
  asm.inc('esi');
  asm.alu('cmp', 'al', 0);
  asm.jcc('z', 'printed');
  asm.call('printLetter');
  asm.jmp('print');
  asm.label('printed');
  asm.op('ret');

  asm.label('printLetter');
  asm.mov('ecx', 'eax');
  asm.label('waitToSend');
  input(asm, LINE_STATUS);
  asm.test('al', TRANSMITTER_EMPTY);
  asm.jcc('z', 'waitToSend');
  asm.mov('eax', 'ecx');
  asm.mov('edx', DATA);
  asm.out('dx', 'al');
  asm.op('ret');

  asm.label('printNumber');
  asm.mov('edi', offsetOf('digitsEnd'));
  asm.label('nextDigit');
  asm.alu('xor', 'edx', 'edx');
  asm.mov('ecx', DECIMAL);
  asm.unary('div', 'ecx');
  asm.alu('add', 'edx', 0x30);
  asm.dec('edi');
  asm.mov(memory({ base: 'edi' }), 'dl');
  asm.alu('cmp', 'eax', 0);
  asm.jcc('nz', 'nextDigit');
  asm.mov('esi', 'edi');
  asm.jmp('print');

  asm.label('readKey');
  input(asm, LINE_STATUS);
  asm.test('al', DATA_READY);
  asm.jcc('nz', 'keyReady');
  asm.op('sti');
  asm.op('hlt');
  asm.op('cli');
  asm.jmp('readKey');
  asm.label('keyReady');
  input(asm, DATA);
  asm.op('ret');

  asm.label('serialInterrupt');
  asm.push('eax');
  asm.mov('eax', END_OF_INTERRUPT);
  asm.out(PIC, 'al');
  asm.pop('eax');
  asm.op('iret');
}

export function consoleData(asm: Assembler): void {
  asm.align(8);
  asm.label('idt');
  asm.data(new Uint8Array(SERIAL_VECTOR * 8));
  asm.label('serialGate');
  asm.word(0);
  asm.word(CODE_SELECTOR);
  asm.word(INTERRUPT_GATE);
  asm.label('serialGateHigh');
  asm.word(0);
  asm.label('idtPointer');
  asm.word((SERIAL_VECTOR + 1) * 8 - 1);
  asm.dword(linearOf('idt'));
  asm.label('digits');
  asm.data(new Uint8Array(DECIMAL));
  asm.label('digitsEnd');
  asm.bytes(0);
}
