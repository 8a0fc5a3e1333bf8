/** Random sequences over all integer families. */
import type { Case } from './case-format.ts';
import { ARITHMETIC_FAMILIES } from './families/arithmetic.ts';
import { BIT_FAMILIES } from './families/bits.ts';
import type { Family } from './families/family.ts';
import { flowFamilies } from './families/flow.ts';
import { MOVE_FAMILIES } from './families/moves.ts';
import { Random } from './random.ts';
import { SequenceBuilder } from './sequence-builder.ts';

const MOST_STEPS = 16;
const RSP = 4;

/** Draws sequences from those families that the host has and `exclude` does not name. */
export class SequenceSource {
  readonly #families: readonly Family[];

  constructor(features: ReadonlySet<string>, exclude: ReadonlySet<string> = new Set()) {
    const straight = [...ARITHMETIC_FAMILIES, ...BIT_FAMILIES, ...MOVE_FAMILIES];
    const fill = (builder: SequenceBuilder) => this.#step(builder, straight);
    this.#families = [...straight, ...flowFamilies(fill)].filter(
      ({ name, needs }) => !exclude.has(name) && (needs ?? []).every((feature) => features.has(feature)),
    );
  }

  /** Names of all families that can be drawn. */
  get familyNames(): readonly string[] {
    return this.#families.map(({ name }) => name);
  }

  /** The sequence of a seed: the same in every run. */
  sequence(seed: number, bits: 32 | 64): Case {
    const random = new Random(seed);
    const builder = new SequenceBuilder(random, bits);
    for (let steps = random.between(1, MOST_STEPS); steps > 0 && builder.hasRoom; steps--) {
      this.#step(builder, this.#families);
    }
    return builder.finish();
  }

  /** The same sequence with other registers and flags. */
  variant(test: Case, seed: number): Case {
    const { registers, flags } = new SequenceBuilder(new Random(seed), test.bits).finish();
    return { ...test, registers: registers.with(RSP, test.registers[RSP] ?? 0n), flags };
  }

  /** A sequence of one family only. */
  single(seed: number, bits: 32 | 64, name: string): Case {
    const builder = new SequenceBuilder(new Random(seed), bits);
    this.#step(
      builder,
      this.#families.filter((family) => family.name === name),
    );
    return builder.finish();
  }

  #step(builder: SequenceBuilder, among: readonly Family[]): void {
    const allowed = among.filter(
      (family) => (family.bits ?? builder.bits) === builder.bits && this.#families.includes(family),
    );
    const total = allowed.reduce((sum, { weight }) => sum + weight, 0);
    let ticket = (builder.random.u32() / 2 ** 32) * total;
    const drawn = allowed.find(({ weight }) => {
      ticket -= weight;
      return ticket < 0;
    });
    if (drawn === undefined) return;
    builder.family = drawn.name;
    drawn.emit(builder);
  }
}
