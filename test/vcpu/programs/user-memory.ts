/** A process's memory: pages of the test CPU's RAM under page tables, with copies in and out. */
import { AddressSpace, type PageRights } from '../oracle/address-space.ts';
import type { TestCpu } from '../support/test-cpu.ts';

const PAGE = 4096;
const PAGE_N = 4096n;

/** Guest-physical areas: page tables first, then pages. */
const TABLES = 0x100000;
const TABLES_END = 0x400000;

export class OutOfMemory extends Error {}
export class BadAddress extends Error {}

export class UserMemory {
  readonly #cpu: TestCpu;
  readonly #space: AddressSpace;
  readonly #free: number[] = [];
  #next = TABLES_END;

  constructor(cpu: TestCpu) {
    this.#cpu = cpu;
    this.#space = new AddressSpace(cpu, TABLES, TABLES_END);
  }

  /** What CR3 holds. */
  get root(): number {
    return this.#space.root;
  }

  #page(): number {
    const page = this.#free.pop() ?? this.#next;
    if (page === this.#next) this.#next += PAGE;
    if (page + PAGE > this.#cpu.bytes.length) throw new OutOfMemory(`No page at ${page}`);
    this.#cpu.bytes.fill(0, page, page + PAGE);
    return page;
  }

  /** Makes fresh zero pages at `address` (of `bytes` bytes, both rounded to pages), in place of what was there. */
  map(address: bigint, bytes: number, rights: PageRights): void {
    this.unmap(address, bytes);
    for (const page of pagesOf(address, bytes)) this.#space.map(page, this.#page(), rights);
    this.#flush();
  }

  /** Changes the rights of mapped pages; others stay unmapped. */
  protect(address: bigint, bytes: number, rights: PageRights): void {
    for (const page of pagesOf(address, bytes)) {
      const physical = this.#space.physical(page);
      if (physical !== undefined) this.#space.map(page, physical, rights);
    }
    this.#flush();
  }

  unmap(address: bigint, bytes: number): void {
    for (const page of pagesOf(address, bytes)) {
      const physical = this.#space.physical(page);
      if (physical === undefined) continue;
      this.#space.unmap(page);
      this.#free.push(physical);
    }
    this.#flush();
  }

  isMapped(address: bigint): boolean {
    return this.#space.physical(address & ~(PAGE_N - 1n)) !== undefined;
  }

  #flush(): void {
    this.#cpu.core.stateWritten();
  }

  /** Calls `use` with each contiguous piece of RAM behind a range. Throws BadAddress where nothing is mapped. */
  #pieces(
    address: bigint,
    bytes: number,
    use: (physical: number, offset: number, length: number) => void,
  ): void {
    let done = 0;
    while (done < bytes) {
      const at = address + BigInt(done);
      const physical = this.#space.physical(at & ~(PAGE_N - 1n));
      if (physical === undefined) throw new BadAddress(`Nothing is mapped at ${at.toString(16)}`);
      const offset = Number(at % PAGE_N);
      const length = Math.min(PAGE - offset, bytes - done);
      use(physical + offset, done, length);
      done += length;
    }
  }

  read(address: bigint, bytes: number): Buffer {
    const result = Buffer.alloc(bytes);
    this.#pieces(address, bytes, (physical, offset, length) => {
      result.set(this.#cpu.bytes.subarray(physical, physical + length), offset);
    });
    return result;
  }

  write(address: bigint, data: Uint8Array): void {
    this.#pieces(address, data.length, (physical, offset, length) => {
      this.#cpu.load(physical, data.subarray(offset, offset + length));
    });
  }

  /** The string up to a zero byte. */
  readString(address: bigint): string {
    const bytes: number[] = [];
    for (let at = address; ; at++) {
      const [byte = 0] = this.read(at, 1);
      if (byte === 0) return Buffer.from(bytes).toString('latin1');
      bytes.push(byte);
    }
  }

  readWord(address: bigint, bits: 32 | 64): bigint {
    return bits === 64
      ? this.read(address, 8).readBigUInt64LE()
      : BigInt(this.read(address, 4).readUInt32LE());
  }
}

function* pagesOf(address: bigint, bytes: number): Generator<bigint> {
  const end = address + BigInt(bytes);
  for (let page = address & ~(PAGE_N - 1n); page < end; page += PAGE_N) yield page;
}
