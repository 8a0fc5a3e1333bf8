/** Four-level page tables in a test CPU's RAM (SDM vol. 3, 4.5). */
import type { TestCpu } from '../support/test-cpu.ts';

const PRESENT = 1n;
const WRITABLE = 2n;
const USER = 4n;
const ACCESSED_DIRTY = 0x60n;
const NO_EXECUTE = 1n << 63n;
const ADDRESS = 0x000ffffffffff000n;
const PAGE = 4096;
const LEVEL_SHIFTS = [39n, 30n, 21n] as const;

export interface PageRights {
  readonly write?: boolean;
  readonly execute?: boolean;
}

export class AddressSpace {
  readonly #cpu: TestCpu;
  /** Guest-physical address of the top table: what CR3 holds. */
  readonly root: number;
  #nextTable: number;
  readonly #end: number;

  /** Page tables are taken from guest-physical `from` up to `end`. */
  constructor(cpu: TestCpu, from: number, end: number) {
    this.#cpu = cpu;
    this.#nextTable = from;
    this.#end = end;
    this.root = this.#table();
  }

  #table(): number {
    const at = this.#nextTable;
    if (at + PAGE > this.#end) throw new RangeError(`No room for a page table at ${at}`);
    this.#nextTable += PAGE;
    this.#cpu.bytes.fill(0, at, at + PAGE);
    return at;
  }

  /** Physical address of the last-level entry for `linear`; makes the tables above it. */
  #entry(linear: bigint): number {
    let table = this.root;
    for (const shift of LEVEL_SHIFTS) {
      const at = table + Number((linear >> shift) & 511n) * 8;
      const entry = this.#cpu.view.getBigUint64(at, true);
      if (entry & PRESENT) {
        table = Number(entry & ADDRESS);
      } else {
        table = this.#table();
        this.#cpu.view.setBigUint64(at, BigInt(table) | PRESENT | WRITABLE | USER | ACCESSED_DIRTY, true);
      }
    }
    return table + Number((linear >> 12n) & 511n) * 8;
  }

  /** Maps one user page. The caller flushes the TLB (stateWritten) if the page was mapped before. */
  map(linear: bigint, physical: number, rights: PageRights): void {
    let entry = BigInt(physical) | PRESENT | USER | ACCESSED_DIRTY;
    if (rights.write) entry |= WRITABLE;
    if (!rights.execute) entry |= NO_EXECUTE;
    this.#cpu.view.setBigUint64(this.#entry(linear), entry, true);
  }

  unmap(linear: bigint): void {
    this.#cpu.view.setBigUint64(this.#entry(linear), 0n, true);
  }

  /** Physical address of a mapped page, or undefined. */
  physical(linear: bigint): number | undefined {
    const entry = this.#cpu.view.getBigUint64(this.#entry(linear), true);
    return entry & PRESENT ? Number(entry & ADDRESS) : undefined;
  }
}
