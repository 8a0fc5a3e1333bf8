/** The Linux system calls that small static programs make, answered from the test's own files, memory and clock. */
import { CPU_SEG_BASE } from '../../../src/memory/layout.ts';
import type { TestCpu } from '../support/test-cpu.ts';
import type { UserMemory } from './user-memory.ts';
import { EBADF, ENOENT, type VirtualFiles } from './virtual-files.ts';

export const ENOSYS = 38;
const EINVAL = 22;
const ENOMEM = 12;
const ENOTTY = 25;
const AT_EMPTY_PATH = 0x1000;
const MAP_ANONYMOUS = 0x20;
const MAP_FIXED = 0x10;
const PROT_WRITE = 2;
const PROT_EXEC = 4;
const ARCH_SET_FS = 0x1002;
const SEG_FS = 4;
const F_DUPFD = 0;
const F_DUPFD_CLOEXEC = 1030;
const PAGE = 4096;
const NOW_SECONDS = 1_369_000_000n;

/** What a call may use and change. */
export interface Process {
  readonly cpu: TestCpu;
  readonly memory: UserMemory;
  readonly files: VirtualFiles;
  readonly bits: 32 | 64;
  brk: bigint;
  nextMapping: bigint;
  exitCode: number | undefined;
}

type Call = (process: Process, a: bigint, b: bigint, c: bigint, d: bigint, e: bigint) => number | bigint;

const nothing: Call = () => 0;

function signed(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}

function read(p: Process, descriptor: bigint, buffer: bigint, bytes: bigint): number {
  const data = p.files.read(signed(descriptor), Number(bytes));
  if (typeof data === 'number') return data;
  p.memory.write(buffer, data);
  return data.length;
}

function write(p: Process, descriptor: bigint, buffer: bigint, bytes: bigint): number {
  return p.files.write(signed(descriptor), p.memory.read(buffer, Number(bytes)));
}

/** readv and writev: one transfer a vector. */
function vectored(transfer: typeof read): Call {
  return (p, descriptor, vectors, count) => {
    const word = BigInt(p.bits / 8);
    let total = 0;
    for (let i = 0n; i < count; i++) {
      const base = p.memory.readWord(vectors + i * 2n * word, p.bits);
      const bytes = p.memory.readWord(vectors + (i * 2n + 1n) * word, p.bits);
      const moved = transfer(p, descriptor, base, bytes);
      if (moved < 0) return total || moved;
      total += moved;
      if (moved < Number(bytes)) break;
    }
    return total;
  };
}

/** struct stat of x86-64: a regular file, or a pipe for the standard streams. */
function writeStat(p: Process, buffer: bigint, file: string | number): number {
  const size = p.files.size(file);
  if (size === undefined) return typeof file === 'number' ? -EBADF : -ENOENT;
  const isStream = typeof file === 'number' && p.files.isStandard(file);
  const stat = Buffer.alloc(144);
  stat.writeBigUInt64LE(1n, 0);
  stat.writeBigUInt64LE(BigInt(typeof file === 'number' ? file + 1 : 100), 8);
  stat.writeBigUInt64LE(1n, 16);
  stat.writeUInt32LE(isStream ? 0o010600 : 0o100644, 24);
  stat.writeBigUInt64LE(isStream ? 0n : BigInt(size), 48);
  stat.writeBigUInt64LE(4096n, 56);
  stat.writeBigUInt64LE(BigInt(Math.ceil(size / 512)), 64);
  for (const at of [72, 88, 104]) stat.writeBigUInt64LE(NOW_SECONDS, at);
  p.memory.write(buffer, stat);
  return 0;
}

const newfstatat: Call = (p, directory, path, buffer, flags) => {
  const name = p.memory.readString(path);
  const isDescriptor = name === '' && (Number(flags) & AT_EMPTY_PATH) !== 0;
  return writeStat(p, buffer, isDescriptor ? signed(directory) : name);
};

const mmap: Call = (p, address, length, protection, flags, descriptor) => {
  const bytes = Math.ceil(Number(length) / PAGE) * PAGE;
  if (bytes === 0) return -EINVAL;
  const isFixed = (Number(flags) & MAP_FIXED) !== 0;
  const at = isFixed ? address : p.nextMapping;
  const rights = {
    write: (Number(protection) & PROT_WRITE) !== 0,
    execute: (Number(protection) & PROT_EXEC) !== 0,
  };
  try {
    p.memory.map(at, bytes, rights);
  } catch {
    return -ENOMEM;
  }
  if (!isFixed) p.nextMapping += BigInt(bytes + PAGE);
  if ((Number(flags) & MAP_ANONYMOUS) === 0) {
    const contents = p.files.read(signed(descriptor), bytes);
    if (typeof contents === 'number') return contents;
    p.memory.write(at, contents);
  }
  return at;
};

const mprotect: Call = (p, address, length, protection) => {
  const write = (Number(protection) & PROT_WRITE) !== 0;
  p.memory.protect(address, Number(length), { write, execute: (Number(protection) & PROT_EXEC) !== 0 });
  return 0;
};

const brk: Call = (p, address) => {
  if (address > p.brk) {
    const from = (p.brk + 4095n) & ~4095n;
    const end = (address + 4095n) & ~4095n;
    if (end > from) p.memory.map(from, Number(end - from), { write: true });
    p.brk = address;
  } else if (address !== 0n) p.brk = address;
  return p.brk;
};

const archPrctl: Call = (p, code, address) => {
  if (Number(code) !== ARCH_SET_FS) return -EINVAL;
  p.cpu.setState64(CPU_SEG_BASE + SEG_FS * 8, address);
  p.cpu.core.stateWritten();
  return 0;
};

const uname: Call = (p, buffer) => {
  const fields = ['Linux', 'test', '6.1.0', '#1', p.bits === 64 ? 'x86_64' : 'i686', '(none)'];
  const structure = Buffer.alloc(65 * fields.length);
  fields.forEach((text, i) => {
    structure.write(text, i * 65, 'latin1');
  });
  p.memory.write(buffer, structure);
  return 0;
};

/** A clock that stands still. */
const clockGettime: Call = (p, _clock, buffer) => {
  const time = Buffer.alloc(p.bits / 4);
  if (p.bits === 64) time.writeBigUInt64LE(NOW_SECONDS);
  else time.writeUInt32LE(Number(NOW_SECONDS));
  p.memory.write(buffer, time);
  return 0;
};

const getrandom: Call = (p, buffer, bytes) => {
  p.memory.write(buffer, Buffer.alloc(Number(bytes), 0x5a));
  return bytes;
};

/** No limit for anything but the stack's 8 MiB. */
const prlimit: Call = (p, _process, resource, _new, old) => {
  if (old === 0n) return 0;
  const limits = Buffer.alloc(16, 0xff);
  if (resource === 3n) limits.writeBigUInt64LE(8n << 20n);
  p.memory.write(old, limits);
  return 0;
};

/** 64 MiB of memory in units of a byte; nothing else is told. */
const sysinfo: Call = (p, buffer) => {
  const information = Buffer.alloc(112);
  information.writeBigUInt64LE(64n << 20n, 32);
  information.writeUInt32LE(1, 104);
  p.memory.write(buffer, information);
  return 0;
};

const schedGetaffinity: Call = (p, _process, bytes, mask) => {
  const set = Buffer.alloc(Math.min(Number(bytes), 8));
  set.writeUInt8(1);
  p.memory.write(mask, set);
  return set.length;
};

const fcntl: Call = (p, descriptor, command, argument) => {
  const operation = Number(command);
  if (operation === F_DUPFD || operation === F_DUPFD_CLOEXEC)
    return p.files.duplicate(signed(descriptor), undefined, Number(argument));
  return 0;
};

const getcwd: Call = (p, buffer) => {
  p.memory.write(buffer, Buffer.from('/work\0'));
  return 6;
};

const exit: Call = (p, code) => {
  p.exitCode = Number(code & 0xffn);
  return 0;
};

const COMMON = {
  read,
  write,
  readv: vectored(read),
  writev: vectored(write),
  open: (p, path, flags) => p.files.open(p.memory.readString(path), Number(flags)),
  openat: (p, _directory, path, flags) => p.files.open(p.memory.readString(path), Number(flags)),
  close: (p, descriptor) => p.files.close(signed(descriptor)),
  stat: (p, path, buffer) => writeStat(p, buffer, p.memory.readString(path)),
  fstat: (p, descriptor, buffer) => writeStat(p, buffer, signed(descriptor)),
  newfstatat,
  lseek: (p, descriptor, offset, whence) =>
    p.files.seek(signed(descriptor), Number(BigInt.asIntN(p.bits, offset)), Number(whence)),
  mmap,
  mmap2: mmap,
  mprotect,
  munmap: (p, address, bytes) => {
    p.memory.unmap(address, Number(bytes));
    return 0;
  },
  brk,
  ioctl: () => -ENOTTY,
  access: (p, path) => (p.files.size(p.memory.readString(path)) === undefined ? -ENOENT : 0),
  dup2: (p, from, to) => p.files.duplicate(signed(from), signed(to)),
  fcntl,
  uname,
  getcwd,
  readlink: () => -ENOENT,
  unlink: (p, path) => p.files.remove(p.memory.readString(path)),
  unlinkat: (p, _directory, path) => p.files.remove(p.memory.readString(path)),
  arch_prctl: archPrctl,
  clock_gettime: clockGettime,
  getrandom,
  prlimit64: prlimit,
  sched_getaffinity: schedGetaffinity,
  sysinfo,
  set_tid_address: () => 1000,
  getpid: () => 1000,
  gettid: () => 1000,
  nothing,
  absent: () => -ENOSYS,
  exit,
} as const satisfies Record<string, Call>;

/** Numbers of x86-64 (arch/x86/entry/syscalls/syscall_64.tbl). */
const CALLS_64: ReadonlyMap<number, Call> = new Map<number, Call>([
  [0, COMMON.read],
  [1, COMMON.write],
  [2, COMMON.open],
  [3, COMMON.close],
  [4, COMMON.stat],
  [5, COMMON.fstat],
  [6, COMMON.stat],
  [8, COMMON.lseek],
  [9, COMMON.mmap],
  [10, COMMON.mprotect],
  [11, COMMON.munmap],
  [12, COMMON.brk],
  // rt_sigaction, rt_sigprocmask: no signal is ever sent
  [13, COMMON.nothing],
  [14, COMMON.nothing],
  [16, COMMON.ioctl],
  [19, COMMON.readv],
  [20, COMMON.writev],
  [21, COMMON.access],
  // madvise
  [28, COMMON.nothing],
  [33, COMMON.dup2],
  [39, COMMON.getpid],
  [60, COMMON.exit],
  [63, COMMON.uname],
  [72, COMMON.fcntl],
  [79, COMMON.getcwd],
  [87, COMMON.unlink],
  [89, COMMON.readlink],
  // fchmod, chmod, fchown, utimensat: the files have no owners, modes and times
  [90, COMMON.nothing],
  [91, COMMON.nothing],
  [93, COMMON.nothing],
  [280, COMMON.nothing],
  [99, COMMON.sysinfo],
  // getuid, getgid, setuid, setgid, geteuid, getegid
  [102, COMMON.nothing],
  [104, COMMON.nothing],
  [105, COMMON.nothing],
  [106, COMMON.nothing],
  [107, COMMON.nothing],
  [108, COMMON.nothing],
  // prctl: names of threads
  [157, COMMON.nothing],
  [158, COMMON.arch_prctl],
  [186, COMMON.gettid],
  [204, COMMON.sched_getaffinity],
  [218, COMMON.set_tid_address],
  [228, COMMON.clock_gettime],
  [231, COMMON.exit],
  [257, COMMON.openat],
  [262, COMMON.newfstatat],
  [263, COMMON.unlinkat],
  [267, COMMON.readlink],
  // set_robust_list
  [273, COMMON.nothing],
  [302, COMMON.prlimit64],
  [318, COMMON.getrandom],
  // rseq: the C library does without
  [334, COMMON.absent],
]);

/** Numbers of i386 (syscall_32.tbl). */
const CALLS_32: ReadonlyMap<number, Call> = new Map<number, Call>([
  [1, COMMON.exit],
  [3, COMMON.read],
  [4, COMMON.write],
  [5, COMMON.open],
  [6, COMMON.close],
  [45, COMMON.brk],
  [54, COMMON.ioctl],
  [91, COMMON.munmap],
  [122, COMMON.uname],
  [145, COMMON.readv],
  [146, COMMON.writev],
  [192, COMMON.mmap2],
  [252, COMMON.exit],
  [265, COMMON.clock_gettime],
]);

/** Makes call `number`; undefined if there is none such here. */
export function systemCall(p: Process, number: number, args: readonly bigint[]): number | bigint | undefined {
  const call = (p.bits === 64 ? CALLS_64 : CALLS_32).get(number);
  const [a = 0n, b = 0n, c = 0n, d = 0n, e = 0n] = args;
  return call?.(p, a, b, c, d, e);
}
