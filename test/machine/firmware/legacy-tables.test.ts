import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { cmosBootOrder } from '../../../src/devices/isa/cmos-contents.ts';
import { userTable } from '../../../src/machine/firmware/acpi/user-tables.ts';
import { memoryRanges, nodeMemory } from '../../../src/machine/firmware/board-facts.ts';
import { bootOrderFile } from '../../../src/machine/firmware/boot-order.ts';
import { systemMap } from '../../../src/machine/firmware/e820.ts';
import { mpTable } from '../../../src/machine/firmware/mp-table.ts';
import { smbiosOverrides } from '../../../src/machine/firmware/smbios/smbios-options.ts';
import {
  placeSmbios,
  type SmbiosDemand,
  smbiosTables,
} from '../../../src/machine/firmware/smbios/smbios-tables.ts';
import { machineConfig } from './support.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => total + byte, 0) & 0xff;

const SMBIOS: SmbiosDemand = {
  overrides: smbiosOverrides(['type=1,manufacturer=Some,, Inc,serial=42']),
  uuid: '12345678-9abc-def0-1122-334455667788',
  sockets: 2,
  cores: 2,
  threads: 1,
  lowRamBytes: 512 * MIB,
  highRamBytes: 0,
  hasBios: false,
};

function dmidecode(demand: SmbiosDemand): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-smbios-'));
  try {
    const { entryPoint, table } = smbiosTables(demand);
    const dump = new Uint8Array(32 + table.length);
    placeSmbios(entryPoint, 32);
    dump.set(entryPoint);
    dump.set(table, 32);
    writeFileSync(join(folder, 'dump'), dump);
    return execFileSync('dmidecode', ['--from-dump', join(folder, 'dump')], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('dmidecode reads the SMBIOS tables without a complaint', (t) => {
  const text = dmidecode(SMBIOS);
  if (text === undefined) {
    t.log('dmidecode is not here');
    t.pass();
    return;
  }
  t.regex(text, /Manufacturer: Some, Inc/);
  t.regex(text, /Serial Number: 42/);
  t.regex(text, /UUID: 12345678-9abc-def0-1122-334455667788/i);
  t.regex(text, /Size: 512 MB/);
  t.is(text.match(/Processor Information/g)?.length, 2);
  t.notRegex(text, /TRUNCATED|BROKEN|Wrong|invalid|Invalid|OUT OF SPEC/);
});

test('an SMBIOS entry point sums to zero wherever its table lies', (t) => {
  const { entryPoint } = smbiosTables(SMBIOS);
  placeSmbios(entryPoint, 0xf1234);
  t.is(sum(entryPoint), 0);
  t.is(sum(entryPoint.subarray(16)), 0);
});

test('a BIOS gets no type 0 of ours unless the user gave one', (t) => {
  const types = (demand: SmbiosDemand): number | undefined => smbiosTables(demand).table[0];
  t.is(types({ ...SMBIOS, hasBios: true }), 1);
  t.is(types({ ...SMBIOS, hasBios: true, overrides: smbiosOverrides(['type=0,vendor=Me,release=1.2']) }), 0);
});

test('-smbios refuses what it does not know, by name', (t) => {
  const error = { code: 'ERR_FIRMWARE_SMBIOS' };
  t.throws(() => smbiosOverrides(['type=2']), { ...error, message: /type=2/ });
  t.throws(() => smbiosOverrides(['type=1,colour=red']), { ...error, message: /colour/ });
  t.throws(() => smbiosOverrides(['type=1,uuid=x']), { ...error, message: /uuid/ });
  t.throws(() => smbiosOverrides(['file=/nowhere/at/all']), { ...error, message: /nowhere/ });
});

test('-acpitable gives data a header and keeps a file its own', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-acpi-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const data = join(folder, 'data');
  writeFileSync(data, 'abcd');
  const made = userTable(`sig=TEST,rev=3,oem_id=ME,data=${data}:${data}`);
  t.is(Buffer.from(made.subarray(0, 4)).toString(), 'TEST');
  t.is(made.length, 44);
  t.is(sum(made), 0);
  const whole = join(folder, 'whole');
  writeFileSync(whole, made);
  t.deepEqual(userTable(`file=${whole}`), made);
  t.throws(() => userTable('sig=TEST'), { code: 'ERR_FIRMWARE_ACPI_TABLE', message: /file= or data=/ });
});

test('the MP table sums to zero and lists processors, lines and pins', (t) => {
  const bytes = mpTable({ apicIds: [0, 1, 2], pirqLines: [10, 10, 11, 11] }, 0xf0100);
  const view = new DataView(bytes.buffer);
  t.is(sum(bytes.subarray(0, 16)), 0);
  t.is(view.getUint32(4, true), 0xf0110);
  const table = bytes.subarray(16);
  t.is(sum(table), 0);
  t.is(view.getUint16(16 + 4, true), table.length);
  const processors = [0, 1, 2].map((row) => [...table.subarray(44 + 20 * row, 44 + 20 * row + 4)]);
  t.deepEqual(processors, [
    [0, 0, 0x14, 3],
    [0, 1, 0x14, 1],
    [0, 2, 0x14, 1],
  ]);
});

test('the memory map covers RAM without the holes and the tables', (t) => {
  const map = systemMap({
    lowRamBytes: 512 * MIB,
    highRamBytes: GIB,
    tableBytes: 0x10000,
    romBytes: 0x10000,
  });
  const ram = map.filter(({ type }) => type === 1).map(({ first, bytes }) => [first, first + bytes]);
  t.deepEqual(ram, [
    [0, 0x9fc00],
    [0x100000, 512 * MIB - 0x10000],
    [4 * GIB, 5 * GIB],
  ]);
});

test('boot letters become the nibbles that a BIOS reads, paths the lines', (t) => {
  t.deepEqual(
    [...cmosBootOrder('cad', true)],
    [
      [0x3d, 0x12],
      [0x38, 0x30],
    ],
  );
  t.deepEqual(
    [...cmosBootOrder('n', false)],
    [
      [0x3d, 0x04],
      [0x38, 0x01],
    ],
  );
  t.is(Buffer.from(bootOrderFile(['/a', '/b'], true) ?? []).toString(), '/a\n/b\nHALT\0');
  t.is(bootOrderFile([], false), undefined);
});

test('NUMA nodes share out RAM and lie in its ranges', (t) => {
  const config = machineConfig('-m', '4G', '-smp', '4', '-numa', 'node,mem=1G', '-numa', 'node');
  t.deepEqual(nodeMemory(config), [GIB, 3 * GIB]);
  t.deepEqual(memoryRanges(config, 3.5 * GIB), [
    { first: 0, bytes: 0xa0000, node: 0 },
    { first: 0x100000, bytes: GIB - 0x100000, node: 0 },
    { first: GIB, bytes: 2.5 * GIB, node: 1 },
    { first: 4 * GIB, bytes: 0.5 * GIB, node: 1 },
  ]);
});
