/** What monitors see of a PC that stands still. */
import test from 'ava';
import { launch, type Machine } from '../../src/client/troupe.ts';

const STOPPED = ['-S', '-nodefaults', '-smp', '2'];

async function say(machine: Machine, line: string): Promise<string> {
  return String(await machine.execute('human-monitor-command', { 'command-line': line }));
}

test('the CPUs stand at the reset vector, the second one halted', async (t) => {
  await using machine = await launch(STOPPED);
  const cpus = await machine.execute('query-cpus');
  t.like(cpus, [
    { CPU: 0, current: true, halted: false, pc: 0xfffffff0 },
    { CPU: 1, current: false, halted: true, pc: 0xfffffff0 },
  ]);
});

test('info mtree shows both address spaces, with priorities and who may be written', async (t) => {
  await using machine = await launch(STOPPED);
  const text = await say(machine, 'info mtree');
  const lines = text.trimEnd().split('\r\n');
  t.deepEqual(lines.slice(0, 3), [
    'memory',
    '0000000000000000-7ffffffffffffffe (prio 0, RW): system',
    '  0000000000000000-000000000009ffff (prio 0, RW): ram',
  ]);
  t.true(lines.includes('I/O'));
  t.true(lines.includes('0000000000000000-000000000000ffff (prio 0, RW): io'));
  t.regex(text, /^ {2}00000000fec00000-00000000fec00fff \(prio \d+, RW\): ioapic\r$/m);
  t.regex(text, /^ {2}[0-9a-f]{16}-00000000ffffffff \(prio \d+, R-\): /m);
  t.is(lines.at(-1), 'aliases');
});

test('info roms and info pic describe them one a line', async (t) => {
  await using machine = await launch(STOPPED);
  t.regex(
    await say(machine, 'info roms'),
    /^addr=00000000ffff0000 size=0x010000 mem=rom name="[^"]+"\r\n$|name="bios[^"]*"\r\n$/,
  );
  const pic = /^pic(\d): irr=[0-9a-f]{2} imr=00 isr=00 hprio=0 irq_base=00 rr_sel=0 elcr=00 fnm=0$/;
  const lines = (await say(machine, 'info pic')).trimEnd().split('\r\n');
  t.deepEqual(
    lines.map((line) => pic.exec(line)?.[1]),
    ['0', '1'],
  );
});

test('boot_set takes up to three drive letters and leaves them in CMOS RAM', async (t) => {
  await using machine = await launch(STOPPED);
  const cmos = async (index: number): Promise<string> => {
    return (await say(machine, `i /b 0x70 .${index}`)).trim();
  };
  t.is(await say(machine, 'boot_set dcn'), 'boot device list now set to dcn\r\n');
  t.is(await cmos(0x3d), 'portb[0x0071] = 0x23');
  t.is(await cmos(0x38), 'portb[0x0071] = 0x40');
  for (const order of ['dcna', 'x', 'p']) {
    t.is(await say(machine, `boot_set ${order}`), 'setting boot device list failed\r\n', order);
  }
  t.is(await cmos(0x3d), 'portb[0x0071] = 0x23');
});

test('a picture that cannot be saved is refused in the host’s words', async (t) => {
  await using machine = await launch([...STOPPED, '-vga', 'std']);
  const error = await t.throwsAsync(machine.execute('screendump', { filename: '/nowhere/picture' }));
  t.like(error, { desc: "failed to open file '/nowhere/picture': No such file or directory" });
});
