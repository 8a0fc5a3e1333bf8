/** Processor time, which unlike elapsed time is about the same on a busy machine. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import koffi from 'koffi';

const RUSAGE_CHILDREN = -1;
/** struct rusage of Linux on 64-bit hosts: user and system time come first, each as seconds and microseconds. */
const RUSAGE_BYTES = 144;

const getrusage = koffi.load('libc.so.6').func('int getrusage(int who, _Out_ uint8_t *usage)');

/** Seconds of all children that have been waited for (getrusage(2)). */
function childrenSeconds(): number {
  const usage = new Uint8Array(RUSAGE_BYTES);
  if (getrusage(RUSAGE_CHILDREN, usage) !== 0) throw new Error('getrusage of the children failed');
  const fields = new BigInt64Array(usage.buffer, 0, 4);
  const [userSeconds = 0n, userMicros = 0n, systemSeconds = 0n, systemMicros = 0n] = fields;
  return Number(userSeconds + systemSeconds) + Number(userMicros + systemMicros) / 1e6;
}

/** Seconds of this thread (proc(5), `schedstat`: nanoseconds on a processor come first). */
function threadSeconds(): number {
  return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[0]) / 1e9;
}

function processSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Runs a command to its end: user and system time of its process, and its exit status. */
export function timeCommand(command: string, args: readonly string[]): { seconds: number; status: number } {
  const before = childrenSeconds();
  const { status } = spawnSync(command, args);
  return { seconds: childrenSeconds() - before, status: status ?? -1 };
}

/** Runs a function: the time of this thread, and that of the others (V8's compilers), in seconds. */
export function timeThread(run: () => void): { seconds: number; others: number } {
  const thread = threadSeconds();
  const whole = processSeconds();
  run();
  const seconds = threadSeconds() - thread;
  return { seconds, others: Math.max(0, processSeconds() - whole - seconds) };
}
