import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { GuestError } from '../../../src/machine/guest/guest-error.ts';
import { executeHumanCommand } from '../../../src/monitor/hmp/execute.ts';
import { qmpCommands } from '../../../src/monitor/qmp-commands.ts';
import { newCounters } from '../../../src/vcpu/jit/counters.ts';
import { fakeServices } from './fake-services.ts';

const MEMORY = Uint8Array.from({ length: 4096 }, (_, i) => (i * 7 + 3) & 0xff);
/** `cli; mov sp, 7c00h; jmp $` at 7c00h. */
const CODE = [0xfa, 0xbc, 0x00, 0x7c, 0xeb, 0xfe];
const CODE_ADDRESS = 0x7c00n;

function readMemory(address: bigint, bytes: number): Uint8Array {
  if (address >= CODE_ADDRESS && address < CODE_ADDRESS + 16n) {
    return Uint8Array.from({ length: bytes }, (_, i) => CODE[Number(address - CODE_ADDRESS) + i] ?? 0x90);
  }
  return Uint8Array.from({ length: bytes }, (_, i) => MEMORY[(Number(address) + i) % MEMORY.length] ?? 0);
}

const asked: [string, unknown][] = [];

function record(name: string): (argument: unknown) => undefined {
  return (argument) => {
    asked.push([name, argument]);
    return undefined;
  };
}

const machine = {
  cpuList: () => [
    { index: 0, pc: 0xfffffff0n, halted: false, threadId: 31 },
    { index: 1, pc: 0n, halted: true, threadId: 32 },
  ],
  cpuCounters: () => [
    {
      instructions: 5_000_000_000n,
      translator: {
        ...newCounters(),
        ...{
          regions: 10,
          instructions: 200,
          interpreted: 8,
          bytes: 15000,
          translateMs: 4.25,
          compileMs: 2.5,
        },
        ...{ heldRegions: 7, heldBytes: 9000, reused: 3, regrown: 1, invalidated: 2, refused: 4 },
      },
    },
    {
      instructions: 12n,
      translator: {
        ...newCounters(),
        regions: 2,
        instructions: 40,
        bytes: 3000,
        heldRegions: 2,
        heldBytes: 3000,
        evictions: 1,
      },
    },
    { instructions: 7n },
  ],
  setLog: (change: { readonly file?: string }) => {
    if (change.file === '/none/x') throw new GuestError('ERR_GUEST_LOG', 'Could not open it');
    asked.push(['setLog', change]);
  },
  cpuNames: () => ({
    values: new Map([
      ['eip', 0x7c00n],
      ['esp', 0x10n],
    ]),
    codeBits: 16,
  }),
  describeCpu: ({ cpu, topic }: { cpu: number; topic: string }) => `${topic} of ${cpu}\n`,
  readPhysical: ({ address, bytes }: { address: bigint; bytes: number }) => readMemory(address, bytes),
  readLinear: ({ address, bytes }: { address: bigint; bytes: number }) =>
    address >= 0x100000n ? [{ bytes, contents: null }] : [{ bytes, contents: readMemory(address, bytes) }],
  portRead: ({ port }: { port: number }) => (port === 0x71 ? 0x26 : 0x1c),
  portWrite: record('portWrite'),
  sendKeys: record('sendKeys'),
  movePointer: record('movePointer'),
  pressPointer: record('pressPointer'),
  mice: () => [{ name: 'QEMU PS/2 Mouse', index: 0, current: true, absolute: false }],
  selectMouse: ({ index }: { index: number }) => index === 0,
  setBootOrder: ({ order }: { order: string }) => order !== 'zz',
  describe: ({ topic }: { topic: string }) => `${topic}\n`,
  balloon: record('balloon'),
  balloonActual: () => 134217728,
};

function services() {
  const made = fakeServices({ machine });
  // The commands themselves are part of what is tested here.
  made.executeQmp = (async (name: never, args: never, caller: never) =>
    await qmpCommands.find(name).run(args, { services: made, caller })) as typeof made.executeQmp;
  return made;
}

async function say(line: string, cpu?: number): Promise<string> {
  return (await executeHumanCommand(services(), line, cpu)).replaceAll('\r\n', '\n');
}

test('values of memory, in lines of 16 bytes', async (t) => {
  t.is(await say('xp /4xw 0'), '0000000000000000: 0x18110a03 0x342d261f 0x5049423b 0x6c655e57\n');
  t.is(
    await say('xp /5xw 0x10'),
    '0000000000000010: 0x88817a73 0xa49d968f 0xc0b9b2ab 0xdcd5cec7\n0000000000000020: 0xf8f1eae3\n',
  );
  t.is(await say('xp /3xb 1'), '0000000000000001: 0x0a 0x11 0x18\n');
  t.is(await say('x /2db 0x24'), '0000000000000024: 255   6\n');
  t.is(await say('x /2ub 0x24'), '0000000000000024: 255   6\n');
  t.is(await say('x /2ob 0x24'), '0000000000000024: 0377  06\n');
  t.is(await say('x /2cb 0x10'), "0000000000000010: 's' 'z'\n");
  // Characters have one byte, but as many bytes are shown as the size says.
  t.is(await say('x /1ch 0x10'), "0000000000000010: 's' 'z'\n");
  t.is(await say('x /1xg 0'), '0000000000000000: 0x342d261f18110a03\n');
  t.is(await say('x /1xw 0x200000'), '0000000000200000: Cannot access memory\n');
});

test('addresses may name registers', async (t) => {
  t.is(await say('xp /1xb $esp'), '0000000000000010: 0x73\n');
  t.is(await say('print $eip + 0x10'), '0x7c10\n');
  t.is(await say('x /1xb $nope'), 'unknown register\n');
});

test('code is disassembled in the size that the CPU is in, or the one asked for', async (t) => {
  t.is(
    await say('x /3i $eip'),
    '0x0000000000007c00:  cli\n0x0000000000007c01:  mov    $0x7c00,%sp\n0x0000000000007c04:  jmp    0x7c04\n',
  );
  t.regex(await say('xp /2iw 0x7c00'), /mov {4}\$0x.*7c00,%esp\n$/);
});

test('the checksum of memory rotates right and adds, as BSD sum does', async (t) => {
  t.is(await say('sum 0 1'), '00003\n');
});

test('memory is saved to files', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-'));
  const file = join(folder, 'dump');
  t.is(await say(`pmemsave 0x10 100 "${file}"`), '');
  t.deepEqual(new Uint8Array(readFileSync(file)), readMemory(0x10n, 100));
  t.is(await say(`memsave 0xffff0 32 "${file}"`), '');
  t.is(readFileSync(file).length, 32);
  t.is(await say(`memsave 0x100000 32 "${file}"`), '');
  t.deepEqual(new Uint8Array(readFileSync(file)), new Uint8Array(32));
  t.is(await say(`pmemsave 0 16 "${folder}/none/x"`), `Could not open '${folder}/none/x'\n`);
  t.is(await say('pmemsave 0 16 "/dev/full"'), 'An IO error has occurred\n');
  t.is(await say(`memsave 0 16 "${file}"`, 1), '');
  rmSync(folder, { recursive: true });
});

test.serial('ports', async (t) => {
  t.is(await say('i /b 0x64'), 'portb[0x0064] = 0x1c\n');
  t.is(await say('i /h 0x64'), 'portw[0x0064] = 0x001c\n');
  asked.length = 0;
  t.is(await say('i /b 0x70.0x0b'), 'portb[0x0071] = 0x26\n');
  t.is(await say('o /b 0x80 0x1ff'), '');
  t.deepEqual(asked, [
    ['portWrite', { port: 0x70, size: 1, value: 0x0b }],
    ['portWrite', { port: 0x80, size: 1, value: 0xff }],
  ]);
});

test('CPUs are listed, chosen and described', async (t) => {
  t.is(
    await say('info cpus'),
    '* CPU #0: pc=0x00000000fffffff0 thread_id=31\n  CPU #1: pc=0x0000000000000000 (halted) thread_id=32\n',
  );
  t.is(
    await say('info cpus', 1),
    '  CPU #0: pc=0x00000000fffffff0 thread_id=31\n* CPU #1: pc=0x0000000000000000 (halted) thread_id=32\n',
  );
  t.is(await say('info registers', 1), 'registers of 1\n');
  t.is(await say('info mem'), 'mem of 0\n');
  t.is(await say('cpu 1'), '');
  t.is(await say('cpu 2'), 'invalid CPU index\n');
});

test('what the translators have done is added up and shown by CPU', async (t) => {
  t.is(
    await say('info jit'),
    `Translation buffer state:
gen code size       12000/100663296
TB count            9/40000
TB avg target size  20.0 instructions
TB avg host size    1500.0 bytes (75.0 an instruction)
Statistics:
TB flush count      1
TB invalidate count 2
TB compile count    12 (18000 bytes)
TB reuse count      3
TB regrow count     1
refused blocks      4
instructions        240 translated, of them 8 by the interpreter
translate time      4.3 ms
compile time        2.5 ms
CPU #0: instructions=5000000000 regions=7 compiles=10 bytes=9000 invalidated=2 regrown=1 translate_ms=4.3 compile_ms=2.5
CPU #1: instructions=12 regions=2 compiles=2 bytes=3000 invalidated=0 regrown=0 translate_ms=0.0 compile_ms=0.0
CPU #2: instructions=7 interpreter alone
`,
  );
  t.regex(await say('help info jit'), /^info jit {2}-- what the translator/);
});

test.serial('what is logged, and where to', async (t) => {
  asked.length = 0;
  t.is(await say('log in_asm,op'), '');
  t.is(await say('log none'), '');
  t.is(await say('logfile "/tmp/a b"'), '');
  t.deepEqual(asked, [
    ['setLog', { items: ['in_asm', 'op'] }],
    ['setLog', { items: [] }],
    ['setLog', { file: '/tmp/a b' }],
  ]);
  t.is(await say('logfile /none/x'), 'Could not open it\n');
  const help = await say('help log');
  t.regex(
    help,
    /^log item\[,\.\.\.\] -- .*\nLog items \(comma separated\):\nout_asm {4}Web.*\nin_asm .*\nop .*\nnone {7}nothing\n$/,
  );
  t.is(await say('log in_asm,foo'), help);
  t.is(
    await say('log cpu'),
    "log item 'cpu' is not available in this version; expected out_asm, in_asm, op or all\n",
  );
});

test.serial('keys and mice', async (t) => {
  asked.length = 0;
  await say('sendkey ctrl-alt-f1 250');
  await say('sendkey shift-<');
  await say('sendkey 0x1e');
  t.is(await say('sendkey ctrl-nokey'), 'invalid parameter: nokey\n');
  await say('mouse_move 10 -0x10 1');
  await say('mouse_button 5');
  t.deepEqual(asked, [
    ['sendKeys', { keys: ['ctrl', 'alt', 'f1'], holdMs: 250 }],
    ['sendKeys', { keys: ['shift', 'less'], holdMs: 100 }],
    ['sendKeys', { keys: [0x1e], holdMs: 100 }],
    ['movePointer', { dx: 10, dy: -16, dz: 1 }],
    ['pressPointer', { buttons: 5 }],
  ]);
  t.is(await say('info mice'), '* Mouse #0: QEMU PS/2 Mouse\n');
  t.is(await say('mouse_set 0'), '');
  t.is(await say('mouse_set 3'), 'Mouse at given index not found\n');
});

test('the boot order and the balloon', async (t) => {
  t.is(await say('boot_set dc'), 'boot device list now set to dc\n');
  t.is(await say('boot_set zz'), 'setting boot device list failed\n');
  t.is(await say('info balloon'), 'balloon: actual=128\n');
  t.is(await say('balloon 0'), "balloon: Parameter 'target' expects a size\n");
  t.is(await say('set_link net0 off'), "Device 'net0' not found\n");
  t.is(await say('info pic'), 'pic\n');
});
