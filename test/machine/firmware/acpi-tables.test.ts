import test from 'ava';
import { integer, packageOf, path, string } from '../../../src/machine/firmware/acpi/aml.ts';
import { encodeScript } from '../../../src/machine/firmware/acpi/linker.ts';
import { FULL_BOARD, hasIasl, iaslReports, linkedTables, TABLES_AT, tableBytes } from './acpi-support.ts';

const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => total + byte, 0) & 0xff;

test('names and integers are encoded as the specification says', (t) => {
  t.deepEqual([...path('\\_SB.PCI0')], [0x5c, 0x2e, ...Buffer.from('_SB_PCI0')]);
  t.deepEqual([...path('\\_SB.PCI0.ISA')], [0x5c, 0x2f, 3, ...Buffer.from('_SB_PCI0ISA_')]);
  t.deepEqual([...integer(0x1234)], [0x0b, 0x34, 0x12]);
  t.deepEqual([...integer(1)], [1]);
  t.deepEqual([...string('A')], [0x0d, 0x41, 0]);
  t.throws(() => path('lower'), { instanceOf: RangeError });
});

test('a package of more than 63 bytes gets a length of two bytes that counts itself', (t) => {
  const bytes = packageOf(string('x'.repeat(100)));
  const length = (bytes[1] ?? 0) & 0xf;
  t.is((bytes[1] ?? 0) >> 6, 1);
  t.is(length | ((bytes[2] ?? 0) << 4), bytes.length - 1);
});

test('after linking every table sums to zero and is reached from the root pointer', (t) => {
  const tables = linkedTables(FULL_BOARD);
  for (const signature of tables.offsets.keys()) {
    if (signature !== 'FACS') t.is(sum(tableBytes(tables, signature)), 0, signature);
  }
  t.is(sum(tables.rsdp), 0);
  t.is(sum(tables.rsdp.subarray(0, 20)), 0);
  const rsdp = new DataView(tables.rsdp.buffer);
  const all = new DataView(tables.tables.buffer);
  const rsdt = rsdp.getUint32(16, true) - TABLES_AT;
  const xsdt = Number(rsdp.getBigUint64(24, true)) - TABLES_AT;
  const rows = (all.getUint32(rsdt + 4, true) - 36) / 4;
  const found = Array.from({ length: rows }, (_, row) => {
    const at = all.getUint32(rsdt + 36 + 4 * row, true);
    t.is(Number(all.getBigUint64(xsdt + 36 + 8 * row, true)), at);
    return Buffer.from(tables.tables.subarray(at - TABLES_AT, at - TABLES_AT + 4)).toString();
  });
  t.deepEqual(found, ['FACP', 'SSDT', 'APIC', 'HPET', 'SRAT']);
});

test('the file of tables keeps its size when processors and the PM base change', (t) => {
  const before = linkedTables(FULL_BOARD);
  const after = linkedTables({
    ...FULL_BOARD,
    pmBase: 0x600,
    cpus: FULL_BOARD.cpus.map((cpu) => ({ ...cpu, present: true })),
  });
  t.is(after.tables.length, before.tables.length);
  t.deepEqual(encodeScript(after.script), encodeScript(before.script));
});

const oracle = hasIasl() ? test : test.skip;

oracle('iasl takes the tables apart and puts them together again without a complaint', async (t) => {
  const reports = await iaslReports(linkedTables(FULL_BOARD));
  for (const [signature, report] of reports) {
    // Processor() is a legacy term (3168), and what guests of the board's time look for.
    const complaints = report
      .split('\n')
      .filter((line) => /^(error|warning|remark)\s/i.test(line) && !/Warning\s+3168/.test(line));
    t.deepEqual(complaints, [], `${signature}: ${report}`);
    t.regex(report, /Compilation successful. 0 Errors/, signature);
  }
});

oracle('iasl has nothing to say about the tables of the smallest board', async (t) => {
  const reports = await iaslReports(
    linkedTables({
      ...FULL_BOARD,
      cpus: [{ apicId: 0, present: true, node: undefined }],
      hpet: false,
      serials: [],
      parallels: [],
      removableSlots: 0,
      memory: [],
    }),
  );
  t.false(reports.has('HPET'));
  t.false(reports.has('SRAT'));
  for (const report of reports.values()) t.regex(report, /Compilation successful. 0 Errors/);
});
