import test from 'ava';
import type { ActorRef } from '../../../src/actors/contract.ts';
import type { DriveConfig, MediumInfo, StorageContract } from '../../../src/block/storage-contract.ts';
import { driveCommands } from '../../../src/machine/drives/drive-commands.ts';
import { DriveSet } from '../../../src/machine/drives/drive-set.ts';
import type { BoardDrive } from '../../../src/machine/machine-config.ts';
import type { QmpJson } from '../../../src/qapi/json-value.ts';
import { driveConfig } from '../../block/support/images.ts';

const EIO = 5;
const ENOSPC = 28;
const CD = { removable: true, tray: true, ioStatus: true };
const FLOPPY = { removable: true, tray: false, ioStatus: false };
const PIECES = [{ host: 4096, bytes: 512 }];

interface Call {
  readonly method: string;
  readonly argument: unknown;
  readonly answer: (value: unknown) => void;
}

/** A storage actor whose answers to transfers the test gives. */
class ScriptedStorage {
  readonly calls: Call[] = [];

  ask(method: string, argument: { file?: string | null } | undefined): Promise<unknown> {
    if (method === 'addDrive' || method === 'changeMedium') {
      const file = argument?.file ?? null;
      if (file === '/nowhere') {
        return Promise.reject(new Error('no such file'));
      }
      const medium: Partial<MediumInfo> | null =
        file === null ? null : { file, bytes: 4096, encrypted: false };
      return Promise.resolve(medium);
    }
    if (method === 'removeDrive' || method === 'checkFree' || method === 'letWaitingGo') {
      return Promise.resolve();
    }
    if (method === 'setPassword') {
      return Promise.reject(new Error("Device 'hd' is not encrypted"));
    }
    if (method === 'limits') {
      return Promise.resolve({ bps: 0, bpsRead: 0, bpsWrite: 0, iops: 0, iopsRead: 0, iopsWrite: 0 });
    }
    return new Promise((answer) => this.calls.push({ method, argument, answer }));
  }

  /** Answers the oldest transfer. */
  async answer(value: unknown): Promise<void> {
    this.calls.shift()?.answer(value);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function machine(...drives: readonly (Partial<DriveConfig> & { id: string })[]) {
  const storage = new ScriptedStorage();
  const events: (readonly [name: string, data: QmpJson | undefined])[] = [];
  const noted: unknown[] = [];
  let stops = 0;
  const boardDrives = drives.map((values) => ({ drive: driveConfig(values), serial: undefined }));
  const set = await DriveSet.open(boardDrives as unknown as BoardDrive[], {
    storage: storage as unknown as ActorRef<StorageContract>,
    emit: (name, data) => events.push([name, data]),
    stopForIoError: () => {
      stops += 1;
    },
    noteWrite: (pieces) => noted.push(pieces),
    allocate: (bytes) => ({ host: 0, bytes, view: new Uint8Array(bytes) }),
  });
  const trays = () =>
    events
      .filter(([name]) => name === 'DEVICE_TRAY_MOVED')
      .map(([, data]) => (data as { 'tray-open': boolean })['tray-open']);
  return { storage, events, noted, set, trays, commands: driveCommands(set), stops: () => stops };
}

test('a read answers on the machine’s side and notes the written memory', async (t) => {
  const { set, storage, noted } = await machine({ id: 'd', file: 'disk' });
  const outcomes: number[] = [];
  set.take('d').read(512, PIECES, (outcome) => outcomes.push(outcome));
  t.deepEqual(storage.calls[0]?.argument, { drive: 'd', offset: 512, pieces: PIECES });
  t.deepEqual(outcomes, []);
  await storage.answer(0);
  t.deepEqual(outcomes, [0]);
  t.deepEqual(noted, [PIECES]);
});

test('rerror and werror decide what the guest sees of a failure', async (t) => {
  const table: readonly [Partial<DriveConfig>, 'read' | 'write', number, string, number[]][] = [
    [{ rerror: 'report' }, 'read', EIO, 'report', [EIO]],
    [{ rerror: 'ignore' }, 'read', EIO, 'ignore', [0]],
    [{ rerror: 'stop' }, 'read', EIO, 'stop', []],
    [{ werror: 'enospc' }, 'write', EIO, 'report', [EIO]],
    [{ werror: 'enospc' }, 'write', ENOSPC, 'stop', []],
    [{ werror: 'ignore' }, 'write', ENOSPC, 'ignore', [0]],
  ];
  for (const [policy, operation, outcome, action, seen] of table) {
    const { set, storage, events } = await machine({ id: 'd', file: 'disk', ...policy });
    const outcomes: number[] = [];
    set.take('d')[operation](0, PIECES, (value) => outcomes.push(value));
    await storage.answer(outcome);
    t.deepEqual(events, [['BLOCK_IO_ERROR', { device: 'd', operation, action }]]);
    t.deepEqual(outcomes, seen);
  }
});

test('a stopped request is tried again after cont', async (t) => {
  const { set, storage, stops, commands } = await machine({ id: 'd', file: 'disk', werror: 'stop' });
  const outcomes: number[] = [];
  set.take('d').write(0, PIECES, (outcome) => outcomes.push(outcome));
  await storage.answer(ENOSPC);
  t.is(stops(), 1);
  t.is((await commands.queryBlock(undefined))[0]?.ioStatus, 'nospace');
  t.deepEqual(storage.calls, []);
  set.started();
  t.is((await commands.queryBlock(undefined))[0]?.ioStatus, 'ok');
  t.is(storage.calls[0]?.method, 'write');
  await storage.answer(0);
  t.deepEqual(outcomes, [0]);
});

test('stopping waits for what is under way, then flushes', async (t) => {
  const { set, storage } = await machine({ id: 'd', file: 'disk' });
  set.take('d').write(0, PIECES, () => undefined);
  let stopped = false;
  const stopping = set.stopped().then(() => {
    stopped = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(
    storage.calls.map(({ method }) => method),
    ['write'],
  );
  await storage.answer(0);
  t.is(storage.calls[0]?.method, 'flushAll');
  t.false(stopped);
  await storage.answer(undefined);
  await stopping;
  t.true(stopped);
});

test('a drive serves one device', async (t) => {
  const { set } = await machine({ id: 'd' });
  const drive = set.take('d');
  t.throws(() => set.take('d'), { message: "Property 'drive' can't take value 'd', it's in use" });
  t.throws(() => set.take('x'), { message: "Property 'drive' can't find value 'x'" });
  set.get('d').detach();
  t.is(set.take('d'), drive);
});

test('eject and change of a CD move its tray', async (t) => {
  const { set, commands, trays } = await machine({ id: 'cd', file: 'a.iso' });
  set.take('cd').describeFrontEnd(CD);
  await commands.ejectMedium({ device: 'cd', force: false });
  t.deepEqual(trays(), [true]);
  const [ejected] = await commands.queryBlock(undefined);
  t.is(ejected?.medium, undefined);
  t.is(ejected?.trayOpen, true);
  await commands.ejectMedium({ device: 'cd', force: false });
  t.deepEqual(trays(), [true]);
  await commands.changeMedium({ device: 'cd', target: 'b.iso', format: undefined });
  t.deepEqual(trays(), [true, false]);
  await commands.changeMedium({ device: 'cd', target: 'c.iso', format: 'raw' });
  t.deepEqual(trays(), [true, false, true, false]);
  t.is((await commands.queryBlock(undefined))[0]?.medium?.file, 'c.iso');
});

test('a floppy drive shows tray events each time', async (t) => {
  const { set, commands, trays } = await machine({ id: 'floppy0', file: 'a.img' });
  set.take('floppy0').describeFrontEnd(FLOPPY);
  await commands.ejectMedium({ device: 'floppy0', force: false });
  await commands.ejectMedium({ device: 'floppy0', force: false });
  t.deepEqual(trays(), [true, true]);
  await commands.changeMedium({ device: 'floppy0', target: 'b.img', format: undefined });
  t.deepEqual(trays(), [true, true, true, true, false]);
  t.is((await commands.queryBlock(undefined))[0]?.trayOpen, false);
});

test('a locked tray is asked first, and forced', async (t) => {
  const { set, commands, trays } = await machine({ id: 'cd', file: 'a.iso' });
  const drive = set.take('cd');
  drive.describeFrontEnd(CD);
  const requests: boolean[] = [];
  drive.onEjectRequest((force) => {
    requests.push(force);
    if (force) drive.setLocked(false);
  });
  drive.setLocked(true);
  await t.throwsAsync(async () => commands.ejectMedium({ device: 'cd', force: false }), {
    message: "Device 'cd' is locked",
  });
  t.deepEqual([requests, trays()], [[false], []]);
  await commands.ejectMedium({ device: 'cd', force: true });
  t.deepEqual([requests, trays(), drive.locked], [[false, true], [true], false]);
});

test('a guest’s tray is announced when it moves', async (t) => {
  const { set, trays } = await machine({ id: 'cd', file: 'a.iso' });
  const drive = set.take('cd');
  drive.describeFrontEnd(CD);
  drive.setTray(true);
  drive.setTray(true);
  drive.setTray(false);
  t.deepEqual(trays(), [true, false]);
});

test('monitors are refused in the reference’s words', async (t) => {
  const { set, commands } = await machine({ id: 'hd', file: 'disk' }, { id: 'cd' }, { id: 'sd0' });
  set.take('hd');
  set.take('cd').describeFrontEnd(CD);
  const refused = async (work: () => unknown, message: string) =>
    t.throwsAsync(async () => work(), { message });
  await refused(() => commands.ejectMedium({ device: 'x', force: false }), "Device 'x' not found");
  await refused(() => commands.ejectMedium({ device: 'hd', force: true }), "Device 'hd' is not removable");
  await refused(
    () => commands.changeMedium({ device: 'cd', target: '/nowhere', format: undefined }),
    "Could not open '/nowhere'",
  );
  await refused(
    () => commands.changeMedium({ device: 'cd', target: 'a', format: 'nonsense' }),
    "Invalid block format 'nonsense'",
  );
  await refused(
    () => commands.resizeMedium({ device: 'hd', bytes: -1 }),
    "Parameter 'size' expects a >0 size",
  );
  const limits = { bps: 1, bpsRead: 1, bpsWrite: 0, iops: 0, iopsRead: 0, iopsWrite: 0 };
  await refused(
    () => commands.setLimits({ device: 'hd', limits }),
    'bps(iops) and bps_rd/bps_wr(iops_rd/iops_wr) cannot be used at the same time',
  );
  await refused(
    () => commands.setMediumPassword({ device: 'hd', password: 'x' }),
    "Device 'hd' is not encrypted",
  );
});

test('query-block tells fixed, removable and unused drives apart', async (t) => {
  const { set, commands } = await machine(
    { id: 'hd', file: 'disk' },
    { id: 'cd' },
    { id: 'floppy0' },
    { id: 'sd0' },
  );
  set.take('hd');
  set.take('cd').describeFrontEnd(CD);
  set.take('floppy0').describeFrontEnd(FLOPPY);
  const drives = await commands.queryBlock(undefined);
  t.deepEqual(
    drives.map(({ device, removable, trayOpen, ioStatus }) => [device, removable, trayOpen, ioStatus]),
    [
      ['hd', false, undefined, 'ok'],
      ['cd', true, false, 'ok'],
      ['floppy0', true, false, undefined],
      ['sd0', true, false, undefined],
    ],
  );
});

test('at the end every closed drive is seen to open', async (t) => {
  const { set, events } = await machine({ id: 'hd' }, { id: 'cd' }, { id: 'floppy0' }, { id: 'sd0' });
  set.take('hd');
  set.take('cd').describeFrontEnd(CD);
  set.take('floppy0').describeFrontEnd(FLOPPY);
  set.announceEnd();
  t.deepEqual(
    events.map(([, data]) => data),
    [
      { device: 'cd', 'tray-open': true },
      { device: 'floppy0', 'tray-open': true },
    ],
  );
});

test('a drive that was removed leaves its device with errors that stop nobody', async (t) => {
  const { set, storage, commands, events, stops } = await machine({ id: 'd', file: 'disk', werror: 'stop' });
  const drive = set.take('d');
  const outcomes: number[] = [];
  drive.write(0, PIECES, (outcome) => outcomes.push(outcome));
  await storage.answer(ENOSPC);
  t.is(stops(), 1);
  await commands.removeDrive({ device: 'd' });
  t.deepEqual(await commands.queryBlock(undefined), []);
  t.is(drive.medium, undefined);
  await new Promise<void>((resolve) =>
    drive.read(0, PIECES, (outcome) => {
      outcomes.push(outcome);
      resolve();
    }),
  );
  const ENOMEDIUM = 123;
  t.deepEqual([outcomes, stops(), events.length], [[ENOMEDIUM, ENOMEDIUM], 1, 1]);
  t.is(await commands.addDrive({ options: 'if=none,id=d' }), 'OK');
  await t.throwsAsync(async () => commands.removeDrive({ device: 'x' }), { message: "Device 'x' not found" });
});
