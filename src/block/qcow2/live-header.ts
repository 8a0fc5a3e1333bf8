/** The header of an image that is open: what it says, and its changes. */
import type { BlockNode } from '../block-node.ts';
import { type HeaderChanges, type Qcow2Header, withChanges } from './qcow2-header.ts';

export class LiveHeader {
  readonly #file: BlockNode;
  #value: Qcow2Header;

  constructor(file: BlockNode, value: Qcow2Header) {
    this.#file = file;
    this.#value = value;
  }

  get value(): Qcow2Header {
    return this.#value;
  }

  /** The header's cluster was written by somebody else. */
  replace(value: Qcow2Header): void {
    this.#value = value;
  }

  /** Writes all of the fields at once. On disk after the file's next flush. */
  async write(changes: HeaderChanges): Promise<void> {
    const changed = withChanges(this.#value, changes);
    await this.#file.write(0, [changed.fields]);
    this.#value = changed;
  }
}
