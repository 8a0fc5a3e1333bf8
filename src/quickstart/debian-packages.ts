/** Debian packages, fetched once and kept unpacked in the cache folder: kernels, busybox, SeaBIOS for guests. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { AptLists, type AptPackage, hasApt, unpack } from './apt.ts';
import { cacheFolder } from './cache-folder.ts';
import { FetchError } from './fetch-error.ts';

export interface FetchOptions {
  /** Told what is going on, a line each. */
  readonly report: (line: string) => void;
  /** Debian architecture; amd64 when absent. */
  readonly architecture?: string;
  readonly folder?: string;
}

export interface FetchedPackage {
  readonly name: string;
  readonly version: string;
  /** What the package would install, below this folder. */
  readonly root: string;
}

const HOME_ARCHITECTURE = 'amd64';
const MIB = 2 ** 20;

/**
 * Gives an unpacked package, from the cache when it is there. A name that only pulls in another package is followed
 * while `isMeta` says so.
 * Throws `ERR_FETCH_NO_APT` where there is no apt, `ERR_FETCH_PACKAGE` for an unknown package, `ERR_FETCH_APT` when apt fails.
 */
export async function fetchPackage(name: string, options: FetchOptions): Promise<FetchedPackage> {
  const architecture = options.architecture ?? HOME_ARCHITECTURE;
  const folder = join(options.folder ?? cacheFolder(), 'packages', architecture);
  const known = readCached(folder, name);
  if (known !== undefined) return known;
  if (!hasApt()) {
    throw new FetchError('ERR_FETCH_NO_APT', `apt is needed to fetch ${name}, and this system has none`);
  }
  mkdirSync(folder, { recursive: true });
  const ownLists = AptLists.own(join(folder, 'apt'), architecture);
  if (architecture === HOME_ARCHITECTURE) {
    try {
      return await fetchFrom(AptLists.system(), name, folder, options);
    } catch (error) {
      if (!(error instanceof FetchError)) throw error;
    }
  }
  options.report('fetching package lists…');
  return await fetchFromOwn(ownLists, name, folder, options);
}

/** One list that a mirror is about to change does no harm as long as the package is in another. */
async function fetchFromOwn(
  lists: AptLists,
  name: string,
  folder: string,
  options: FetchOptions,
): Promise<FetchedPackage> {
  const failure: unknown = await lists.update().then(
    () => undefined,
    (error: unknown) => error,
  );
  try {
    return await fetchFrom(lists, name, folder, options);
  } catch (error) {
    throw failure ?? error;
  }
}

/** What the cache says of a name: the package that it led to. */
function readCached(folder: string, name: string): FetchedPackage | undefined {
  const note = join(folder, `${name}.json`);
  if (!existsSync(note)) return undefined;
  const content: unknown = JSON.parse(readFileSync(note, 'utf8'));
  if (typeof content !== 'object' || content === null) return undefined;
  if (!('name' in content) || !('version' in content) || !('root' in content)) return undefined;
  const found = { name: String(content.name), version: String(content.version), root: String(content.root) };
  return existsSync(found.root) ? found : undefined;
}

/** A package whose name is a family's leads to the newest one, `linux-image-amd64` to `linux-image-6.1.0-56-amd64`. */
async function resolve(lists: AptLists, name: string): Promise<AptPackage> {
  const found = await lists.find(name);
  if (found === undefined) throw new FetchError('ERR_FETCH_PACKAGE', `apt knows no package ${name}`);
  const image = found.depends.find(
    (other) => name.startsWith('linux-image-') && /^linux-image-\d/.test(other),
  );
  return image === undefined ? found : await resolve(lists, image);
}

async function fetchFrom(
  lists: AptLists,
  name: string,
  folder: string,
  options: FetchOptions,
): Promise<FetchedPackage> {
  const wanted = await resolve(lists, name);
  options.report(`fetching ${wanted.name} ${wanted.version} (${(wanted.bytes / MIB).toFixed(1)} MiB)…`);
  const root = join(folder, `${wanted.name}_${wanted.version.replaceAll(':', '%3a')}`);
  if (!existsSync(root)) await downloadTo(lists, wanted, folder, root);
  const fetched = { name: wanted.name, version: wanted.version, root };
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(fetched)}\n`);
  return fetched;
}

/** Two that fetch the same thing at once must not see each other's half: what is complete is moved into place. */
async function downloadTo(lists: AptLists, wanted: AptPackage, folder: string, root: string): Promise<void> {
  const work = mkdtempSync(join(folder, 'fetch-'));
  try {
    await lists.download(wanted, work);
    const archive = readdirSync(work).find((file) => file.endsWith('.deb'));
    if (archive === undefined) {
      throw new FetchError('ERR_FETCH_APT', `apt-get download ${wanted.name} gave no archive`);
    }
    await unpack(join(work, archive), join(work, 'root'));
    try {
      renameSync(join(work, 'root'), root);
    } catch (error) {
      if (!existsSync(root)) throw error;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The kernel image that a linux-image package brings. Throws `ERR_FETCH_PACKAGE` when there is none. */
export function kernelOf(fetched: FetchedPackage): string {
  const boot = join(fetched.root, 'boot');
  const image = existsSync(boot) ? readdirSync(boot).find((file) => file.startsWith('vmlinuz-')) : undefined;
  if (image === undefined) {
    throw new FetchError('ERR_FETCH_PACKAGE', `${fetched.name} ${fetched.version} has no boot/vmlinuz-*`);
  }
  return join(boot, image);
}
