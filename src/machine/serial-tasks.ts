/** Runs tasks one at a time, in the order given: what the machine's main loop would do by being one loop. */
export class SerialTasks {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as `task` does, after every task given before has ended; a failure stops no later task. */
  run<T>(task: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
