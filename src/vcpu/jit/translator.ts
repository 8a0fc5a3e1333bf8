/** Translates a vCPU's hot blocks to WebAssembly and puts the functions in the place of their first records' handlers. */
import {
  BLOCK_CODE,
  BLOCK_CODE_LIMIT,
  BLOCK_CODE_MASK,
  BLOCK_ENTRIES_COUNT,
  BLOCK_HEADER_SIZE,
  BLOCK_KEY_MODE,
  BLOCK_SINGLE,
  CODE_GEN_BASE,
  CPU_HOT_ENTRIES,
  RECORD_CASE,
  RECORD_HANDLER,
} from '../../memory/layout.ts';
import type { BlockTranslator, CoreInstance } from '../core-instance.ts';
import { BranchProfile } from './branch-profile.ts';
import { type CodePage, CodeWindow } from './code-cache.ts';
import { MOST_REGION_BYTES, MOST_REGIONS, newCounters, type TranslatorCounters } from './counters.ts';
import type { Instruction } from './instruction.ts';
import { IMPORTS } from './locals.ts';
import { emitRegion, type WatchBranch } from './region-emitter.ts';
import { DEFAULT_LIMITS, discoverRegion, type RegionLimits } from './region-graph.ts';
import type { RegionSink } from './region-log.ts';
import { regionModule } from './region-module.ts';
import { RegionRecords } from './region-records.ts';

/** Entries of a block that make it hot: enough that what runs once is never translated. */
const DEFAULT_HOT_ENTRIES = 2000;
/** More than there are block modes. */
const KEY_MODES = 0x1_0000;
/** Times that one entry is translated again to follow indirect branches. */
const MOST_REGROWTHS = 4;
const CODE16 = 0;

export interface TranslatorOptions {
  /** Entries of a block before it is translated; 1 translates everything at first sight. */
  readonly hotEntries?: number;
  readonly limits?: RegionLimits;
}

interface Region {
  readonly key: number;
  readonly index: number;
  readonly original: number;
  readonly pages: readonly CodePage[];
  readonly bytes: number;
  /** Records that hold the index, or held it. */
  readonly records: Set<number>;
}

class RecordsFull extends Error {}

export class Translator implements BlockTranslator {
  readonly counters: TranslatorCounters = newCounters();
  readonly #view: DataView;
  readonly #cpu: number;
  readonly #table: WebAssembly.Table;
  readonly #imports: ConstructorParameters<typeof WebAssembly.Instance>[1];
  readonly #special: ReadonlySet<number>;
  readonly #records: RegionRecords;
  readonly #limits: RegionLimits;
  readonly #firstIndex: number;
  readonly #profile: BranchProfile;
  /** By host address of the entry and block mode. */
  readonly #regions = new Map<number, Region>();
  readonly #byIndex = new Map<number, Region>();
  /** How often an entry was translated again. */
  readonly #regrowths = new Map<number, number>();
  readonly #free: number[] = [];
  #log: RegionSink | undefined;

  /** Translates for `core` from now on: to be made before its first run(), or between two. */
  constructor(core: CoreInstance, memory: WebAssembly.Memory, options: TranslatorOptions = {}) {
    const { linkage } = core;
    this.#view = new DataView(memory.buffer);
    this.#cpu = core.base;
    this.#table = linkage['table'] as WebAssembly.Table;
    this.#firstIndex = this.#table.length;
    this.#limits = options.limits ?? DEFAULT_LIMITS;
    this.#records = new RegionRecords(memory);
    this.#profile = new BranchProfile(this.#view);
    this.#imports = {
      core: {
        memory,
        table: this.#table,
        ...Object.fromEntries(IMPORTS.map(([name]) => [name, linkage[name]])),
        branchTarget: (site: number, offset: bigint) => this.#noteTarget(site >>> 0, offset),
      },
    };
    this.#special = specialHandlers(linkage['specialHandler'] as (index: number) => number);
    this.#view.setUint32(this.#cpu + CPU_HOT_ENTRIES, options.hotEntries ?? DEFAULT_HOT_ENTRIES, true);
    core.setTranslator(this);
  }

  /** Has every region that is made written to this log, or to none. */
  setLog(log: RegionSink | undefined): void {
    this.#log?.close();
    this.#log = log;
  }

  /** A new block gets the region that its code had before; a hot one is translated. */
  hotBlock(block: number): void {
    if (this.#regions.size === 0 && this.#view.getUint32(block + BLOCK_ENTRIES_COUNT, true) === 0) return;
    const mode = this.#view.getUint32(block + BLOCK_KEY_MODE, true);
    if ((mode & (BLOCK_SINGLE | BLOCK_CODE_LIMIT)) !== 0 || (mode & BLOCK_CODE_MASK) === CODE16) return;
    const record = block + BLOCK_HEADER_SIZE;
    const handler = this.#view.getUint16(record + RECORD_HANDLER, true);
    if (handler >= this.#firstIndex || this.#special.has(handler)) return;
    const key = this.#view.getUint32(block + BLOCK_CODE, true) * KEY_MODES + mode;
    const known = this.#regions.get(key);
    if (known !== undefined && this.#isCurrent(known)) {
      this.counters.reused++;
      this.#install(known, record);
      return;
    }
    if (this.#view.getUint32(block + BLOCK_ENTRIES_COUNT, true) === 0) return;
    if (known !== undefined) {
      this.counters.invalidated++;
      this.#drop(known);
    }
    if (this.#regions.size >= MOST_REGIONS || this.counters.heldBytes > MOST_REGION_BYTES) this.#evictAll();
    this.#translate(key, block, handler);
  }

  #isCurrent(region: Region): boolean {
    return region.pages.every(
      (page) => this.#view.getUint32(CODE_GEN_BASE + ((page.host >>> 12) << 2), true) === page.generation,
    );
  }

  #install(region: Region, record: number): void {
    this.#view.setUint16(record + RECORD_HANDLER, region.index, true);
    this.#view.setUint8(record + RECORD_CASE, 0);
    region.records.add(record);
  }

  #translate(key: number, block: number, original: number): void {
    const started = performance.now();
    const window = new CodeWindow(
      this.#view,
      this.#cpu,
      block,
      (handler) => this.#byIndex.get(handler)?.original ?? handler,
    );
    const hostOf = (instruction: Instruction) => window.hostOf(instruction);
    const targets = {
      of: (instruction: Instruction) => this.#profile.targetsOf(instruction, hostOf(instruction)),
    };
    const graph = discoverRegion(window, this.#limits, targets);
    if (graph === undefined) return;
    const watch = (site: number, instruction: Instruction) =>
      this.#profile.watch(site, instruction, hostOf(instruction), key);
    const emitted = this.#emit(graph, original, watch);
    if (emitted === undefined || emitted.interpreted === graph.instructionCount) {
      this.counters.refused++;
      return;
    }
    const bytes = regionModule([emitted.code]);
    const translated = performance.now();
    const instance = new WebAssembly.Instance(
      new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>),
      this.#imports,
    );
    const index = this.#free.pop() ?? this.#table.grow(1);
    this.#table.set(index, instance.exports['0']);
    const region: Region = {
      key,
      index,
      original,
      pages: graph.pages,
      bytes: bytes.length,
      records: new Set(),
    };
    this.#regions.set(key, region);
    this.#byIndex.set(index, region);
    this.counters.heldRegions++;
    this.counters.heldBytes += bytes.length;
    this.#install(region, block + BLOCK_HEADER_SIZE);
    this.counters.regions++;
    this.counters.instructions += graph.instructionCount;
    this.counters.interpreted += emitted.interpreted;
    this.counters.bytes += bytes.length;
    this.counters.translateMs += translated - started;
    this.counters.compileMs += performance.now() - translated;
    this.#log?.write({ window, graph, code: emitted.code, module: bytes });
  }

  /** Emits once more after an eviction if there was no room for records; undefined if even that does not help. */
  #emit(
    graph: Parameters<typeof emitRegion>[0],
    original: number,
    watch: WatchBranch,
  ): ReturnType<typeof emitRegion> | undefined {
    const place = (record: Uint8Array) => {
      const address = this.#records.place(record);
      if (address === undefined) throw new RecordsFull();
      return address;
    };
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        const handlers = { original, special: this.#special, firstRegion: this.#firstIndex };
        return emitRegion(graph, handlers, place, watch);
      } catch (error) {
        if (!(error instanceof RecordsFull)) throw error;
        this.#evictAll();
      }
    }
    return undefined;
  }

  #drop(region: Region): void {
    for (const record of region.records) {
      // The record's memory may hold something else by now, but no other record holds this index.
      if (this.#view.getUint16(record + RECORD_HANDLER, true) === region.index)
        this.#view.setUint16(record + RECORD_HANDLER, region.original, true);
    }
    this.#table.set(region.index, null);
    this.#free.push(region.index);
    this.#byIndex.delete(region.index);
    this.#regions.delete(region.key);
    this.counters.heldRegions--;
    this.counters.heldBytes -= region.bytes;
  }

  /** A region is left through an indirect branch that is watched. */
  #noteTarget(site: number, offset: bigint): void {
    const key = this.#profile.sample(site, offset);
    const region = key === undefined ? undefined : this.#regions.get(key);
    if (region === undefined) return;
    const times = (this.#regrowths.get(region.key) ?? 0) + 1;
    if (times > MOST_REGROWTHS) return;
    this.#regrowths.set(region.key, times);
    this.counters.regrown++;
    // The next entry makes the block hot again. The region itself runs on until it returns.
    const hot = this.#view.getUint32(this.#cpu + CPU_HOT_ENTRIES, true);
    for (const record of region.records) {
      if (this.#view.getUint16(record + RECORD_HANDLER, true) === region.index)
        this.#view.setUint32(record - BLOCK_HEADER_SIZE + BLOCK_ENTRIES_COUNT, hot - 1, true);
    }
    this.#drop(region);
  }

  #evictAll(): void {
    this.counters.evictions++;
    for (const region of this.#regions.values()) this.#drop(region);
    this.#records.clear();
    this.#profile.clear();
  }
}

function specialHandlers(at: (index: number) => number): Set<number> {
  const handlers = new Set<number>();
  for (let i = 0, handler = at(0); handler !== 0; handler = at(++i)) handlers.add(handler);
  return handlers;
}
