/** The text that says of what a vmdk image is made (VMware's "Virtual Disk Format 5.0"). */
import { damaged, unknownKind } from '../block-map.ts';

export const NO_PARENT = 0xffffffff;
/** Longer descriptors are not read. */
export const MOST_DESCRIPTOR_BYTES = 1024 * 1024;
const MOST_EXTENTS = 2048;

export interface DescribedExtent {
  readonly kind: 'sparse' | 'flat';
  readonly bytes: number;
  readonly fileName: string;
  /** Where a flat one begins in its file. */
  readonly offset: number;
}

export interface Descriptor {
  readonly createType: string;
  /** Changes with the contents, so that images built on this one can tell. */
  readonly contentId: number;
  readonly parentContentId: number;
  readonly parent: string | undefined;
  readonly extents: readonly DescribedExtent[];
  /** Where in the text the eight digits of the content's number are. */
  readonly contentIdAt: number;
}

const KINDS: Readonly<Record<string, 'sparse' | 'flat'>> = {
  FLAT: 'flat',
  VMFS: 'flat',
  SPARSE: 'sparse',
  VMFSSPARSE: 'sparse',
};
const SECTOR_BYTES = 512;
const EXTENT_LINE = /^(RW|RDONLY|NOACCESS)\s+(\d+)\s+([A-Za-z]+)(?:\s+"([^"\n]+)"(?:\s+(\d+))?)?\s*$/;

/** A text is a descriptor when the first line that is neither empty nor a comment gives a version. */
export function isDescriptor(text: string): boolean {
  if (!text.startsWith('#')) return false;
  const line = text.split(/\r?\n/).find((each) => each !== '' && !each.startsWith('#') && !/^ +$/.test(each));
  return line === 'version=1' || line === 'version=2' || line === 'version=3';
}

function parseExtent(line: string, fileName: string): DescribedExtent {
  const [, access, count, type = '', name, offset = '0'] = EXTENT_LINE.exec(line) ?? [];
  if (access === undefined) throw damaged(fileName, 'vmdk', `its descriptor has the line '${line}'`);
  if (access !== 'RW') throw unknownKind(fileName, 'vmdk', `extents that are ${access}`);
  const kind = KINDS[type];
  if (kind === undefined) throw unknownKind(fileName, 'vmdk', `extents of the type '${type}'`);
  const bytes = Number(count) * SECTOR_BYTES;
  const start = Number(offset) * SECTOR_BYTES;
  if (name === undefined || !Number.isSafeInteger(bytes + start)) {
    throw damaged(fileName, 'vmdk', `its descriptor has the line '${line}'`);
  }
  return { kind, bytes, fileName: name, offset: start };
}

/** Throws BlockError. @param fileName for messages */
export function parseDescriptor(text: string, fileName: string): Descriptor {
  const value = (key: string) => new RegExp(`^${key}\\s*=\\s*"?([^"\\r\\n]*)"?\\s*$`, 'm').exec(text)?.[1];
  const number = (key: string) => {
    const digits = value(key);
    if (digits === undefined || !/^[0-9a-fA-F]{1,8}$/.test(digits)) {
      throw damaged(fileName, 'vmdk', `its descriptor has ${digits === undefined ? 'no' : 'a wrong'} ${key}`);
    }
    return Number.parseInt(digits, 16);
  };
  const createType = value('createType');
  if (createType === undefined) throw damaged(fileName, 'vmdk', 'its descriptor has no createType');
  const parentContentId = value('parentCID') === undefined ? NO_PARENT : number('parentCID');
  const lines = text.split(/\r?\n/).filter((line) => /^(RW|RDONLY|NOACCESS)\s/.test(line));
  if (lines.length > MOST_EXTENTS) throw damaged(fileName, 'vmdk', `${lines.length} extents`);
  return {
    createType,
    contentId: number('CID'),
    parentContentId,
    parent: parentContentId === NO_PARENT ? undefined : value('parentFileNameHint'),
    extents: lines.map((line) => parseExtent(line, fileName)),
    contentIdAt: /^CID\s*=\s*/m.exec(text)?.[0].length === 4 ? text.search(/^CID=/m) + 4 : -1,
  };
}

export function contentIdText(id: number): string {
  return id.toString(16).padStart(8, '0');
}

export interface NewDescriptor {
  readonly createType: string;
  readonly contentId: number;
  readonly parentContentId: number;
  readonly parent: string | undefined;
  readonly extents: readonly DescribedExtent[];
  readonly bytes: number;
  readonly adapterType: string;
  readonly hardwareVersion: string;
  readonly toolsVersion: string;
}

const TRACK_SECTORS = 63;
const IDE_HEADS = 16;
const OTHER_HEADS = 255;

function extentLine({ kind, bytes, fileName, offset }: DescribedExtent): string {
  const sectors = bytes / SECTOR_BYTES;
  return kind === 'sparse'
    ? `RW ${sectors} SPARSE "${fileName}"`
    : `RW ${sectors} FLAT "${fileName}" ${offset}`;
}

export function descriptorText(image: NewDescriptor): string {
  const heads = image.adapterType === 'ide' ? IDE_HEADS : OTHER_HEADS;
  const cylinders = Math.floor(image.bytes / SECTOR_BYTES / (TRACK_SECTORS * heads));
  return [
    '# Disk DescriptorFile',
    'version=1',
    `CID=${contentIdText(image.contentId)}`,
    `parentCID=${contentIdText(image.parentContentId)}`,
    `createType="${image.createType}"`,
    ...(image.parent === undefined ? [] : [`parentFileNameHint="${image.parent}"`]),
    '',
    '# Extent description',
    ...image.extents.map(extentLine),
    '',
    '# The Disk Data Base',
    '#DDB',
    '',
    `ddb.virtualHWVersion = "${image.hardwareVersion}"`,
    `ddb.geometry.cylinders = "${cylinders}"`,
    `ddb.geometry.heads = "${heads}"`,
    `ddb.geometry.sectors = "${TRACK_SECTORS}"`,
    `ddb.adapterType = "${image.adapterType}"`,
    `ddb.toolsVersion = "${image.toolsVersion}"`,
    '',
  ].join('\n');
}
