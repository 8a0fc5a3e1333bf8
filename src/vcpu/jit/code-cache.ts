/** Reads a vCPU's interpreter blocks: which instructions are known around a place, and what they depend on. */
import {
  BLOCK_BYTES,
  BLOCK_CODE,
  BLOCK_CODE_MASK,
  BLOCK_GEN,
  BLOCK_GEN_ADDRESS,
  BLOCK_GEN2,
  BLOCK_HEADER_SIZE,
  BLOCK_KEY_MODE,
  BLOCK_PAGE2,
  BLOCK_RECORDS,
  BLOCK_TABLE_ENTRIES,
  CODE_GEN_BASE,
  CPU_BLOCK_TABLE,
  CPU_RIP_BASE,
  CPU_SEG_BASE,
  CPU_TLB,
  RECORD_LENGTH_SHIFT,
  RECORD_SCALE,
  RECORD_SIZE,
  TLB_ADDEND,
  TLB_ENTRIES,
  TLB_ENTRY_SHIFT,
  TLB_FETCH,
} from '../../memory/layout.ts';
import { type Instruction, readInstruction } from './instruction.ts';

const PAGE = 4096;
const CODE16 = 0;
const CODE64 = 2;
const CS_BASE = CPU_SEG_BASE + 8;

/** A page that a region's code lies in. */
export interface CodePage {
  /** Pages from the first page of the region. */
  readonly delta: number;
  /** Host address of the page. */
  readonly host: number;
  /** Its generation when its instructions were read. */
  readonly generation: number;
}

export class CodeWindow {
  readonly mode: number;
  /** Address of the entry block's header and offset of its first byte in its page. */
  readonly entryBlock: number;
  readonly entry: number;
  readonly #view: DataView;
  readonly #cpu: number;
  readonly #linearBase: bigint;
  readonly #originalHandler: (handler: number) => number;
  readonly #instructions = new Map<number, Instruction>();
  readonly #looked = new Set<number>();
  readonly #pages = new Map<number, CodePage | undefined>();

  /**
   * What is known around the block at `block`, whose page CPU_RIP_BASE belongs to.
   * @param cpu address of the page group
   */
  constructor(view: DataView, cpu: number, block: number, originalHandler: (handler: number) => number) {
    this.#view = view;
    this.#cpu = cpu;
    this.#originalHandler = originalHandler;
    this.entryBlock = block;
    this.mode = view.getUint32(block + BLOCK_KEY_MODE, true);
    const code = view.getUint32(block + BLOCK_CODE, true);
    this.entry = code & (PAGE - 1);
    const base = view.getBigUint64(cpu + CPU_RIP_BASE, true);
    this.#linearBase =
      (this.mode & BLOCK_CODE_MASK) === CODE64
        ? base
        : BigInt.asUintN(32, base + view.getBigUint64(cpu + CS_BASE, true));
    this.#pages.set(0, {
      delta: 0,
      host: (code & -PAGE) >>> 0,
      generation: view.getUint32(block + BLOCK_GEN, true),
    });
    this.#readBlock(block, 0);
  }

  /** The pages that instructions were read from. */
  get pages(): CodePage[] {
    return [...this.#pages.values()].filter((page) => page !== undefined);
  }

  /** Host address of an instruction's first byte. */
  hostOf(instruction: Instruction): number {
    return (this.#pages.get(instruction.page)?.host ?? 0) + (instruction.at - instruction.page * PAGE);
  }

  /** Linear address of an offset from the region's first page. */
  linearOf(at: number): bigint {
    return BigInt.asUintN(64, this.#linearBase + BigInt(at));
  }

  /** The size that the code is decoded in. */
  get codeBits(): 16 | 32 | 64 {
    const code = this.mode & BLOCK_CODE_MASK;
    if (code === CODE64) return 64;
    return code === CODE16 ? 16 : 32;
  }

  /** An instruction's bytes as memory has them now. */
  bytesOf(instruction: Instruction): Uint8Array {
    const second = this.#pages.get(instruction.page + 1)?.host ?? 0;
    const left = PAGE * (instruction.page + 1) - instruction.at;
    const first = this.hostOf(instruction);
    return Uint8Array.from({ length: instruction.length }, (_, i) =>
      this.#view.getUint8(i < left ? first + i : second + i - left),
    );
  }

  /** The instruction at an offset from the first page, if the interpreter has decoded it. */
  instructionAt(at: number): Instruction | undefined {
    const known = this.#instructions.get(at);
    if (known !== undefined || this.#looked.has(at)) return known;
    this.#looked.add(at);
    const delta = Math.floor(at / PAGE);
    const page = this.#page(delta);
    if (page === undefined) return undefined;
    const block = this.#findBlock(page.host + (at - delta * PAGE));
    if (block !== undefined && this.#view.getUint32(block + BLOCK_GEN, true) === page.generation)
      this.#readBlock(block, delta);
    return this.#instructions.get(at);
  }

  /** The page at a distance from the first, as the TLB maps it. */
  #page(delta: number): CodePage | undefined {
    if (this.#pages.has(delta)) return this.#pages.get(delta);
    const host = this.#hostOfPage(delta);
    const page =
      host === undefined
        ? undefined
        : { delta, host, generation: this.#view.getUint32(CODE_GEN_BASE + ((host >>> 12) << 2), true) };
    this.#pages.set(delta, page);
    return page;
  }

  #hostOfPage(delta: number): number | undefined {
    const linear = BigInt.asUintN(64, this.#linearBase + BigInt(delta * PAGE));
    const slot = Number((linear >> 12n) & BigInt(TLB_ENTRIES - 1)) << TLB_ENTRY_SHIFT;
    const entry = this.#view.getUint32(this.#cpu + CPU_TLB, true) + slot;
    if (this.#view.getBigUint64(entry + TLB_FETCH, true) !== linear) return undefined;
    return (Number(BigInt.asUintN(32, linear)) + this.#view.getUint32(entry + TLB_ADDEND, true)) >>> 0;
  }

  #findBlock(host: number): number | undefined {
    const slot = ((host ^ (this.mode << 9)) & (BLOCK_TABLE_ENTRIES - 1)) << 4;
    const entry = this.#cpu + CPU_BLOCK_TABLE + slot;
    if (this.#view.getUint32(entry, true) !== host) return undefined;
    if (this.#view.getUint32(entry + 4, true) !== this.mode) return undefined;
    const block = this.#view.getUint32(entry + 8, true);
    const generation = this.#view.getUint32(this.#view.getUint32(block + BLOCK_GEN_ADDRESS, true), true);
    return generation === this.#view.getUint32(block + BLOCK_GEN, true) ? block : undefined;
  }

  #readBlock(block: number, delta: number): void {
    const view = this.#view;
    const page = this.#pages.get(delta);
    if (page === undefined) return;
    const second = view.getUint32(block + BLOCK_PAGE2, true);
    if (second !== 0) {
      const next = this.#page(delta + 1);
      if (next === undefined || next.host !== second) return;
      if (next.generation !== view.getUint32(block + BLOCK_GEN2, true)) return;
    }
    const codeAt = (offset: number) =>
      offset < PAGE || second === 0 ? page.host + offset : second + offset - PAGE;
    const bytes = view.getUint16(block + BLOCK_BYTES, true);
    const records = view.getUint16(block + BLOCK_RECORDS, true);
    let done = 0;
    for (let i = 0; i < records && done < bytes; i++) {
      const address = block + BLOCK_HEADER_SIZE + i * RECORD_SIZE;
      const instruction = readInstruction(view, address, this.mode, delta, codeAt, this.#originalHandler);
      if (!this.#instructions.has(instruction.at)) this.#instructions.set(instruction.at, instruction);
      done += view.getUint8(address + RECORD_SCALE) >> RECORD_LENGTH_SHIFT;
    }
  }
}
