import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { QtestProtocol, type QtestTarget } from '../../../src/machine/qtest/qtest-protocol.ts';
import { startQtest } from '../board/support/qtest-session.ts';

/** A target of 64 bytes of memory, one port, and timers at given times. */
function bench(deadlines: number[] = []) {
  const lines: string[] = [];
  const bytes = new Uint8Array(64);
  let port = 0;
  let now = 0;
  let tapped: ((line: number, raised: boolean) => void) | undefined;
  const target: QtestTarget = {
    readPort: (number, size) => (number === 0x80 ? port & (2 ** (size * 8) - 1) : 0xff),
    writePort: (_number, _size, value) => {
      port = value;
    },
    readMemory: (address, count) => bytes.slice(address, address + count),
    writeMemory: (address, data) => bytes.set(data, address),
    readWord: (address, size) =>
      bytes.slice(address, address + size).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n),
    writeWord: (address, size, value) => {
      for (let i = 0; i < size; i++) bytes[address + i] = Number((value >> BigInt(8 * i)) & 0xffn);
    },
    now: () => now,
    nextDeadline: () => deadlines[0],
    advanceTo: (ns) => {
      while (deadlines[0] !== undefined && deadlines[0] <= ns) {
        deadlines.shift();
        tapped?.(8, true);
      }
      now = ns;
    },
    intercept: (direction, path, changed) => {
      if (path !== 'ioapic') throw new Error(`Device '${path}' not found`);
      if (direction === 'in') tapped = changed;
    },
  };
  const protocol = new QtestProtocol(target, (line) => lines.push(line));
  return (command: string) => {
    protocol.execute(command);
    return lines.splice(0);
  };
}

test('ports and memory are read and written in every width', (t) => {
  const send = bench();
  t.deepEqual(send('outw 0x80 0x12345'), ['OK']);
  t.deepEqual(send('inb 128'), ['OK 0x0045']);
  t.deepEqual(send('inl 0x80'), ['OK 0x2345']);
  t.deepEqual(send('writeq 0x8 0xfedcba9876543210'), ['OK']);
  t.deepEqual(send('readq 0x8'), ['OK 0xfedcba9876543210']);
  t.deepEqual(send('readw 0xa'), ['OK 0x0000000000007654']);
  t.deepEqual(send('write 0x10 4 0xdeadbe'), ['OK']);
  t.deepEqual(send('read 0x10 4'), ['OK 0xdeadbe00']);
});

test('the clock moves when told, by a step, to a time, or to the next timer', (t) => {
  const send = bench([500]);
  t.deepEqual(send('clock_step 100'), ['OK 100']);
  t.deepEqual(send('clock_step'), ['OK 500']);
  t.deepEqual(send('clock_step'), ['OK 500']);
  t.deepEqual(send('clock_set 2000'), ['OK 2000']);
  t.deepEqual(send('clock_set 1000'), ['OK 2000']);
});

test('intercepted lines are told as they change, before the reply', (t) => {
  const send = bench([500]);
  t.deepEqual(send('irq_intercept_in ioapic'), ['OK']);
  t.deepEqual(send('clock_step 1000'), ['IRQ raise 8', 'OK 1000']);
  t.deepEqual(send('irq_intercept_in nobody'), ["FAIL Device 'nobody' not found"]);
});

test('what is no command fails with a reason', (t) => {
  const send = bench();
  t.deepEqual(send('frob 1'), ["FAIL Unknown command 'frob'"]);
  t.deepEqual(send('inb'), ['FAIL expected a number, not the end of the line']);
  t.deepEqual(send('inb 0xzz'), ["FAIL expected a number, not '0xzz'"]);
  t.deepEqual(send('write 0 2 0xq'), ["FAIL expected 0x and bytes in hex, not '0xq'"]);
  t.deepEqual(send(''), []);
});

test('the real board answers: PCI, RAM, ROM, the timer through the I/O APIC', async (t) => {
  const log = join(await mkdtemp(join(tmpdir(), 'troupe-qtest-')), 'log');
  await using session = await startQtest(['-m', '16', '-qtest-log', log]);
  const { send, machine } = session;
  t.deepEqual(await send('outl 0xcf8 0x80000000'), ['OK']);
  t.deepEqual(await send('inl 0xcfc'), ['OK 0x12378086']);
  t.deepEqual(await send('writel 0x100000 0xcafe'), ['OK']);
  t.deepEqual(await send('read 0x100000 4'), ['OK 0xfeca0000']);
  t.deepEqual(await send('readb 0xfffffff0'), ['OK 0x000000000000005a']);
  t.deepEqual(await send('inb 0x3333'), ['OK 0x00ff']);
  t.deepEqual(await send('irq_intercept_in ioapic'), ['OK']);
  // Counter 0 of the 8254 as a rate generator: 11,932 ticks are 10 ms.
  for (const command of ['outb 0x43 0x34', 'outb 0x40 0x9c', 'outb 0x40 0x2e']) {
    t.deepEqual((await send(command)).at(-1), 'OK');
  }
  const raised = (await send('clock_step 35000000')).filter((line) => line === 'IRQ raise 2');
  t.is(raised.length, 3);
  t.deepEqual(await send('irq_intercept_out ioapic'), ['OK']);
  t.deepEqual(await send('irq_intercept_out /machine'), ['FAIL /machine is no device: it is a container']);
  t.deepEqual(await send('irq_intercept_out nobody'), ["FAIL Device 'nobody' not found"]);
  await machine.qmp.execute('quit');
  t.is(await machine.ended, 0);
  t.deepEqual(machine.reports, []);
  t.regex(readFileSync(log, 'latin1'), /^\[R \+\d+\.\d{6}\] outl 0xcf8 0x80000000\n\[S \+\d+\.\d{6}\] OK\n/);
  await rm(dirname(log), { recursive: true });
});

test('PCI slots are removable where the reference says so, the empty ones too', async (t) => {
  await using session = await startQtest(['-m', '16', '-vga', 'std', '-qtest-log', 'none']);
  t.false(existsSync('none'));
  const [value] = await session.send('inl 0xae0c');
  // Not the host bridge, the chips of the PIIX and the display adapter.
  t.is(value, 'OK 0xfffffff8');
});

test('a guest that ejects a slot loses its device, and clients are told', async (t) => {
  await using session = await startQtest([
    ...['-m', '16', '-device', 'virtio-rng-pci,id=rng0,addr=6', '-device', 'pci-testdev,addr=7'],
  ]);
  const { qmp } = session.machine;
  const slots = async (): Promise<number[]> =>
    (await qmp.execute('query-pci')).flatMap(({ devices }) => devices.map(({ slot }) => Number(slot)));
  t.true((await slots()).includes(6));
  t.deepEqual(await session.send('outl 0xae08 0xc0'), ['OK']);
  t.false((await slots()).some((slot) => slot === 6 || slot === 7));
  for (const data of [
    { path: '/machine/peripheral/rng0/virtio-backend' },
    { device: 'rng0', path: '/machine/peripheral/rng0' },
    { path: '/machine/peripheral-anon/device[0]' },
  ]) {
    t.deepEqual((await qmp.waitForEvent('DEVICE_DELETED')).data, data);
  }
  t.false(
    (await qmp.execute('qom-list', { path: '/machine/peripheral' })).some(({ name }) => name === 'rng0'),
  );
});
