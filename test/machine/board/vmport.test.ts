/** Commands at port 5658H by a guest of our own: the registers it sees, beside what the reference shows the same guest. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Assembler } from '../../../src/machine/firmware/assembler/assembler.ts';
import { hasReference } from '../../devices/support/qtest-oracle.ts';
import { startMachine } from './support/live-machine.ts';

const ROM_BYTES = 0x10000;
const RESET_VECTOR = 0xfff0;
const ROM_LINEAR = 0xf0000;
const REPORT_PORT = 0xe9;
const PORT = 0x5658;
const MAGIC = 0x564d5868;
const STACK = 0x7000;
const REGISTERS = ['eax', 'ebx', 'ecx', 'edx', 'esi', 'edi'] as const;
const REGISTER_BYTES = 4;

const DATA = 0x27;
const STATUS = 0x28;
const EXECUTE = 0x29;
const READ_ID = 0x45414552;
const ABSOLUTE = 0x53424152;

/** EAX, ECX and EBX of each call. */
const CALLS: readonly (readonly [eax: number, ecx: number, ebx: number])[] = [
  [MAGIC, 0x0a, 0],
  [MAGIC, 0x14, 0],
  [0x11223344, 0x0a, 0x55],
  [MAGIC, 0x7777, 0x55],
  [MAGIC, STATUS, 0],
  [MAGIC, EXECUTE, READ_ID],
  [MAGIC, STATUS, 0],
  [MAGIC, DATA, 1],
  [MAGIC, EXECUTE, READ_ID],
  [MAGIC, DATA, 6],
  [MAGIC, STATUS, 0],
  [MAGIC, EXECUTE, READ_ID],
  [MAGIC, DATA, 2],
  [MAGIC, EXECUTE, ABSOLUTE],
  [MAGIC, STATUS, 0],
];

function load(code: Assembler, eax: number, ecx: number, ebx: number): void {
  code.mov('eax', eax);
  code.mov('ecx', ecx);
  code.mov('ebx', ebx);
  code.mov('edx', PORT);
  code.mov('esi', 0x51);
  code.mov('edi', 0xd1);
}

/** Calls, then writes all six registers to the report. */
function callAndReport(code: Assembler, eax: number, ecx: number, ebx: number): void {
  load(code, eax, ecx, ebx);
  code.in('eax', 'dx');
  for (const register of [...REGISTERS].reverse()) code.push(register);
  for (const _ of REGISTERS) {
    code.pop('eax');
    for (let byte = 0; byte < REGISTER_BYTES; byte++) {
      code.out(REPORT_PORT, 'al');
      code.shift('shr', 'eax', 8);
    }
  }
}

/** Makes the calls; with `waits`, waits for a packet of the mouse after them and reports it too. */
function callerRom(waits: boolean): Uint8Array {
  const code = new Assembler({ origin: 0, segmentBase: ROM_LINEAR, bits: 16 });
  code.op('cli');
  code.alu('xor', 'ax', 'ax');
  code.movToSegment('ss', 'ax');
  code.mov('esp', STACK);
  for (const [eax, ecx, ebx] of CALLS) callAndReport(code, eax, ecx, ebx);
  if (waits) {
    code.label('wait');
    load(code, MAGIC, STATUS, 0);
    code.in('eax', 'dx');
    code.alu('cmp', 'eax', 4);
    code.jcc('nz', 'wait');
    callAndReport(code, MAGIC, DATA, 4);
  }
  code.label('stop');
  code.op('hlt');
  code.jmp('stop');
  const body = code.assemble();
  const rom = new Uint8Array(ROM_BYTES).fill(0xf4);
  rom.set(body);
  // jmp far f000:0000
  rom.set([0xea, 0x00, 0x00, 0x00, 0xf0], RESET_VECTOR);
  return rom;
}

/** The registers of each call. */
function registersIn(report: Buffer): number[][] {
  const values = Array.from({ length: Math.floor(report.length / REGISTER_BYTES) }, (_, index) =>
    report.readUInt32LE(index * REGISTER_BYTES),
  );
  return Array.from({ length: values.length / REGISTERS.length }, (_, index) =>
    values.slice(index * REGISTERS.length, (index + 1) * REGISTERS.length),
  );
}

const REPORT_BYTES = REGISTERS.length * REGISTER_BYTES;

async function reported(read: () => Buffer, bytes: number): Promise<Buffer> {
  while (read().length < bytes) await new Promise((resolve) => setTimeout(resolve, 10));
  return read();
}

async function onReference(rom: Uint8Array): Promise<number[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-vmport-'));
  const [bios, report] = [join(folder, 'bios'), join(folder, 'report')];
  writeFileSync(bios, rom);
  const reference = spawn(
    'qemu-system-x86_64',
    [
      // The oldest board that today's reference has: later ones show more of VMware.
      ...['-M', 'pc-i440fx-1.4', '-accel', 'tcg', '-m', '16', '-nodefaults', '-display', 'none'],
      ...['-bios', bios, '-debugcon', `file:${report}`],
    ],
    { stdio: 'ignore' },
  );
  try {
    const read = (): Buffer => (existsSync(report) ? readFileSync(report) : Buffer.alloc(0));
    return registersIn(await reported(read, CALLS.length * REPORT_BYTES));
  } finally {
    reference.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

test.serial('a guest sees what it sees on the reference', async (t) => {
  const rom = callerRom(false);
  await using machine = await startMachine(rom, ['-m', '16']);
  const report = (): Buffer => Buffer.from(machine.report(), 'latin1');
  const own = registersIn(await reported(report, CALLS.length * REPORT_BYTES));
  t.deepEqual(own[0], [6, MAGIC, 0x0a, PORT, 0x51, 0xd1]);
  if (hasReference) t.deepEqual(own, await onReference(rom));
});

test.serial('a monitor moves the absolute pointer, and the guest fetches where it is', async (t) => {
  await using machine = await startMachine(callerRom(true), ['-m', '16']);
  const report = (): Buffer => Buffer.from(machine.report(), 'latin1');
  await reported(report, CALLS.length * REPORT_BYTES);
  t.deepEqual(await machine.qmp.execute('query-mice'), [
    { name: 'vmmouse', index: 1, current: true, absolute: true },
    { name: 'QEMU PS/2 Mouse', index: 0, current: false, absolute: false },
  ]);
  const human = (line: string): Promise<string> =>
    machine.qmp.execute('human-monitor-command', { 'command-line': line });
  t.is(await human('info mice'), '* Mouse #1: vmmouse (absolute)\r\n  Mouse #0: QEMU PS/2 Mouse\r\n');
  await human('mouse_move 1000 2000');
  const packet = registersIn(await reported(report, (CALLS.length + 1) * REPORT_BYTES)).at(-1);
  t.deepEqual(packet, [0, 2000, 4000, 0, 0x51, 0xd1]);
  await human('mouse_set 0');
  t.regex(await human('info mice'), /^\* Mouse #0/);
});
