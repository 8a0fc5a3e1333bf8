/** What the firmware is told of drives through the CMOS: floppy types, and the geometry of the first disks. */

import { defaultGeometry } from '../../devices/ide/disk-geometry.ts';
import type { CmosDisk, CmosFacts, CmosFloppyType } from '../../devices/isa/cmos-contents.ts';
import { floppyDriveType } from '../../devices/isa/floppy-geometry.ts';
import type { BoardDrive } from '../machine-config.ts';

const IDE_DRIVES = 4;
const SECTOR_BYTES = 512;
const TRANSLATION_NONE = 0;
const TRANSLATION_LBA = 1;
/** What the BIOS's oldest calls can address without translating. */
const MOST_UNTRANSLATED = { cylinders: 1024, heads: 16, sectors: 63 };

/** Bytes of the medium in the drive with that id; undefined for none. */
type MediumBytes = (id: string) => number | undefined;

function translationOf(
  { geometry }: BoardDrive,
  { cylinders, heads, sectors }: Omit<CmosDisk, 'translation'>,
) {
  if (geometry?.translation === 'none') return TRANSLATION_NONE;
  if (geometry?.translation === 'lba') return TRANSLATION_LBA;
  const fits =
    cylinders <= MOST_UNTRANSLATED.cylinders &&
    heads <= MOST_UNTRANSLATED.heads &&
    sectors <= MOST_UNTRANSLATED.sectors;
  return fits ? TRANSLATION_NONE : TRANSLATION_LBA;
}

/** The drives' part of the CMOS. */
export function firmwareDrives(
  drives: readonly BoardDrive[],
  mediumBytes: MediumBytes,
): Pick<CmosFacts, 'floppies' | 'disks' | 'translations'> {
  const floppy = (unit: number): CmosFloppyType => {
    const found = drives.find((each) => each.interface === 'floppy' && each.unit === unit);
    return found === undefined ? 0 : floppyDriveType(mediumBytes(found.drive.id));
  };
  const disk = (index: number): CmosDisk | undefined => {
    const found = drives.find(
      (each) => each.interface === 'ide' && each.media === 'disk' && each.bus * 2 + each.unit === index,
    );
    const bytes = found === undefined ? undefined : mediumBytes(found.drive.id);
    if (found === undefined || bytes === undefined) return undefined;
    const geometry = found.geometry ?? defaultGeometry(Math.floor(bytes / SECTOR_BYTES));
    const { cylinders, heads, sectors } = geometry;
    const plain = { cylinders, heads, sectors };
    return { ...plain, translation: translationOf(found, plain) };
  };
  const all = Array.from({ length: IDE_DRIVES }, (_, index) => disk(index));
  return {
    floppies: [floppy(0), floppy(1)],
    disks: [all[0], all[1]],
    translations: all.map((each) => each?.translation ?? TRANSLATION_NONE),
  };
}
