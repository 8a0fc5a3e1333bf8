/**
 * What the actor runtime costs, beside plain `postMessage` in the same run: `node --import=tsx bench/actors/actors.ts`.
 * Every figure is the median of several samples, taken in turn so that a disturbance hits all kinds alike.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ActorSystem } from '../../src/actors/actor-system.ts';
import type { ActorRef } from '../../src/actors/contract.ts';
import { createRingChannel, RingReceiver, RingSender } from '../../src/actors/ring-channel.ts';
import { type BenchContract, benchActor } from './bench-actor.ts';
import type { BenchSeed } from './bench-worker.ts';

const SAMPLES = 41;
const ROUNDS = 500;
const PIPELINE = 64;
const RING_BYTES = 1 << 18;
/** The main thread and a worker have both compiled what matters after that many rounds. */
const WARM_UP_ROUNDS = 4000;

interface Contender {
  name: string;
  /** Makes that many round trips; resolves with nanoseconds. */
  run(rounds: number): Promise<number>;
}

function startWorker(seed: BenchSeed): Worker {
  return new Worker(new URL('./bench-worker.ts', import.meta.url), { workerData: seed });
}

async function timed(work: () => Promise<void> | void): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start);
}

function median(samples: number[]): number {
  return samples.sort((a, b) => a - b)[samples.length >> 1] ?? Number.NaN;
}

function plainPing(worker: Worker, window: number): (rounds: number) => Promise<number> {
  return (rounds) =>
    timed(
      () =>
        new Promise<void>((resolve) => {
          let sent = 0;
          let received = 0;
          const send = () => worker.postMessage(sent++);
          const onMessage = () => {
            received++;
            if (sent < rounds) {
              send();
            } else if (received === rounds) {
              worker.off('message', onMessage);
              resolve();
            }
          };
          worker.on('message', onMessage);
          for (let count = 0; count < window; count++) {
            send();
          }
        }),
    );
}

/** The same with a promise for each round trip, as anybody who awaits an answer has. */
function awaitedPing(worker: Worker): (rounds: number) => Promise<number> {
  let arrived: (value: unknown) => void = () => undefined;
  const onMessage = (value: unknown) => arrived(value);
  return (rounds) =>
    timed(async () => {
      worker.on('message', onMessage);
      for (let round = 0; round < rounds; round++) {
        await new Promise((resolve) => {
          arrived = resolve;
          worker.postMessage(round);
        });
      }
      worker.off('message', onMessage);
    });
}

function asks(actor: ActorRef<BenchContract>): (rounds: number) => Promise<number> {
  return (rounds) =>
    timed(async () => {
      for (let round = 0; round < rounds; round++) {
        await actor.ask('echo', round);
      }
    });
}

function pipelinedAsks(actor: ActorRef<BenchContract>): (rounds: number) => Promise<number> {
  return (rounds) =>
    timed(async () => {
      let left = rounds;
      const lane = async () => {
        while (left-- > 0) {
          await actor.ask('echo', left);
        }
      };
      await Promise.all(Array.from({ length: PIPELINE }, lane));
    });
}

async function ringEcho(blocking: boolean): Promise<{ run: Contender['run']; worker: Worker }> {
  const there = createRingChannel(RING_BYTES);
  const back = createRingChannel(RING_BYTES);
  const worker = startWorker({ role: 'ring-echo', there, back, blocking });
  await once(worker, 'message');
  const sender = new RingSender<number>(there);
  const receiver = new RingReceiver<number>(back);
  const run = (rounds: number) =>
    timed(() => {
      for (let round = 0; round < rounds; round++) {
        sender.send(round, 10_000);
        receiver.receive(10_000);
      }
    });
  return { run, worker };
}

async function roundTrips(): Promise<void> {
  await using system = new ActorSystem();
  const echo = await system.spawn(benchActor, { name: 'echo', config: null });
  const local = await system.spawn(benchActor, { name: 'local', thread: 'main', config: null });
  const asker = await system.spawn(benchActor, { name: 'asker', config: null, dependsOn: ['echo'] });
  const ping = startWorker({ role: 'ping' });
  const blocking = await ringEcho(true);
  const driven = await ringEcho(false);

  const contenders: Contender[] = [
    { name: 'postMessage ping-pong', run: plainPing(ping, 1) },
    { name: 'postMessage ping-pong, awaited', run: awaitedPing(ping) },
    { name: 'ask, main to worker', run: asks(echo) },
    {
      name: 'ask, worker to worker',
      run: (rounds) => asker.ask('loop', { peer: 'echo', rounds }),
    },
    { name: 'ask, same thread', run: asks(local) },
    { name: `postMessage ping-pong, ${PIPELINE} under way`, run: plainPing(ping, PIPELINE) },
    { name: `ask, ${PIPELINE} under way`, run: pipelinedAsks(echo) },
    { name: 'ring, both in Atomics.wait', run: blocking.run },
    { name: 'ring, answered from the event loop', run: driven.run },
  ];

  const samples = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (const { run } of contenders) {
    await run(WARM_UP_ROUNDS);
  }
  for (let sample = 0; sample < SAMPLES; sample++) {
    for (const { name, run } of contenders) {
      samples.get(name)?.push((await run(ROUNDS)) / ROUNDS);
    }
  }
  const medians = contenders.map(({ name }) => ({ name, ns: median(samples.get(name) ?? []) }));
  const baseline = medians[0]?.ns ?? Number.NaN;
  console.table(
    medians.map(({ name, ns }) => ({
      'round trip': name,
      'median µs': (ns / 1000).toFixed(2),
      'ratio to postMessage': (ns / baseline).toFixed(2),
    })),
  );
  await Promise.all([ping, blocking.worker, driven.worker].map((worker) => worker.terminate()));
}

async function throughput(messages: number, bytes: number, blocking: boolean) {
  const there = createRingChannel(RING_BYTES);
  const worker = startWorker({ role: 'ring-source', there, messages, bytes });
  await once(worker, 'message');
  const receiver = new RingReceiver<Uint8Array>(there);
  const ns = await timed(async () => {
    if (blocking) {
      while (!receiver.ended) {
        receiver.receive(10_000);
      }
    } else {
      await new Promise<void>((ended) => receiver.listen(() => undefined, { keepAlive: true, ended }));
    }
  });
  return {
    'ring throughput': `${bytes}-byte messages, ${blocking ? 'Atomics.wait' : 'event loop'}`,
    'MB/s': ((messages * bytes * 1000) / ns).toFixed(0),
    'messages/s': ((messages * 1e9) / ns).toFixed(0),
  };
}

await roundTrips();
const rows: Awaited<ReturnType<typeof throughput>>[] = [];
for (const [messages, bytes] of [
  [300_000, 16],
  [200_000, 1024],
  [8_000, 65_536],
] as const) {
  for (const blocking of [true, false]) {
    rows.push(await throughput(messages, bytes, blocking));
  }
}
console.table(rows);
