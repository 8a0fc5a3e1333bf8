/** One of several threads that use the clock at once: it reads, does what its role does, and notes how far back a read ever was. */
import { parentPort, workerData } from 'node:worker_threads';
import { monotonicNs, VirtualClock } from '../../src/memory/virtual-clock.ts';

interface Work {
  readonly memory: WebAssembly.Memory;
  /** The latest time that anybody has seen. */
  readonly latest: SharedArrayBuffer;
  readonly role: 'machine' | 'vcpu' | 'reader';
  readonly index: number;
  readonly milliseconds: number;
}

const { memory, latest, role, index, milliseconds } = workerData as Work;
const clock = new VirtualClock(memory);
const seen = new BigInt64Array(latest);
const READS_OF_A_HOLD = 20;
const NS_PER_MS = 1e6;
/** Short, so that limits and holds are reached. */
const AHEAD_NS = 2_000;

let reads = 0;
let worst = 0;

function check(time: () => number): void {
  const before = Number(Atomics.load(seen, 0));
  const now = time();
  reads += 1;
  worst = Math.max(worst, before - now);
  let known = Atomics.load(seen, 0);
  while (known < BigInt(now)) {
    const found = Atomics.compareExchange(seen, 0, known, BigInt(now));
    if (found === known) break;
    known = found;
  }
}

const roles = {
  reader: () => check(() => clock.now()),
  machine: () => {
    clock.catchUp();
    check(() => clock.now());
    clock.limitTo(reads % 3 === 0 ? Number.POSITIVE_INFINITY : clock.now());
  },
  vcpu: () => {
    check(() => clock.hold(index, AHEAD_NS));
    for (let read = 0; read < READS_OF_A_HOLD; read++) {
      const latest = clock.heldAt(index) + read;
      check(() => clock.moveHold(index, latest, read % 2 === 0 ? AHEAD_NS : AHEAD_NS / 10, Infinity));
    }
    clock.release(index);
  },
};

for (const end = monotonicNs() + milliseconds * NS_PER_MS; monotonicNs() < end; ) roles[role]();
parentPort?.postMessage({ reads, worst });
