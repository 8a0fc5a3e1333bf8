/** Archives in the "new ASCII" cpio format, which Linux unpacks as its first root (Linux, early-userspace/buffer-format.rst). */

export interface CpioEntry {
  /** Path without a leading slash. */
  readonly path: string;
  /** File type and permissions: 0o100755. */
  readonly mode: number;
  readonly contents?: Uint8Array;
  /** Major and minor number of a device. */
  readonly device?: readonly [major: number, minor: number];
}

const MAGIC = '070701';
const TRAILER = 'TRAILER!!!';
const ALIGNMENT = 4;

const hex = (value: number): string => value.toString(16).padStart(8, '0').toUpperCase();

function padding(bytes: number): Uint8Array {
  return new Uint8Array(-bytes & (ALIGNMENT - 1));
}

function encodeEntry(entry: CpioEntry, inode: number): readonly Uint8Array[] {
  const contents = entry.contents ?? new Uint8Array(0);
  const name = Buffer.from(`${entry.path}\0`, 'utf8');
  const [major, minor] = entry.device ?? [0, 0];
  const links = 1;
  const fields = [inode, entry.mode, 0, 0, links, 0, contents.length, 0, 0, major, minor, name.length, 0];
  const head = Buffer.from(MAGIC + fields.map(hex).join(''), 'latin1');
  return [head, name, padding(head.length + name.length), contents, padding(contents.length)];
}

/** The archive of the entries, in their order: a folder before what is in it. */
export function cpioArchive(entries: readonly CpioEntry[]): Uint8Array {
  const parts = entries.flatMap((entry, index) => encodeEntry(entry, index + 1));
  return Buffer.concat([...parts, ...encodeEntry({ path: TRAILER, mode: 0 }, 0)]);
}

const FOLDER = 0o040755;
const PROGRAM = 0o100755;
const SYMLINK = 0o120777;
const CHARACTER_DEVICE = 0o020600;

export const folder = (path: string): CpioEntry => ({ path, mode: FOLDER });
export const program = (path: string, contents: Uint8Array): CpioEntry => ({ path, mode: PROGRAM, contents });
export const symlink = (path: string, target: string): CpioEntry => ({
  path,
  mode: SYMLINK,
  contents: Buffer.from(target, 'utf8'),
});
export const characterDevice = (path: string, major: number, minor: number): CpioEntry => ({
  path,
  mode: CHARACTER_DEVICE,
  device: [major, minor],
});
