/** The few things that we ask of apt and dpkg. None needs root. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FetchError } from './fetch-error.ts';

const run = promisify(execFile);
const OUTPUT_LIMIT = 16 * 2 ** 20;
const APT = ['apt-get', 'apt-cache', 'dpkg-deb'] as const;

/** Whether this system has apt. `path` is the search path of programs. */
export function hasApt(path = process.env['PATH'] ?? ''): boolean {
  return APT.every((program) => path.split(':').some((folder) => existsSync(join(folder, program))));
}

export interface AptPackage {
  readonly name: string;
  readonly version: string;
  /** Names that must be there too, alternatives left out. */
  readonly depends: readonly string[];
  readonly bytes: number;
}

/** What `-o` options make apt use package lists of our own, which anyone may update. */
function listOptions(folder: string, architecture: string): readonly string[] {
  return [
    `Dir::State=${folder}/state`,
    `Dir::State::status=${folder}/status`,
    `Dir::Cache=${folder}/cache`,
    `APT::Architecture=${architecture}`,
    `APT::Architectures=${architecture}`,
  ].flatMap((option) => ['-o', option]);
}

async function call(program: string, args: readonly string[], folder?: string): Promise<string> {
  try {
    const options = {
      maxBuffer: OUTPUT_LIMIT,
      env: { ...process.env, LC_ALL: 'C' },
      ...(folder ? { cwd: folder } : {}),
    };
    return (await run(program, args, options)).stdout;
  } catch (cause) {
    const detail = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : String(cause);
    throw new FetchError('ERR_FETCH_APT', `${program} ${args.join(' ')} failed: ${detail}`, { cause });
  }
}

function field(record: string, key: string): string | undefined {
  return new RegExp(`^${key}: (.*)$`, 'm').exec(record)?.[1];
}

function parseRecord(record: string): AptPackage | undefined {
  const name = field(record, 'Package');
  const version = field(record, 'Version');
  if (name === undefined || version === undefined) return undefined;
  const depends = (field(record, 'Depends') ?? '')
    .split(',')
    .map((text) => text.trim().split(/[\s(:|]/)[0] ?? '');
  return { name, version, depends: depends.filter(Boolean), bytes: Number(field(record, 'Size') ?? 0) };
}

/** Package lists: the system's, or a set of our own in `folder`. */
export class AptLists {
  readonly #options: readonly string[];
  readonly #folder: string | undefined;

  private constructor(options: readonly string[], folder: string | undefined) {
    this.#options = options;
    this.#folder = folder;
  }

  static system(): AptLists {
    return new AptLists([], undefined);
  }

  static own(folder: string, architecture: string): AptLists {
    return new AptLists(listOptions(folder, architecture), folder);
  }

  /** Fetches the lists; only sensible for one's own. Throws `ERR_FETCH_APT`. */
  async update(): Promise<void> {
    if (this.#folder !== undefined) {
      for (const part of ['state/lists/partial', 'cache/archives/partial']) {
        mkdirSync(join(this.#folder, part), { recursive: true });
      }
      const status = join(this.#folder, 'status');
      if (!existsSync(status)) writeFileSync(status, '');
    }
    await call('apt-get', [...this.#options, '-qq', '-o', 'APT::Sandbox::User=', 'update']);
  }

  /** The candidate version of a package, or undefined when the lists do not have it. */
  async find(name: string): Promise<AptPackage | undefined> {
    try {
      return parseRecord(await call('apt-cache', [...this.#options, 'show', '--no-all-versions', name]));
    } catch {
      return undefined;
    }
  }

  /** Downloads the archive of that version into `folder`, which is empty. Throws `ERR_FETCH_APT`. */
  async download(wanted: AptPackage, folder: string): Promise<void> {
    const name = `${wanted.name}=${wanted.version}`;
    await call('apt-get', [...this.#options, '-qq', '-o', 'APT::Sandbox::User=', 'download', name], folder);
  }
}

/** Unpacks an archive without installing it. */
export async function unpack(archive: string, folder: string): Promise<void> {
  await call('dpkg-deb', ['-x', archive, folder]);
}
