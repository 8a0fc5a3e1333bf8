/** Interpreter and translator side by side on the same cases: everything that the guest can see must agree. */
import type { Case } from '../oracle/case-format.ts';
import { ANSWER_BYTES, decodeAnswer, encodeCase } from '../oracle/case-format.ts';
import { describeFailure, differences } from '../oracle/comparison.ts';
import { CoreRunner } from '../oracle/core-runner.ts';
import { shrink } from '../oracle/shrink.ts';

const ALL_FLAGS = 0xffffffff;
const NEVER = 0;

export class Lockstep {
  readonly #interpreter: CoreRunner;
  readonly #translator: CoreRunner;

  private constructor(interpreter: CoreRunner, translator: CoreRunner) {
    this.#interpreter = interpreter;
    this.#translator = translator;
  }

  static async create(image: Buffer, hotEntries: number): Promise<Lockstep> {
    return new Lockstep(await CoreRunner.create(image, NEVER), await CoreRunner.create(image, hotEntries));
  }

  /** Regions made so far. */
  get regions(): number {
    return this.#translator.translator?.counters.regions ?? 0;
  }

  /** A report of the first case on which they disagree, or undefined. */
  check(cases: readonly Case[]): string | undefined {
    const failed = cases.find((test) => this.#differences(test).length > 0);
    if (failed === undefined) return undefined;
    const small = shrink(failed, (candidate) => this.#differences(candidate).length > 0);
    return describeFailure(small, this.#differences(small));
  }

  #differences(test: Case): string[] {
    const record = encodeCase(test);
    const before = [this.#interpreter.instructions, this.#translator.instructions];
    const expected = this.#interpreter.run(record);
    const actual = this.#translator.run(record);
    const counts = [this.#interpreter.instructions, this.#translator.instructions].map(
      (count, i) => count - (before[i] ?? 0n),
    );
    if (expected.compare(actual, 0, ANSWER_BYTES) === 0 && counts[0] === counts[1]) return [];
    const found = differences(test.bits, ALL_FLAGS, decodeAnswer(expected, 0), decodeAnswer(actual, 0));
    return [...found, `instructions: interpreted ${counts[0]}, translated ${counts[1]}`];
  }
}
