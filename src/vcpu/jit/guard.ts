/** What is done inline if checks hold, and left to the interpreter otherwise. */
import type { Emitter, Reload } from './emitter.ts';

export interface Guarded {
  /** Emits conditions, each followed by fail(), which pops one and goes the rare way if it holds. */
  checks(fail: () => void): void;
  /** Pushes whether `commit` is right although a check has failed. */
  pushIsHarmless?(): void;
  /** What the interpreter may change. */
  readonly reload: Reload;
  /** Emits the changes of the guest's state. */
  commit(): void;
}

/** Emits `commit` where the checks hold. */
export function guarded(e: Emitter, { checks, pushIsHarmless, reload, commit }: Guarded): void {
  const { w } = e;
  const done = w.block();
  const good = w.block();
  const bad = w.block();
  checks(() => {
    w.hint(false);
    w.brIf(bad);
  });
  w.br(good);
  w.end();
  if (pushIsHarmless !== undefined) {
    pushIsHarmless();
    w.brIf(good);
  }
  e.duringBranch(() => e.leaveToInterpreter(reload));
  w.br(done);
  w.end();
  commit();
  w.end();
}
