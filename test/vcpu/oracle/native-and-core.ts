/** Host and core side by side: runs cases on both and reports the first that they do not agree on, made small. */
import { type Case, encodeCase } from './case-format.ts';
import { describeFailure, disagreement } from './comparison.ts';
import { CoreRunner } from './core-runner.ts';
import { runNatively } from './native-oracle.ts';
import { shrink } from './shrink.ts';

export class NativeAndCore {
  readonly #image: Buffer;
  readonly #core: CoreRunner;

  private constructor(image: Buffer, core: CoreRunner) {
    this.#image = image;
    this.#core = core;
  }

  /** Both begin every case with `image` in memory. */
  static async create(image: Buffer): Promise<NativeAndCore> {
    return new NativeAndCore(image, await CoreRunner.create(image));
  }

  #differences(test: Case): string[] {
    const record = encodeCase(test);
    return disagreement(test, runNatively(this.#image, record), this.#core.run(record), 0);
  }

  /** Runs the cases on both; gives the indices of those on which they disagree. */
  failing(cases: readonly Case[]): number[] {
    const records = Buffer.concat(cases.map(encodeCase));
    const native = runNatively(this.#image, records);
    const core = this.#core.run(records);
    const failing: number[] = [];
    cases.forEach((test, i) => {
      if (disagreement(test, native, core, i).length > 0) failing.push(i);
    });
    return failing;
  }

  /** A report of one failing case in its smallest form. */
  explain(test: Case): string {
    const small = shrink(test, (candidate) => this.#differences(candidate).length > 0);
    return describeFailure(small, this.#differences(small));
  }
}
