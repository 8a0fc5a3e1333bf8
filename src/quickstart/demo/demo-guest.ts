/**
 * A guest of our own for hosts without Debian's kernels: a multiboot image of a few KiB with a roll call of the processors, a
 * counter that all of them advance at once, a memory test, and a menu on the serial line.
 */
import { Assembler } from '../../machine/firmware/assembler/assembler.ts';
import { linearOf, memory, offsetOf } from '../../machine/firmware/assembler/operands.ts';
import { u32 } from '../../machine/firmware/bytes.ts';
import { consoleData, consoleRoutines, print, setUpConsole } from './serial-console.ts';

const LOAD_ADDRESS = 0x100000;
const STACK_TOP = 0x90000;
/** Where other processors start, in real mode; a SIPI names the page. */
const TRAMPOLINE = 0x8000;
const TRAMPOLINE_PAGE = TRAMPOLINE >> 12;
const TRAMPOLINE_BYTES = 64;
/** Where the pointer to the descriptor table lies in it. */
const TRAMPOLINE_GDT = 40;
const GDT_POINTER_BYTES = 6;
/** Each of the other processors has this much stack, below STACK_TOP, in the order of arrival. */
const STACK_BYTES = 0x1000;

const MULTIBOOT_MAGIC = 0x1badb002;
const MULTIBOOT_FLAGS = 0x10002;
const MEMORY_UPPER = 8;

const APIC_ID = 0xfee00020;
const APIC_SVR = 0xfee000f0;
const APIC_ICR = 0xfee00300;
const SVR_ENABLED = 0x1ff;
const INIT_ALL_OTHERS = 0xc4500;
const START_ALL_OTHERS = 0xc4600;

/** Ticks of the TSC, a tenth of a second here, in which no further processor has come: that was all. */
const PATIENCE = 100_000_000;
const ROUNDS = 1_000_000;

const FIRST_TESTED = 0x400000;
const PATTERN = 0x5aa5c33c;

const PM1_CONTROL = 0xb004;
const SLEEP_S5 = 0x2000;
const RESET_CONTROL = 0xcf9;
const RESET_NOW = 0x06;

const CODE = 0x08;
const DATA = 0x10;
const CR0_PE = 1;

const word = (label: string) => memory({ displacement: offsetOf(label) }, 4);

function header(asm: Assembler): void {
  const checksum = -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS) >>> 0;
  asm.data(u32(MULTIBOOT_MAGIC, MULTIBOOT_FLAGS, checksum));
  asm.dword(LOAD_ADDRESS);
  asm.dword(LOAD_ADDRESS);
  asm.dword(0);
  asm.dword(0);
  asm.dword(linearOf('entry'));
}

function loadSegments(asm: Assembler): void {
  asm.mov('ax', DATA);
  for (const segment of ['ds', 'es', 'ss', 'fs', 'gs'] as const) asm.movToSegment(segment, 'ax');
}

/** The boot processor: sets everything up, then lives in the menu. */
function bootProcessor(asm: Assembler): void {
  asm.label('entry');
  asm.op('cli');
  asm.lgdt(memory({ displacement: offsetOf('gdtPointer') }));
  asm.jmpFar(CODE, linearOf('flat'), 4);
  asm.label('flat');
  loadSegments(asm);
  asm.mov('esp', STACK_TOP);
  asm.mov('eax', memory({ base: 'ebx', displacement: MEMORY_UPPER }));
  asm.shift('shl', 'eax', 10);
  asm.alu('add', 'eax', LOAD_ADDRESS);
  asm.mov(word('memoryEnd'), 'eax');
  asm.mov('esi', offsetOf('trampoline'));
  asm.mov('edi', TRAMPOLINE);
  asm.mov('ecx', TRAMPOLINE_BYTES);
  asm.op('cld');
  asm.op('repMovsb');
  asm.mov(memory({ displacement: APIC_SVR }, 4), SVR_ENABLED);
  setUpConsole(asm);
  print(asm, 'banner');
  asm.call('rollCall');
  asm.label('menu');
  print(asm, 'menuText');
  asm.call('readKey');
  for (const [key, routine] of [
    ['r', 'rollCall'],
    ['c', 'count'],
    ['m', 'testMemory'],
    ['b', 'reboot'],
    ['q', 'powerOff'],
  ] as const) {
    asm.alu('cmp', 'al', key.charCodeAt(0));
    asm.jcc('z', `menu.${routine}`);
  }
  asm.jmp('menu');
  for (const routine of ['rollCall', 'count', 'testMemory', 'reboot', 'powerOff']) {
    asm.label(`menu.${routine}`);
    asm.call(routine);
    asm.jmp('menu');
  }
}

/** Another processor: protected mode, a stack of its own, the job, and a halt until the next start. */
function otherProcessors(asm: Assembler): void {
  asm.bits(16);
  asm.label('trampoline');
  asm.op('cli');
  asm.lgdt(memory({ displacement: TRAMPOLINE_GDT, segment: 'cs' }));
  asm.movFromControl('eax', 0);
  asm.alu('or', 'eax', CR0_PE);
  asm.movToControl(0, 'eax');
  asm.jmpFar(CODE, linearOf('otherFlat'), 4);
  asm.label('trampolineEnd');
  const used = asm.address('trampolineEnd') - asm.address('trampoline');
  asm.data(new Uint8Array(TRAMPOLINE_GDT - used));
  gdtPointer(asm);
  asm.data(new Uint8Array(TRAMPOLINE_BYTES - TRAMPOLINE_GDT - GDT_POINTER_BYTES));
  asm.bits(32);
  asm.label('otherFlat');
  loadSegments(asm);
  asm.mov('eax', 1);
  asm.lockXadd(memory({ displacement: offsetOf('arrived') }), 'eax');
  asm.inc('eax');
  asm.mov('ecx', STACK_BYTES);
  asm.unary('mul', 'ecx');
  asm.mov('esp', STACK_TOP);
  asm.alu('sub', 'esp', 'eax');
  asm.mov('eax', word('job'));
  asm.mov('ecx', offsetOf('jobDone'));
  asm.push('ecx');
  asm.jmpRegister('eax');
  asm.label('jobDone');
  asm.inc(word('finished'), true);
  asm.label('otherStop');
  asm.op('cli');
  asm.op('hlt');
  asm.jmp('otherStop');
}

/** EAX: the job. Starts all others on it, does it too, and waits until everybody is done. */
function startOthers(asm: Assembler): void {
  asm.label('together');
  asm.mov(word('job'), 'eax');
  asm.mov(word('arrived'), 0);
  asm.mov(word('finished'), 0);
  asm.mov(memory({ displacement: APIC_ICR }, 4), INIT_ALL_OTHERS);
  asm.mov(memory({ displacement: APIC_ICR }, 4), START_ALL_OTHERS | TRAMPOLINE_PAGE);
  asm.mov('ecx', offsetOf('ownPartDone'));
  asm.push('ecx');
  asm.jmpRegister('eax');
  asm.label('ownPartDone');
  asm.label('waitAgain');
  asm.mov('ebx', word('arrived'));
  asm.op('rdtsc');
  asm.mov('edi', 'eax');
  asm.label('waitForMore');
  asm.op('pause');
  asm.alu('cmp', 'ebx', word('arrived'));
  asm.jcc('nz', 'waitAgain');
  asm.op('rdtsc');
  asm.alu('sub', 'eax', 'edi');
  asm.alu('cmp', 'eax', PATIENCE);
  asm.jcc('c', 'waitForMore');
  asm.label('waitForEnd');
  asm.op('pause');
  asm.mov('eax', word('finished'));
  asm.alu('cmp', 'eax', word('arrived'));
  asm.jcc('nz', 'waitForEnd');
  asm.op('ret');
}

/** Takes the console for one line. */
function lockConsole(asm: Assembler, label: string): void {
  asm.label(label);
  asm.op('pause');
  asm.mov('eax', 1);
  asm.xchg(word('consoleLock'), 'eax');
  asm.alu('cmp', 'eax', 0);
  asm.jcc('nz', label);
}

const unlockConsole = (asm: Assembler): void => asm.mov(word('consoleLock'), 0);

function rollCall(asm: Assembler): void {
  asm.label('rollCall');
  asm.mov('eax', offsetOf('rollCallJob'));
  asm.call('together');
  print(asm, 'present');
  asm.mov('eax', word('arrived'));
  asm.inc('eax');
  asm.call('printNumber');
  print(asm, 'newLine');
  asm.op('ret');
  asm.label('rollCallJob');
  lockConsole(asm, 'rollCallLock');
  print(asm, 'processor');
  asm.mov('eax', memory({ displacement: APIC_ID }));
  asm.shift('shr', 'eax', 24);
  asm.call('printNumber');
  print(asm, 'here');
  unlockConsole(asm);
  asm.op('ret');
}

/** Every processor advances one counter by locked increments: none may be lost. */
function count(asm: Assembler): void {
  asm.label('count');
  asm.mov(word('counter'), 0);
  asm.mov('eax', offsetOf('countJob'));
  asm.call('together');
  asm.mov('eax', word('counter'));
  asm.call('printNumber');
  print(asm, 'countedOf');
  asm.mov('eax', word('arrived'));
  asm.inc('eax');
  asm.mov('ecx', ROUNDS);
  asm.unary('mul', 'ecx');
  asm.call('printNumber');
  print(asm, 'counted');
  asm.op('ret');
  asm.label('countJob');
  asm.mov('ecx', ROUNDS);
  asm.label('countOne');
  asm.inc(word('counter'), true);
  asm.dec('ecx');
  asm.jcc('nz', 'countOne');
  asm.op('ret');
}

/** Each word gets its address mixed with a pattern, and must have it when all are written. */
function testMemory(asm: Assembler): void {
  asm.label('testMemory');
  print(asm, 'testing');
  asm.mov('edi', FIRST_TESTED);
  asm.label('fill');
  asm.mov('eax', 'edi');
  asm.alu('xor', 'eax', PATTERN);
  asm.mov(memory({ base: 'edi' }), 'eax');
  asm.alu('add', 'edi', 4);
  asm.alu('cmp', 'edi', word('memoryEnd'));
  asm.jcc('c', 'fill');
  asm.mov('edi', FIRST_TESTED);
  asm.alu('xor', 'ebx', 'ebx');
  asm.label('check');
  asm.mov('eax', 'edi');
  asm.alu('xor', 'eax', PATTERN);
  asm.alu('cmp', 'eax', memory({ base: 'edi' }));
  asm.jcc('z', 'wordGood');
  asm.inc('ebx');
  asm.label('wordGood');
  asm.alu('add', 'edi', 4);
  asm.alu('cmp', 'edi', word('memoryEnd'));
  asm.jcc('c', 'check');
  asm.mov('eax', word('memoryEnd'));
  asm.alu('sub', 'eax', FIRST_TESTED);
  asm.shift('shr', 'eax', 10);
  asm.call('printNumber');
  print(asm, 'tested');
  asm.mov('eax', 'ebx');
  asm.call('printNumber');
  print(asm, 'wrong');
  asm.op('ret');
}

function leave(asm: Assembler): void {
  asm.label('powerOff');
  asm.mov('edx', PM1_CONTROL);
  asm.mov('eax', SLEEP_S5);
  asm.out('dx', 'ax');
  asm.op('ret');
  asm.label('reboot');
  asm.mov('edx', RESET_CONTROL);
  asm.mov('eax', RESET_NOW);
  asm.out('dx', 'al');
  asm.op('ret');
}

function gdtPointer(asm: Assembler): void {
  asm.word(3 * 8 - 1);
  asm.dword(linearOf('gdt'));
}

const TEXTS: Readonly<Record<string, string>> = {
  banner: '\r\nTroupe demo guest\r\n',
  processor: '  processor ',
  here: ' is here\r\n',
  present: 'processors: ',
  countedOf: ' of ',
  counted: ' increments counted\r\n',
  testing: 'testing memory...\r\n',
  tested: ' KiB tested, ',
  wrong: ' words wrong\r\n',
  newLine: '\r\n',
  menuText: '\r\n[r]oll call  [c]ount together  [m]emory test  re[b]oot  [q]uit\r\n> ',
};

const VARIABLES = ['memoryEnd', 'job', 'arrived', 'finished', 'consoleLock', 'counter'];

function data(asm: Assembler): void {
  asm.align(8);
  asm.label('gdt');
  asm.data(u32(0, 0, 0x0000ffff, 0x00cf9b00, 0x0000ffff, 0x00cf9300));
  asm.label('gdtPointer');
  gdtPointer(asm);
  asm.align(4);
  for (const variable of VARIABLES) {
    asm.label(variable);
    asm.dword(0);
  }
  for (const [label, text] of Object.entries(TEXTS)) {
    asm.label(label);
    asm.text(text);
  }
  consoleData(asm);
}

/** The image, for `-kernel`. */
export function demoGuest(): Uint8Array {
  const asm = new Assembler({ origin: LOAD_ADDRESS, bits: 32 });
  header(asm);
  bootProcessor(asm);
  otherProcessors(asm);
  startOthers(asm);
  rollCall(asm);
  count(asm);
  testMemory(asm);
  leave(asm);
  consoleRoutines(asm);
  data(asm);
  return asm.assemble();
}
