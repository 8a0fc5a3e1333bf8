/** Media whose boot sector writes one letter to port E9H and stops. */

const SECTOR = 512;
const CD_SECTOR = 2048;
const VOLUME_DESCRIPTOR = 16;
const BOOT_RECORD = 17;
const TERMINATOR = 18;
const BOOT_CATALOG = 19;
const BOOT_IMAGE = 20;
/** Where a boot record points to its catalog, and a catalog entry to its image (El Torito 1.0, figures 7 and 4). */
const CATALOG_POINTER = 0x47;
const IMAGE_POINTER = 8;
const ENTRY_BYTES = 32;

/** `mov al, letter; out 0xe9, al; cli; hlt; jmp` to the halt. */
function bootSector(letter: string): Buffer {
  const sector = Buffer.alloc(SECTOR);
  sector.set([0xb0, letter.charCodeAt(0), 0xe6, 0xe9, 0xfa, 0xf4, 0xeb, 0xfd]);
  sector.set([0x55, 0xaa], SECTOR - 2);
  return sector;
}

export function bootableDisk(letter: string): Uint8Array {
  return bootSector(letter);
}

function descriptor(type: number): Buffer {
  const sector = Buffer.alloc(CD_SECTOR);
  sector[0] = type;
  sector.write('CD001\x01', 1, 'latin1');
  return sector;
}

/** The words of an entry add up to 0 (El Torito 1.0, figure 2). */
function validationEntry(): Buffer {
  const entry = Buffer.alloc(ENTRY_BYTES);
  entry[0] = 1;
  entry.set([0x55, 0xaa], ENTRY_BYTES - 2);
  let sum = 0;
  for (let at = 0; at < ENTRY_BYTES; at += 2) sum += entry.readUInt16LE(at);
  entry.writeUInt16LE(-sum & 0xffff, 0x1c);
  return entry;
}

/** One sector, to be loaded as it is. */
function imageEntry(): Buffer {
  const entry = Buffer.alloc(ENTRY_BYTES);
  entry[0] = 0x88;
  entry.writeUInt16LE(1, 6);
  entry.writeUInt32LE(BOOT_IMAGE, IMAGE_POINTER);
  return entry;
}

/** A disc that boots without emulating a disk (El Torito). */
export function bootableDisc(letter: string): Uint8Array {
  const disc = Buffer.alloc((BOOT_IMAGE + 1) * CD_SECTOR);
  const record = descriptor(0);
  record.write('EL TORITO SPECIFICATION', 7, 'latin1');
  record.writeUInt32LE(BOOT_CATALOG, CATALOG_POINTER);
  disc.set(descriptor(1), VOLUME_DESCRIPTOR * CD_SECTOR);
  disc.set(record, BOOT_RECORD * CD_SECTOR);
  disc.set(descriptor(255), TERMINATOR * CD_SECTOR);
  disc.set(Buffer.concat([validationEntry(), imageEntry()]), BOOT_CATALOG * CD_SECTOR);
  disc.set(bootSector(letter), BOOT_IMAGE * CD_SECTOR);
  return disc;
}
