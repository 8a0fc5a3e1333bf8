import test from 'ava';
import type { BoardDrive, MachineConfig } from '../../src/machine/machine-config.ts';
import { config, refusal, run, words } from './support.ts';

/** `id interface bus.unit media file` of every drive. */
function summary({ drives }: MachineConfig): string[] {
  return drives.map(
    ({ drive, interface: kind, bus, unit, media }) =>
      `${drive.id} ${kind} ${bus}.${unit} ${media} ${drive.file ?? '-'}`,
  );
}

const DEFAULTS = ['ide1-cd0 ide 1.0 cdrom -', 'floppy0 floppy 0.0 disk -', 'sd0 sd 0.0 disk -'];

/** A command line without -nodefaults, and its drives in order. */
const drives: readonly (readonly [line: string, expected: readonly string[]])[] = [
  ['', DEFAULTS],
  ['-nodefaults', []],
  ['-M none', []],
  ['-M isapc', DEFAULTS],
  ['-device isa-fdc', [DEFAULTS[0] ?? '', DEFAULTS[2] ?? '']],
  ['disk.img', ['ide0-hd0 ide 0.0 disk disk.img', ...DEFAULTS]],
  [
    '-hda a -hdb b -hdc c -hdd d',
    [
      'ide0-hd0 ide 0.0 disk a',
      'ide0-hd1 ide 0.1 disk b',
      'ide1-hd0 ide 1.0 disk c',
      'ide1-hd1 ide 1.1 disk d',
      ...DEFAULTS.slice(1),
    ],
  ],
  ['-cdrom a.iso', ['ide1-cd0 ide 1.0 cdrom a.iso', ...DEFAULTS.slice(1)]],
  [
    '-fda a -fdb b',
    [
      'floppy0 floppy 0.0 disk a',
      'floppy1 floppy 0.1 disk b',
      'ide1-cd0 ide 1.0 cdrom -',
      'sd0 sd 0.0 disk -',
    ],
  ],
  [
    '-drive file=a -drive file=b -drive file=c,media=cdrom',
    ['ide0-hd0 ide 0.0 disk a', 'ide0-hd1 ide 0.1 disk b', 'ide1-cd0 ide 1.0 cdrom c', ...DEFAULTS.slice(1)],
  ],
  [
    '-drive file=a,if=virtio -drive file=b,if=virtio,id=data -drive if=none,file=c',
    ['virtio0 virtio 0.0 disk a', 'data virtio 0.1 disk b', 'none0 none 0.0 disk c', ...DEFAULTS],
  ],
  ['-drive file=a,bus=1,unit=1', ['ide1-hd1 ide 1.1 disk a', ...DEFAULTS]],
  ['-sd card', ['sd0 sd 0.0 disk card', ...DEFAULTS.slice(0, 2)]],
];

for (const [line, expected] of drives) {
  test(`drives of '${line}'`, (t) => {
    t.deepEqual(summary(run(words(line)).config), expected);
  });
}

function only(line: string): BoardDrive {
  const [drive] = config(line).drives;
  if (drive === undefined) throw new Error(`${line} makes no drive`);
  return drive;
}

test('a drive without further keys has the reference’s defaults', (t) => {
  t.deepEqual(only('-hda x'), {
    interface: 'ide',
    bus: 0,
    unit: 0,
    media: 'disk',
    address: undefined,
    geometry: undefined,
    serial: undefined,
    drive: {
      id: 'ide0-hd0',
      file: 'x',
      format: undefined,
      readOnly: false,
      snapshot: false,
      cache: 'writeback',
      aio: 'threads',
      discard: 'ignore',
      copyOnRead: false,
      rerror: 'report',
      werror: 'enospc',
      throttle: { bps: 0, bpsRead: 0, bpsWrite: 0, iops: 0, iopsRead: 0, iopsWrite: 0 },
      driverOptions: [],
    },
  });
});

test('every key of a drive arrives', (t) => {
  const { drive, ...rest } = only(
    '-drive file=a,,b,if=virtio,format=raw,cache=directsync,aio=native,discard=unmap,serial=S1,werror=stop,' +
      'rerror=ignore,readonly=on,addr=5,iops_rd=3,bps=1000,lazy-refcounts=on',
  );
  t.like(rest, { serial: 'S1', address: '5' });
  t.like(drive, {
    file: 'a,b',
    format: 'raw',
    cache: 'directsync',
    aio: 'native',
    discard: 'unmap',
    werror: 'stop',
    rerror: 'ignore',
    readOnly: true,
  });
  t.is(drive.throttle.iopsRead, 3);
  t.is(drive.throttle.bps, 1000);
  t.deepEqual(drive.driverOptions, [['lazy-refcounts', 'on']]);
});

test('a CD-ROM is read-only', (t) => {
  t.true(only('-cdrom x').drive.readOnly);
  t.true(only('-drive file=x,media=cdrom,readonly=off').drive.readOnly);
});

test('-snapshot is for every drive, wherever it stands', (t) => {
  const { drives: all } = config('-hda a -snapshot -drive file=b,cache=writethrough');
  t.deepEqual(
    all.map(({ drive }) => [drive.snapshot, drive.cache]),
    [
      [true, 'unsafe'],
      [true, 'unsafe'],
    ],
  );
});

test('a geometry is that of its drive, or of the first disk', (t) => {
  const chs = { cylinders: 10, heads: 4, sectors: 17 };
  t.deepEqual(only('-drive file=x,cyls=10,heads=4,secs=17,trans=lba').geometry, {
    ...chs,
    translation: 'lba',
  });
  t.deepEqual(only('-hdachs 10,4,17 -hda x').geometry, { ...chs, translation: 'auto' });
  t.is(only('-hdachs 10,4,17 -hdb x').geometry, undefined);
});

test('a place is taken once', (t) => {
  t.is(
    refusal(words('-hda a -drive file=b,index=0'))?.message,
    '-drive file=b,index=0: drive with bus=0, unit=0 (index=0) exists',
  );
  t.is(refusal(words('-drive id=a -drive id=a'))?.message, "-drive id=a: Duplicate ID 'a' for drive");
});

test('what has no controller in this version is refused by name', (t) => {
  t.is(
    refusal(words('-drive file=a,if=scsi'))?.message,
    '-drive file=a,if=scsi: if=scsi: not available in this version',
  );
});

test('obsolete keys are warned of', (t) => {
  const { warnings } = run(words('-nodefaults -drive file=a,if=virtio,boot=on,copy-on-read=on,readonly=on'));
  t.is(warnings.length, 2);
});
