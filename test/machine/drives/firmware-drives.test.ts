import test from 'ava';
import { firmwareDrives } from '../../../src/machine/drives/firmware-drives.ts';
import { config } from '../../cli/support.ts';

const MiB = 2 ** 20;

function told(line: string, sizes: Readonly<Record<string, number>>) {
  return firmwareDrives(config(line).drives, (id) => sizes[id]);
}

test('floppy drives have the type of their disk, 1.44 MB without one', (t) => {
  t.deepEqual(told('-fda a -drive if=floppy,index=1', { floppy0: 2880 * 1024 }).floppies, [5, 4]);
  t.deepEqual(told('-fda a', { floppy0: 1440 * 1024 }).floppies, [4, 0]);
});

test('disks have their geometry, translated when they are too long for the BIOS’s oldest calls', (t) => {
  const { disks, translations } = told('-hda a -hdd b', { 'ide0-hd0': 100 * MiB, 'ide1-hd1': 2000 * MiB });
  t.deepEqual(disks, [{ cylinders: 203, heads: 16, sectors: 63, translation: 0 }, undefined]);
  t.deepEqual(translations, [0, 0, 0, 1]);
});

test('a forced geometry and translation are kept', (t) => {
  const { disks } = told('-drive file=a,cyls=10,heads=4,secs=17,trans=lba', { 'ide0-hd0': MiB });
  t.deepEqual(disks[0], { cylinders: 10, heads: 4, sectors: 17, translation: 1 });
});
