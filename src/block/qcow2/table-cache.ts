/** Tables of one cluster each (L2 tables, refcount blocks) by their place in the file, written back when they are told to be. */
import type { BlockNode } from '../block-node.ts';

export interface Table {
  /** Place in the file. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  dirty: boolean;
}

export class TableCache {
  readonly #file: BlockNode;
  readonly #tableBytes: number;
  readonly #limit: number;
  /** Least recently used first. */
  readonly #tables = new Map<number, Table>();
  readonly #loading = new Map<number, Promise<Table>>();

  /** @param limit how many clean tables are kept */
  constructor(file: BlockNode, tableBytes: number, limit: number) {
    this.#file = file;
    this.#tableBytes = tableBytes;
    this.#limit = limit;
  }

  get isDirty(): boolean {
    return this.dirtyCount > 0;
  }

  get dirtyCount(): number {
    let count = 0;
    for (const { dirty } of this.#tables.values()) count += dirty ? 1 : 0;
    return count;
  }

  /** The table at `offset`; it stays the same object while it is dirty. */
  async get(offset: number): Promise<Table> {
    const cached = this.#tables.get(offset);
    if (cached !== undefined) {
      this.#tables.delete(offset);
      this.#tables.set(offset, cached);
      return cached;
    }
    let loading = this.#loading.get(offset);
    if (loading === undefined) {
      loading = this.#load(offset).finally(() => this.#loading.delete(offset));
      this.#loading.set(offset, loading);
    }
    return loading;
  }

  /** The table has been changed. It is kept from now on, even if it had been forgotten since it was got. */
  changed(table: Table): void {
    table.dirty = true;
    this.#tables.set(table.offset, table);
  }

  /** A new table of zeros, or of `contents`. */
  create(offset: number, contents?: Uint8Array): Table {
    const bytes = contents?.slice() ?? new Uint8Array(this.#tableBytes);
    const table = { offset, bytes, view: new DataView(bytes.buffer), dirty: true };
    this.#keep(table);
    return table;
  }

  /** Forgets a table whose cluster is something else from now on. */
  drop(offset: number): void {
    this.#tables.delete(offset);
  }

  /** Writes what has changed. It is on disk after the file's next flush. */
  async writeBack(): Promise<void> {
    const dirty = [...this.#tables.values()].filter((table) => table.dirty);
    await Promise.all(
      dirty.map(async (table) => {
        // What changes while it is written makes it dirty again.
        table.dirty = false;
        try {
          await this.#file.write(table.offset, [table.bytes.slice()]);
        } catch (error) {
          table.dirty = true;
          throw error;
        }
      }),
    );
  }

  async #load(offset: number): Promise<Table> {
    const bytes = new Uint8Array(this.#tableBytes);
    await this.#file.read(offset, [bytes]);
    const created = this.#tables.get(offset);
    if (created !== undefined) return created;
    const table = { offset, bytes, view: new DataView(bytes.buffer), dirty: false };
    this.#keep(table);
    return table;
  }

  #keep(table: Table): void {
    this.#tables.set(table.offset, table);
    for (const [offset, { dirty }] of this.#tables) {
      if (this.#tables.size <= this.#limit) break;
      if (!dirty && offset !== table.offset) this.#tables.delete(offset);
    }
  }
}
