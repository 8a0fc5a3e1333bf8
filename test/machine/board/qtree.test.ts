/** `info qtree` of a whole board beside that of today's reference, in what both still show alike. */
import test from 'ava';
import { hasReferenceQemu, referenceTranscript } from '../../monitor/hmp/reference-qemu.ts';
import { startQtest } from './support/qtest-session.ts';

const OPTIONS = [
  ...['-m', '64', '-vga', 'std', '-serial', 'null', '-parallel', 'null'],
  ...['-device', 'isa-debug-exit', '-device', 'virtio-serial-pci,id=ports', '-device', 'virtconsole'],
];
/** Devices whose pins and registers are the same in every version; the disk's and the console's ports are not. */
const DEVICES = [
  'hpet',
  'ioapic',
  'isa-i8259',
  'isa-pit',
  'mc146818rtc',
  'isa-debug-exit',
  'isa-serial',
  'isa-parallel',
  'PIIX3',
  'piix3-ide',
  'VGA',
  'i440FX',
  'virtconsole',
];
/** What is compared: the nameless pins, memory, the place on the bus, and what is there. */
const COMPARED = /^(?:gpio-(?:in|out) \d+|mmio [0-9a-f].*|addr = .*|class .*|bar .*|nr = \d+|port .*)$/;

/** The interesting lines of each device, in the reference's notation of 2013. */
function devicesIn(tree: string): Map<string, string[]> {
  const devices = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of tree.split(/\r?\n/).map((each) => each.trim())) {
    const [, name] = /^dev: (\S+), id/.exec(line) ?? [];
    if (name !== undefined) {
      lines = [];
      devices.set(name, lines);
      continue;
    }
    const plain = line.replace(/ ""(?= \d+$)/, '').replace(/ \(0x[0-9a-f]+\)$/, '');
    if (COMPARED.test(plain)) lines.push(plain);
  }
  return devices;
}

test('devices show their pins, registers and places as the reference does', async (t) => {
  await using session = await startQtest(OPTIONS);
  const own = await session.machine.qmp.execute('human-monitor-command', { 'command-line': 'info qtree' });
  const devices = devicesIn(own);
  t.deepEqual(devices.get('hpet'), ['gpio-in 2', 'gpio-out 1', 'mmio 00000000fed00000/0000000000000400']);
  // What today's reference does not show any more.
  t.regex(own, /dev: isa-serial, id ""\r\n(?: {12}.*\r\n)* {12}isa irq 4\r\n/);
  t.regex(own, /dev: i8042, id ""\r\n {12}isa irqs 1,12\r\n/);
  t.regex(own, /dev: isa-debugcon, id "debugcon"\r\n {12}iobase = 0xe9\r\n/);
  if (!hasReferenceQemu) return;
  const reference = devicesIn(await referenceTranscript('info qtree', ['-M', 'pc-i440fx-1.5', ...OPTIONS]));
  for (const name of DEVICES) t.deepEqual(devices.get(name), reference.get(name), name);
});
