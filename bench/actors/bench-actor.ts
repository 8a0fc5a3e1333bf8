import { defineActor } from '../../src/actors/define-actor.ts';

/** The other side of the measurements of asks. */
export interface BenchContract {
  asks: {
    echo(value: unknown): unknown;
    /** Echoes the values that `from` is asked, that many times, and gives the nanoseconds that it took. */
    loop(order: { peer: string; rounds: number }): Promise<number>;
  };
  tells: { sink(value: unknown): void };
  events: object;
}

export const benchActor = defineActor<BenchContract, null>({
  module: import.meta.url,
  exportName: 'benchActor',
  create: (context) => ({
    asks: {
      echo: (value) => value,
      async loop({ peer, rounds }) {
        const other = context.ref<BenchContract>(peer);
        const start = process.hrtime.bigint();
        for (let round = 0; round < rounds; round++) {
          await other.ask('echo', round);
        }
        return Number(process.hrtime.bigint() - start);
      },
    },
    tells: { sink: () => undefined },
  }),
});
