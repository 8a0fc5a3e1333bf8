/** What a worker thread of the runtime runs: it hosts actors on the supervisor's orders until it is told to end. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { systemClock } from './clock.ts';
import type { ControlReport, ControlRequest, WorkerSeed } from './control.ts';
import { encodeError, errorLine, type WireError } from './error-codec.ts';
import { loadDefinition } from './load-definition.ts';
import { BEAT_PERIOD_MS, Pulse } from './pulse.ts';
import { attachThisThread } from './this-thread.ts';
import { ThreadRuntime } from './thread-runtime.ts';

const seed: WorkerSeed = workerData;
const pulse = new Pulse(seed.pulse);
const runtime = new ThreadRuntime({
  name: seed.name,
  clock: systemClock,
  limits: seed.limits,
  actorFailed: (id, incarnation, cause) => report({ op: 'failed', id, incarnation, cause }),
});
let beatPeriodMs = BEAT_PERIOD_MS;
let beatTimer = startBeating();

function report(message: ControlReport): void {
  parentPort?.postMessage(message);
}

function startBeating(): NodeJS.Timeout {
  pulse.beat();
  return setInterval(() => pulse.beat(), beatPeriodMs).unref();
}

function beatEvery(ms: number): void {
  if (ms < beatPeriodMs) {
    beatPeriodMs = ms;
    clearInterval(beatTimer);
    beatTimer = startBeating();
  }
}

/** Waits for `work`; undefined when it went well, what it threw otherwise. */
async function outcome(work: Promise<void>): Promise<WireError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return encodeError(error);
  }
}

async function create(order: Extract<ControlRequest, { op: 'create' }>): Promise<void> {
  const { request, module, exportName } = order;
  const created = runtime.create(request, () => loadDefinition({ module, exportName }));
  report({ op: 'created', id: request.id, error: await outcome(created) });
}

async function stop(id: number): Promise<void> {
  report({ op: 'stopped', id, error: await outcome(runtime.stop(id)) });
}

function obey(order: ControlRequest): void {
  switch (order.op) {
    case 'link':
      runtime.link(order.thread, order.port);
      break;
    case 'unlink':
      runtime.unlink(order.thread);
      break;
    case 'preload':
      import(order.module).catch(() => undefined);
      break;
    case 'create':
      void create(order);
      break;
    case 'stop':
      void stop(order.id);
      break;
    case 'refer':
      runtime.refer(order.id, order.target);
      break;
    case 'up':
      runtime.actorUp(order.target);
      break;
    case 'gone':
      runtime.actorGone(order.id);
      break;
    case 'beatEvery':
      beatEvery(order.ms);
      break;
    case 'exit':
      process.exit(0);
  }
}

function crash(error: unknown): void {
  report({ op: 'crashed', cause: errorLine(error) });
  process.exit(1);
}

/** Synchronous counterpart of the `message` listeners, for threads that do not return to their event loop. */
function drain(): number {
  let orders = 0;
  if (parentPort !== null) {
    for (let next = receiveMessageOnPort(parentPort); next; next = receiveMessageOnPort(parentPort)) {
      obey(next.message);
      orders++;
    }
  }
  return orders + runtime.drain();
}

process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);
attachThisThread({
  beat: () => pulse.beat(),
  drain,
  wakeThrough(words, index) {
    runtime.wakeThrough(words, index);
    report({ op: 'wake', words, index });
  },
});
parentPort?.on('message', obey);
report({ op: 'ready' });
