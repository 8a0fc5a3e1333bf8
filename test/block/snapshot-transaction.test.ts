import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { BlockNode } from '../../src/block/block-node.ts';
import { Drive } from '../../src/block/drive.ts';
import { type SnapshotAction, snapshotDrives } from '../../src/block/snapshot-drives.ts';
import { HostError } from '../../src/host/host-error.ts';
import { directory, driveConfig, equal, imageFile, MiB, pattern, tool } from './support/images.ts';

const EIO = 5;

async function open(t: ExecutionContext, id: string, seed: number): Promise<Drive> {
  const file = imageFile(t, pattern(MiB, seed));
  const drive = new Drive(driveConfig({ id, file, format: 'raw' }));
  t.teardown(() => drive.close());
  await drive.changeMedium(file, 'raw');
  return drive;
}

interface Setup {
  readonly folder: string;
  readonly drives: readonly Drive[];
  readonly action: (index: number, values?: Partial<SnapshotAction['image']>) => SnapshotAction;
}

async function threeDrives(t: ExecutionContext): Promise<Setup> {
  const folder = directory(t);
  const drives = await Promise.all([1, 2, 3].map((seed) => open(t, `d${seed}`, seed)));
  const action: Setup['action'] = (index, values) => {
    const drive = drives[index];
    const image = { name: join(folder, `${index}.qcow2`), format: 'qcow2', exists: false, ...values };
    return { device: drive?.config.id ?? `d${index + 1}`, drive, image };
  };
  return { folder, drives, action };
}

/** Makes the drive's node fail where the test wants it to. */
async function failing(drive: Drive | undefined, method: 'flush'): Promise<void> {
  await drive?.access.alone(async (held) => {
    const { node } = held;
    if (node === undefined) return;
    const broken: BlockNode = Object.create(node, {
      [method]: { value: () => Promise.reject(new HostError(EIO, method)) },
    });
    held.setNode(bound(broken, node, method));
  });
}

/** Private fields of `node` are reached through itself, whatever is laid over it. */
function bound(overlay: BlockNode, node: BlockNode, method: string): BlockNode {
  return new Proxy(overlay, {
    get: (target, name) => {
      if (name === method) return Reflect.get(target, name);
      const value: unknown = Reflect.get(node, name, node);
      return typeof value === 'function' ? value.bind(node) : value;
    },
  });
}

test('all drives switch, and every image is sound', async (t) => {
  const { drives, action, folder } = await threeDrives(t);
  const writing = drives.map((drive, index) => drive.write(4096, [pattern(512, 40 + index)], 512));
  await snapshotDrives([action(2), action(0), action(1)]);
  t.deepEqual(await Promise.all(writing), [0, 0, 0]);
  for (const [index, drive] of drives.entries()) {
    t.like(drive.medium, { file: join(folder, `${index}.qcow2`), backingDepth: 1, format: 'qcow2' });
    t.is(await drive.write(0, [pattern(512, 50)], 512), 0);
    await drive.close();
    t.regex(tool('qemu-img', 'check', join(folder, `${index}.qcow2`)), /No errors/);
  }
});

/** Each makes the last of three actions fail in another step. */
const FAILURES: readonly {
  readonly step: string;
  readonly message: RegExp;
  readonly spoil: (setup: Setup) => SnapshotAction | Promise<SnapshotAction>;
}[] = [
  {
    step: 'the format',
    message: /^Invalid block format 'none'$/,
    spoil: ({ action }) => action(2, { format: 'none' }),
  },
  {
    step: 'the name of the drive',
    message: /^Device 'd9' not found$/,
    spoil: ({ action }) => ({ ...action(2), device: 'd9', drive: undefined }),
  },
  {
    step: 'a drive without medium',
    message: /^Device 'd3' has no medium$/,
    spoil: async ({ drives, action }) => {
      await drives[2]?.changeMedium(null, undefined);
      return action(2);
    },
  },
  {
    step: 'a drive that is in use',
    message: /^Device 'd3' is in use$/,
    spoil: ({ drives, action }) => {
      drives[2]?.hold();
      return action(2);
    },
  },
  {
    step: 'flushing',
    message: /^An IO error has occurred$/,
    spoil: async ({ drives, action }) => {
      await failing(drives[2], 'flush');
      return action(2);
    },
  },
  {
    step: 'the protocol',
    message: /^Invalid block format 'qcow2'$/,
    spoil: ({ action }) => action(2, { name: 'nonsense:file' }),
  },
  {
    step: 'making the file',
    message: /^\/nowhere\/x: error while creating qcow2: No such file or directory$/,
    spoil: ({ action }) => action(2, { name: '/nowhere/x' }),
  },
  {
    step: 'opening the file',
    message: /^Could not open '\/nowhere\/x'$/,
    spoil: ({ action }) => action(2, { name: '/nowhere/x', exists: true }),
  },
  {
    step: 'a format without backing files',
    message: /^Backing file not supported for file format 'raw'$/,
    spoil: ({ action }) => action(2, { format: 'raw' }),
  },
];

for (const { step, message, spoil } of FAILURES) {
  test(`nothing has changed after a failure of ${step}`, async (t) => {
    const setup = await threeDrives(t);
    const { drives, action, folder } = setup;
    const last = await spoil(setup);
    const before = drives.map(({ node, medium }) => ({ node, medium }));
    await t.throwsAsync(snapshotDrives([action(0), action(1), last]), { message });
    t.deepEqual(
      drives.map(({ medium }) => medium),
      before.map(({ medium }) => medium),
    );
    t.true(drives.every(({ node }, index) => node === before[index]?.node));
    // Files that were made stay behind, and nobody holds them.
    t.true(existsSync(join(folder, '0.qcow2')));
    t.regex(tool('qemu-img', 'check', join(folder, '0.qcow2')), /No errors/);
    for (const drive of drives.slice(0, 2)) {
      t.is(await drive.write(0, [pattern(512, 9)], 512), 0);
      const file = drive.medium?.file ?? '';
      await drive.drain();
      t.true(equal(readFileSync(file).subarray(0, 512), pattern(512, 9)));
    }
    await t.notThrowsAsync(snapshotDrives([action(0, { name: join(folder, 'again') }), action(1)]));
  });
}

test('no action is enough', async (t) => {
  await t.notThrowsAsync(snapshotDrives([]));
});

test('a drive that is named twice gets both images', async (t) => {
  const { drives, action, folder } = await threeDrives(t);
  await snapshotDrives([action(0), action(0, { name: join(folder, 'second') })]);
  t.like(drives[0]?.medium, {
    file: join(folder, 'second'),
    backingFile: join(folder, '0.qcow2'),
    backingDepth: 2,
  });
  await drives[0]?.close();
  t.regex(tool('qemu-img', 'info', join(folder, 'second')), /backing file: .*0\.qcow2/);
});

test('two transactions at once take turns', async (t) => {
  const { drives, action, folder } = await threeDrives(t);
  const second = (index: number) => action(index, { name: join(folder, `b${index}`) });
  await Promise.all([snapshotDrives([action(0), action(1)]), snapshotDrives([second(1), second(0)])]);
  t.deepEqual(
    drives.slice(0, 2).map((drive) => drive.medium?.backingDepth),
    [2, 2],
  );
});

test('an image that became a backing file can be read by others', async (t) => {
  const { drives, action } = await threeDrives(t);
  const file = drives[0]?.medium?.file ?? '';
  t.regex(tool('qemu-img', 'info', file), /lock/);
  await snapshotDrives([action(0)]);
  t.regex(tool('qemu-img', 'info', file), /file format: raw/);
});
