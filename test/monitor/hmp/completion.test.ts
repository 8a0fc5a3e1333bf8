import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { defineHumanCommand, type HumanContext } from '../../../src/monitor/hmp/command.ts';
import { CommandTable } from '../../../src/monitor/hmp/command-table.ts';
import { columnLines, commonPrefix, completeLine } from '../../../src/monitor/hmp/completion.ts';
import { humanContext } from '../../../src/monitor/hmp/human-context.ts';
import { FakeCharDevice } from './fake-char-device.ts';
import { fakeServices } from './fake-services.ts';

const machine = {
  qomList: ({ path }: { path: string }) =>
    path === '/machine'
      ? [
          { name: 'type', type: 'string' },
          { name: 'peripheral', type: 'child<container>' },
          { name: 'unattached', type: 'child<container>' },
        ]
      : [{ name: 'machine', type: 'child<container>' }],
};
const context = humanContext(fakeServices({ chardevs: [new FakeCharDevice()], machine }));

async function complete(text: string, where: HumanContext = context): Promise<readonly string[]> {
  return (await completeLine(where, text)).candidates;
}

test('completes names and aliases of commands', async (t) => {
  t.deepEqual(await complete('sy'), ['system_powerdown', 'system_reset', 'system_wakeup']);
  t.deepEqual(await complete('qu'), ['quit']);
  t.true((await complete('')).includes('?'));
  t.deepEqual(await complete('zz'), []);
});

test('completes sub-commands', async (t) => {
  t.deepEqual(await complete('info st'), ['status']);
  t.deepEqual(await complete('info q'), ['qom-tree', 'qtree']);
  t.deepEqual(await complete('help info ver'), ['version']);
  t.deepEqual(await complete('? inf'), ['info']);
  t.deepEqual(await complete('help quit x'), []);
});

test('completes items to log', async (t) => {
  t.deepEqual(await complete('log o'), ['op', 'out_asm']);
});

test('completes labels of character devices', async (t) => {
  t.deepEqual(await complete('ringbuf_read '), ['fake0']);
  t.deepEqual(await complete('chardev-remove fa'), ['fake0']);
  t.deepEqual(await complete('ringbuf_write fake0 fa'), []);
});

test('completes paths of objects', async (t) => {
  t.deepEqual(await complete('info qom-tree /ma'), ['/machine']);
  t.deepEqual(await complete('info qom-tree /machine/'), ['/machine/peripheral', '/machine/unattached']);
  t.deepEqual(await complete('info qom-tree '), ['/']);
});

test('offers nothing where nothing is known or the source fails', async (t) => {
  const failing = humanContext(
    fakeServices({
      machine: {
        qomList: () => {
          throw new Error('the machine is gone');
        },
      },
    }),
  );
  t.deepEqual(await complete('info qom-tree /x', failing), []);
  t.deepEqual(await complete('stop x'), []);
  t.deepEqual(await complete('"inf'), []);
  t.deepEqual(await complete('nothing x'), []);
});

test('completes names of files, behind a flag too', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hmp-completion-'));
  try {
    await writeFile(join(folder, 'image.raw'), '');
    await mkdir(join(folder, 'images'));
    const save = defineHumanCommand({
      name: 'save',
      arguments: [
        { name: 'force', kind: 'flag', letter: 'f' },
        { name: 'file', kind: 'filename' },
      ],
      help: 'for this test',
      run: () => '',
    });
    const where = { ...context, table: new CommandTable([save]) };
    const both = [join(folder, 'image.raw'), `${join(folder, 'images')}/`];
    t.deepEqual(await complete(`save ${folder}/im`, where), both);
    t.deepEqual(await complete(`save -f ${folder}/`, where), both);
    t.deepEqual(await complete(`save ${folder}/none/x`, where), []);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the common prefix of candidates', (t) => {
  t.is(commonPrefix([]), '');
  t.is(commonPrefix(['status']), 'status');
  t.is(commonPrefix(['stats', 'status']), 'stat');
  t.is(commonPrefix(['a', 'b']), '');
});

test('columns are as wide as the longest candidate and at least ten', (t) => {
  t.deepEqual(columnLines(['a', 'b', 'c'], 20), ['a         b         ', 'c         ']);
  t.deepEqual(columnLines(['system_powerdown', 'x'], 40), ['system_powerdown  x                 ']);
  t.deepEqual(columnLines(['x'.repeat(50), 'y'], 20), ['x'.repeat(50), 'y'.padEnd(20)]);
});
