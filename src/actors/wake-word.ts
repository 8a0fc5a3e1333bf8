/**
 * A word of shared memory on which a thread sleeps between messages, as another thread that sends to it sees it.
 *
 * Writers: any thread, with `Atomics.add`, after posting a message; the value means nothing but that it changes. The
 * sleeper loads the word, looks for messages, and waits on the value loaded. A sender wakes it once as soon as it learns
 * of the word, for the sake of what it sent just before.
 */
export class WakeWord {
  readonly words: Int32Array;
  readonly index: number;

  constructor(words: Int32Array, index: number) {
    this.words = words;
    this.index = index;
  }

  wake(): void {
    Atomics.add(this.words, this.index, 1);
    Atomics.notify(this.words, this.index);
  }
}
