/** Answers of a back end that a device may not want any more when they come: those to a transfer that was cancelled. */
import type { Done } from './block-backend.ts';

export class PendingAnswers {
  #generation = 0;

  /** What was asked before is not answered any more. */
  cancel(): void {
    this.#generation += 1;
  }

  /** `then` for a back end to call; nothing happens when it is called after a cancellation. */
  expect(then: Done): Done {
    const generation = this.#generation;
    return (outcome) => {
      if (generation === this.#generation) then(outcome);
    };
  }
}
