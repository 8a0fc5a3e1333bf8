/** The files that a test program sees: in memory, nothing of the host. */

const O_ACCESS = 3;
const O_CREAT = 0o100;
const O_TRUNC = 0o1000;
const O_APPEND = 0o2000;

export const ENOENT = 2;
export const EBADF = 9;
export const EACCES = 13;

interface OpenFile {
  readonly path: string;
  position: number;
  readonly append: boolean;
}

export class VirtualFiles {
  readonly #files = new Map<string, Buffer>();
  readonly #open = new Map<number, OpenFile>();

  /** Standard input, output and error are files of these names. */
  constructor(input: Uint8Array, files: Readonly<Record<string, Uint8Array>>) {
    this.#files.set('<stdin>', Buffer.from(input));
    this.#files.set('<stdout>', Buffer.alloc(0));
    this.#files.set('<stderr>', Buffer.alloc(0));
    for (const [path, bytes] of Object.entries(files)) this.#files.set(path, Buffer.from(bytes));
    ['<stdin>', '<stdout>', '<stderr>'].forEach((path, descriptor) => {
      this.#open.set(descriptor, { path, position: 0, append: false });
    });
  }

  contents(path: string): Buffer | undefined {
    return this.#files.get(path);
  }

  #lowest(): number {
    let descriptor = 0;
    while (this.#open.has(descriptor)) descriptor++;
    return descriptor;
  }

  /** A descriptor, or a negative error number. */
  open(path: string, flags: number): number {
    const name = path.replace(/^(\.\/|\/work\/)/, '');
    if (!this.#files.has(name)) {
      if ((flags & O_CREAT) === 0) return -ENOENT;
      this.#files.set(name, Buffer.alloc(0));
    }
    if (flags & O_TRUNC && flags & O_ACCESS) this.#files.set(name, Buffer.alloc(0));
    const descriptor = this.#lowest();
    this.#open.set(descriptor, { path: name, position: 0, append: (flags & O_APPEND) !== 0 });
    return descriptor;
  }

  close(descriptor: number): number {
    return this.#open.delete(descriptor) ? 0 : -EBADF;
  }

  /** Makes `target`, or the lowest free descriptor from `least` on, the same file. */
  duplicate(descriptor: number, target: number | undefined, least = 0): number {
    const file = this.#open.get(descriptor);
    if (file === undefined) return -EBADF;
    let to = target ?? least;
    while (target === undefined && this.#open.has(to)) to++;
    this.#open.set(to, file);
    return to;
  }

  read(descriptor: number, bytes: number): Buffer | number {
    const file = this.#open.get(descriptor);
    if (file === undefined) return -EBADF;
    const all = this.#files.get(file.path) ?? Buffer.alloc(0);
    const part = all.subarray(file.position, file.position + bytes);
    file.position += part.length;
    return part;
  }

  write(descriptor: number, data: Buffer): number {
    const file = this.#open.get(descriptor);
    if (file === undefined) return -EBADF;
    const old = this.#files.get(file.path) ?? Buffer.alloc(0);
    const at = file.append ? old.length : file.position;
    const grown = Buffer.alloc(Math.max(old.length, at + data.length));
    grown.set(old);
    grown.set(data, at);
    this.#files.set(file.path, grown);
    file.position = at + data.length;
    return data.length;
  }

  seek(descriptor: number, offset: number, whence: number): number {
    const file = this.#open.get(descriptor);
    if (file === undefined) return -EBADF;
    const size = this.#files.get(file.path)?.length ?? 0;
    file.position = offset + (whence === 1 ? file.position : whence === 2 ? size : 0);
    return file.position;
  }

  /** Size of a file by path, or of an open one; undefined if there is none. */
  size(file: string | number): number | undefined {
    const path = typeof file === 'number' ? this.#open.get(file)?.path : file.replace(/^(\.\/|\/work\/)/, '');
    return path === undefined ? undefined : this.#files.get(path)?.length;
  }

  isStandard(descriptor: number): boolean {
    return this.#open.get(descriptor)?.path.startsWith('<') ?? false;
  }

  remove(path: string): number {
    return this.#files.delete(path.replace(/^(\.\/|\/work\/)/, '')) ? 0 : -ENOENT;
  }
}
