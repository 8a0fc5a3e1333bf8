import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { startMachine } from './support/live-machine.ts';
import { rollCallRom } from './support/roll-call.ts';

test.serial('processors answer a roll call by INIT and SIPI, more of them than the host has', async (t) => {
  await using machine = await startMachine(rollCallRom('halt'), ['-m', '16', '-smp', '5']);
  await machine.reported('BAAAA5');
  const cpus = await machine.qmp.execute('query-cpus');
  t.deepEqual(
    cpus.map(({ CPU, halted }) => ({ CPU, halted })),
    [0, 1, 2, 3, 4].map((CPU) => ({ CPU, halted: true })),
  );
  t.is(new Set(cpus.map(({ thread_id }) => thread_id)).size, 5);
  t.deepEqual(machine.reports, []);
});

test.serial('a reset calls the roll anew; a machine that was stopped goes on where it was', async (t) => {
  await using machine = await startMachine(rollCallRom('halt'), ['-m', '16', '-smp', '2']);
  await machine.reported('BA2');
  await machine.qmp.execute('system_reset');
  await machine.reported('BA2BA2');
  await machine.qmp.execute('stop');
  t.is((await machine.qmp.execute('query-status')).status, 'paused');
  await machine.qmp.execute('system_reset');
  await machine.qmp.execute('cont');
  await machine.reported('BA2BA2BA2');
  await machine.qmp.execute('quit');
  t.is(await machine.ended, 0);
});

test.serial('with -S nothing runs before cont', async (t) => {
  await using machine = await startMachine(rollCallRom('halt'), ['-m', '16', '-S']);
  const [before] = await machine.qmp.execute('query-cpus');
  t.is(before?.pc, 0xfffffff0);
  await machine.qmp.execute('cont');
  await machine.reported('B1');
  t.is(machine.report(), 'B1');
});

test.serial('a stopped processor stands still, a running one moves', async (t) => {
  await using machine = await startMachine(rollCallRom('spin'), ['-m', '16']);
  await machine.reported('B1');
  const count = async (): Promise<string> => {
    const registers = await machine.qmp.execute('human-monitor-command', {
      'command-line': 'info registers',
    });
    return /ECX=([0-9a-f]+)/.exec(registers)?.[1] ?? '';
  };
  const running = await count();
  t.not(await count(), running);
  await machine.qmp.execute('stop');
  const stopped = await count();
  t.is(await count(), stopped);
  await machine.qmp.execute('cont');
  t.not(await count(), stopped);
});

test.serial(
  'processors run one instruction at a time while a monitor or the command line wants it',
  async (t) => {
    await using machine = await startMachine(rollCallRom('spin'), ['-m', '16', '-smp', '2', '-singlestep']);
    const human = (line: string): Promise<string> =>
      machine.qmp.execute('human-monitor-command', { 'command-line': line });
    const counted = async (): Promise<number> =>
      Number(`0x${/ECX=([0-9a-f]+)/.exec(await human('info registers'))?.[1]}`);
    const singleStep = async (): Promise<boolean> => (await machine.qmp.execute('query-status')).singlestep;
    await machine.reported('BA2');
    t.true(await singleStep());
    t.is(await human('info status'), 'VM status: running (single step mode)\r\n');
    t.regex(
      await human('info jit'),
      /CPU #0: instructions=[1-9]\d* regions=0.*\r\nCPU #1: instructions=[1-9]/,
    );
    const before = await counted();
    while ((await counted()) === before) await new Promise((resolve) => setTimeout(resolve, 5));
    t.is(await human('singlestep off'), '');
    t.false(await singleStep());
    t.is(await human('singlestep'), '');
    t.true(await singleStep());
    t.is(await human('singlestep maybe'), 'unexpected option maybe\r\n');
  },
);

test.serial('what is translated is logged: guest code, blocks, WebAssembly', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-log-'));
  const file = join(folder, 'log');
  await using machine = await startMachine(rollCallRom('spin'), ['-m', '16', '-d', 'in_asm,op', '-D', file]);
  const human = (line: string): Promise<string> =>
    machine.qmp.execute('human-monitor-command', { 'command-line': line });
  await machine.reported('B1');
  const logged = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const text = readFileSync(file, 'latin1');
      if (pattern.test(text)) return text;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const text = await logged(/OP: .*\nblock 0.*\n/);
  t.regex(text, /^-+\nIN: CPU #0, 2 instructions\n0x[0-9a-f]{16}: {2}inc {4}%ecx\n0x[0-9a-f]{16}: {2}jmp/);
  t.regex(text, /\nOP: 1 blocks\nblock 0: 0x[0-9a-f]{16}, 2 instructions, loop -> 0\n/);
  t.notRegex(text, /OUT:/);
  t.regex(await human('info jit'), /TB count {12}1\/20000\r\n/);
  t.is(await human('log out_asm'), '');
  t.regex(
    await human(`logfile ${folder}/none/x`),
    /^Could not open log file '.*': no such file or directory\r\n$/,
  );
  t.is(await human('log none'), '');
  t.is(readFileSync(file, 'latin1'), text);
  await rm(folder, { recursive: true });
});

test.serial('a triple fault resets, and the debug exit ends the process with its status', async (t) => {
  const args = ['-m', '16', '-S', '-device', 'isa-debug-exit'];
  await using machine = await startMachine(rollCallRom('fault'), args);
  await machine.qmp.execute('cont');
  t.is(await machine.ended, (5 << 1) | 1);
  t.is(machine.report(), 'B1BR');
});

test.serial('with -no-reboot a triple fault ends the machine in good order', async (t) => {
  await using machine = await startMachine(rollCallRom('fault'), ['-m', '16', '-S', '-no-reboot']);
  await machine.qmp.execute('cont');
  t.is(await machine.ended, 0);
  t.is(machine.report(), 'B1');
});

test.serial('a halted machine and a stopped one leave the host alone', async (t) => {
  await using machine = await startMachine(rollCallRom('halt'), ['-m', '16', '-smp', '4']);
  await machine.reported('BAAA4');
  for (const state of ['running', 'paused']) {
    if (state === 'paused') await machine.qmp.execute('stop');
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const { user, system } = process.cpuUsage(before);
    // A thread that is busy would have used the whole second; a loaded host cannot make an idle one look so.
    t.true(user + system < 250_000, `${state}: ${user + system} µs in a second`);
  }
});

test.serial('a processor that is plugged in is there at once, and answers the next roll call', async (t) => {
  await using machine = await startMachine(rollCallRom('halt'), ['-m', '16', '-smp', '1,maxcpus=3']);
  await machine.reported('B1');
  await machine.qmp.execute('cpu-add', { id: 2 });
  const cpus = await machine.qmp.execute('query-cpus');
  t.deepEqual(cpus.map(({ CPU, halted, pc }) => ({ CPU, halted, pc })).slice(1), [
    { CPU: 1, halted: true, pc: 0xfffffff0 },
  ]);
  await t.throwsAsync(machine.qmp.execute('cpu-add', { id: 2 }), {
    message: /Unable to add CPU: 2, it already exists/,
  });
  await t.throwsAsync(machine.qmp.execute('cpu-add', { id: 3 }), {
    message: /Unable to add CPU: 3, max allowed: 2/,
  });
  await machine.qmp.execute('system_reset');
  await machine.reported('B1BA2');
  t.deepEqual(machine.reports, []);
});
