/**
 * The libc calls that Node does not offer, through koffi. Linux on 64-bit little-endian hosts only: the structure
 * layouts in this room are those of the LP64 ABI.
 *
 * Nothing is loaded before the first call of `libc()`; loading takes about 15 ms and is done once per thread.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

type Koffi = typeof import('koffi');

/** The bound functions. All return -1 (or null) on failure and leave the cause in `errno()`. */
export interface Libc {
  read(fd: number, buffer: Uint8Array, count: number): number;
  write(fd: number, bytes: Uint8Array, count: number): number;
  close(fd: number): number;
  open(path: string, flags: number, mode: number): number;
  ftruncate(fd: number, length: number): number;
  fcntl(fd: number, command: number, argument: number): number;
  /** The same for commands that take a structure. */
  fcntl64(fd: number, command: number, argument: Uint8Array): number;
  fallocate(fd: number, mode: number, offset: number, length: number): number;
  lseek(fd: number, offset: number, whence: number): number;
  preadv2(fd: number, vector: Uint8Array, count: number, offset: number, flags: number): number;
  pwritev2(fd: number, vector: Uint8Array, count: number, offset: number, flags: number): number;
  flock(fd: number, operation: number): number;
  pipe2(ends: Int32Array, flags: number): number;
  dup3(from: number, to: number, flags: number): number;
  poll(fds: Uint8Array, count: number, timeoutMs: number): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: Uint8Array): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  listen(fd: number, backlog: number): number;
  connect(fd: number, address: Uint8Array, length: number): number;
  accept4(fd: number, address: null, length: null, flags: number): number;
  getsockname(fd: number, address: Uint8Array, length: Uint32Array): number;
  getsockopt(fd: number, level: number, name: number, value: Uint8Array, length: Uint32Array): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  recvmsg(fd: number, header: Uint8Array, flags: number): number;
  posix_openpt(flags: number): number;
  grantpt(fd: number): number;
  unlockpt(fd: number): number;
  /** Returns an errno value, 0 when it worked. */
  ptsname_r(fd: number, buffer: Uint8Array, length: number): number;
  tcgetattr(fd: number, termios: Uint8Array): number;
  tcgetpgrp(fd: number): number;
  getpgrp(): number;
  tcsetattr(fd: number, actions: number, termios: Uint8Array): number;
  strerror(errno: number): string;
  gai_strerror(code: number): string;
  /** A `struct servent *`, null when the service is unknown. */
  getservbyname(name: string, protocol: string): unknown;
}

const SIGNATURES: Record<keyof Libc, string> = {
  read: 'int read(int, void *, size_t)',
  write: 'int write(int, const void *, size_t)',
  close: 'int close(int)',
  open: 'int open(const char *, int, uint32_t)',
  ftruncate: 'int ftruncate(int, int64_t)',
  fcntl: 'int fcntl(int, int, int)',
  fcntl64: 'int fcntl64(int, int, void *)',
  fallocate: 'int fallocate(int, int, int64_t, int64_t)',
  lseek: 'int64_t lseek(int, int64_t, int)',
  preadv2: 'int64_t preadv2(int, const void *, int, int64_t, int)',
  pwritev2: 'int64_t pwritev2(int, const void *, int, int64_t, int)',
  flock: 'int flock(int, int)',
  pipe2: 'int pipe2(int *, int)',
  dup3: 'int dup3(int, int, int)',
  poll: 'int poll(void *, uint64_t, int)',
  epoll_create1: 'int epoll_create1(int)',
  epoll_ctl: 'int epoll_ctl(int, int, int, void *)',
  socket: 'int socket(int, int, int)',
  bind: 'int bind(int, const void *, uint32_t)',
  listen: 'int listen(int, int)',
  connect: 'int connect(int, const void *, uint32_t)',
  accept4: 'int accept4(int, void *, void *, int)',
  getsockname: 'int getsockname(int, void *, void *)',
  getsockopt: 'int getsockopt(int, int, int, void *, void *)',
  setsockopt: 'int setsockopt(int, int, int, const void *, uint32_t)',
  recvmsg: 'int recvmsg(int, void *, int)',
  posix_openpt: 'int posix_openpt(int)',
  grantpt: 'int grantpt(int)',
  unlockpt: 'int unlockpt(int)',
  ptsname_r: 'int ptsname_r(int, void *, size_t)',
  tcgetattr: 'int tcgetattr(int, void *)',
  tcgetpgrp: 'int tcgetpgrp(int)',
  getpgrp: 'int getpgrp()',
  tcsetattr: 'int tcsetattr(int, int, const void *)',
  strerror: 'const char *strerror(int)',
  gai_strerror: 'const char *gai_strerror(int)',
  getservbyname: 'void *getservbyname(const char *, const char *)',
};

interface Loaded {
  readonly koffi: Koffi;
  readonly libc: Libc;
}

let loaded: Loaded | undefined;

/**
 * Keeps koffi's own library mapped for good. Node unloads an add-on when the last worker thread that uses it ends,
 * but libuv still calls into it afterwards to finish closing poll handles: without this the process would crash
 * whenever a thread that watches descriptors is terminated.
 */
function pinLibrary(koffi: Koffi): void {
  const RTLD_NOW_NODELETE = 0x1002;
  const line = readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .find((mapping) => mapping.endsWith('/koffi.node'));
  if (line !== undefined) {
    koffi.load('libc.so.6').func('void *dlopen(const char *, int)')(
      line.slice(line.indexOf('/')),
      RTLD_NOW_NODELETE,
    );
  }
}

function load(): Loaded {
  if (loaded === undefined) {
    const koffi = createRequire(import.meta.url)('koffi') as Koffi;
    pinLibrary(koffi);
    const library = koffi.load('libc.so.6');
    const libc: Partial<Record<keyof Libc, unknown>> = {};
    for (const name of Object.keys(SIGNATURES) as (keyof Libc)[]) {
      Object.defineProperty(libc, name, {
        configurable: true,
        get() {
          const value: unknown = library.func(SIGNATURES[name]);
          Object.defineProperty(libc, name, { value });
          return value;
        },
      });
    }
    loaded = { koffi, libc: libc as Libc };
  }
  return loaded;
}

/** The libc functions of this thread; each is bound when it is first used. */
export function libc(): Libc {
  return load().libc;
}

/** The cause of the last failed call on this thread. */
export function errno(): number {
  return load().koffi.errno();
}

/**
 * The memory address of a view, for structures that hold pointers. The view must stay alive as long as the
 * structure is used, and must not be small enough (64 bytes) to live inside V8's own heap.
 */
export function addressOf(view: Uint8Array): bigint {
  return load().koffi.address(view);
}

/** Reads `length` bytes at `pointer`, a pointer that a libc function returned. */
export function bytesAt(pointer: unknown, length: number): Uint8Array {
  return new Uint8Array(load().koffi.view(pointer, length));
}

/** What koffi's declarations leave out: the callback gets libuv's status first. */
type PollCallback = (status: number, ready: PollInterest) => void;

export interface PollInterest {
  readonly readable: boolean;
  readonly writable: boolean;
}

export interface PollHandle {
  start(interest: PollInterest, callback: PollCallback): void;
  stop(): void;
  close(): void;
}

/**
 * Starts watching a descriptor on this thread's event loop (uv_poll). It must be one that the kernel can poll and that
 * is not being watched already: koffi ends the process otherwise.
 */
export function pollDescriptor(fd: number, interest: PollInterest, callback: PollCallback): PollHandle {
  const poll = load().koffi.node.poll as unknown as (
    ...args: Parameters<typeof pollDescriptor>
  ) => PollHandle;
  return poll(fd, interest, callback);
}
