/** Writes what is translated to a log: guest assembly, basic blocks, WebAssembly text. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { Disassembler } from '../disassembly.ts';
import type { LogItem, LogSettings } from '../log-items.ts';
import type { CodeWindow } from './code-cache.ts';
import type { BasicBlock, RegionGraph } from './region-graph.ts';
import { wasmText } from './wasm-text.ts';
import type { WrittenCode } from './wasm-writer.ts';

const STANDARD_ERROR = 2;
const ADDRESS_DIGITS = 16;

/** A region as its translation ends. */
export interface LoggedRegion {
  readonly window: CodeWindow;
  readonly graph: RegionGraph;
  readonly code: WrittenCode;
  /** The whole module. */
  readonly module: Uint8Array;
}

function addressText(address: bigint): string {
  return `0x${address.toString(16).padStart(ADDRESS_DIGITS, '0')}`;
}

/** What is told of every region that is made. */
export interface RegionSink {
  write(region: LoggedRegion): void;
  close(): void;
}

export class RegionLog implements RegionSink {
  readonly #cpu: number;
  readonly #items: ReadonlySet<LogItem>;
  readonly #fd: number;
  readonly #disassembler: Disassembler;

  private constructor(cpu: number, items: readonly LogItem[], fd: number, disassembler: Disassembler) {
    this.#cpu = cpu;
    this.#items = new Set(items);
    this.#fd = fd;
    this.#disassembler = disassembler;
  }

  /** Appends to the file of the settings; undefined if nothing is to be logged. Rejects if the file cannot be opened. */
  static async open(cpu: number, { items, file }: LogSettings): Promise<RegionLog | undefined> {
    if (items.length === 0) return undefined;
    const disassembler = await Disassembler.load();
    return new RegionLog(cpu, items, file === undefined ? STANDARD_ERROR : openSync(file, 'a'), disassembler);
  }

  close(): void {
    if (this.#fd !== STANDARD_ERROR) closeSync(this.#fd);
  }

  /** One write a region, so that those of several vCPUs do not mix. A log that cannot be written does not stop the guest. */
  write(region: LoggedRegion): void {
    const { window, graph, code, module } = region;
    const parts = ['----------------\n'];
    if (this.#items.has('in_asm')) parts.push(this.#guestAssembly(window, graph));
    if (this.#items.has('op')) parts.push(blocksText(window, graph));
    if (this.#items.has('out_asm')) parts.push(`OUT: [size=${module.length}]\n${wasmText(code)}\n`);
    try {
      writeSync(this.#fd, parts.join(''));
    } catch {
      // A full disk, or a reader that has gone: the next region may fare better.
    }
  }

  #guestAssembly(window: CodeWindow, { blocks, instructionCount }: RegionGraph): string {
    const instructions = blocks.flatMap((block) => block.instructions).sort((a, b) => a.at - b.at);
    const lines = instructions.map((instruction) => {
      const address = window.linearOf(instruction.at);
      const [decoded] = this.#disassembler.decode(window.bytesOf(instruction), address, window.codeBits, 1);
      return `${addressText(address)}:  ${decoded?.text ?? '(bad)'}\n`;
    });
    return `IN: CPU #${this.#cpu}, ${instructionCount} instructions\n${lines.join('')}\n`;
  }
}

function blocksText(window: CodeWindow, { blocks, dispatcher }: RegionGraph): string {
  const lines = blocks.map((block) => {
    const name =
      block === dispatcher
        ? 'dispatcher'
        : `${addressText(window.linearOf(block.at))}, ${block.instructions.length} instructions`;
    return `block ${block.order}: ${name}${block.isLoop ? ', loop' : ''}${leadsTo(block)}\n`;
  });
  return `OP: ${blocks.length} blocks\n${lines.join('')}\n`;
}

function leadsTo({ successors, detours }: BasicBlock): string {
  const to = (blocks: Iterable<BasicBlock>) => [...blocks].map(({ order }) => order).join(' ');
  return (
    (successors.length === 0 ? ', leaves' : ` -> ${to(successors)}`) +
    (detours.size === 0 ? '' : ` (dispatched to ${to(detours)})`)
  );
}
