/** Translates a vCPU's hot blocks to WebAssembly and puts the functions in the place of their first records' handlers. */
import {
  BLOCK_CODE,
  BLOCK_CODE_LIMIT,
  BLOCK_CODE_MASK,
  BLOCK_HEADER_SIZE,
  BLOCK_KEY_MODE,
  BLOCK_SINGLE,
  CODE_GEN_BASE,
  CPU_HOT_ENTRIES,
  RECORD_CASE,
  RECORD_HANDLER,
} from '../../memory/layout.ts';
import type { BlockTranslator, CoreInstance } from '../core-instance.ts';
import { type CodePage, CodeWindow } from './code-cache.ts';
import { IMPORTS } from './locals.ts';
import { emitRegion } from './region-emitter.ts';
import { DEFAULT_LIMITS, discoverRegion, type RegionLimits } from './region-graph.ts';
import { regionModule } from './region-module.ts';
import { RegionRecords } from './region-records.ts';

/** Entries of a block that make it hot: enough that what runs once is never translated. */
const DEFAULT_HOT_ENTRIES = 2000;
/** Regions and bytes of WebAssembly at which everything is thrown away; table indices are 16 bits. */
const MOST_REGIONS = 20_000;
const MOST_BYTES = 48 * 1024 * 1024;
const CODE16 = 0;

export interface TranslatorOptions {
  /** Entries of a block before it is translated; 1 translates everything at first sight. */
  readonly hotEntries?: number;
  readonly limits?: RegionLimits;
}

/** What the translator has done; times in ms. */
export interface TranslatorCounters {
  regions: number;
  instructions: number;
  /** Instructions in regions that the interpreter executes. */
  interpreted: number;
  bytes: number;
  translateMs: number;
  compileMs: number;
  reused: number;
  refused: number;
  evictions: number;
}

interface Region {
  readonly index: number;
  readonly original: number;
  readonly pages: readonly CodePage[];
  readonly bytes: number;
  /** Records that hold the index, or held it. */
  readonly records: Set<number>;
}

class RecordsFull extends Error {}

export class Translator implements BlockTranslator {
  readonly counters: TranslatorCounters = {
    regions: 0,
    instructions: 0,
    interpreted: 0,
    bytes: 0,
    translateMs: 0,
    compileMs: 0,
    reused: 0,
    refused: 0,
    evictions: 0,
  };
  readonly #view: DataView;
  readonly #cpu: number;
  readonly #table: WebAssembly.Table;
  readonly #imports: ConstructorParameters<typeof WebAssembly.Instance>[1];
  readonly #special: ReadonlySet<number>;
  readonly #records: RegionRecords;
  readonly #limits: RegionLimits;
  readonly #firstIndex: number;
  /** By host address of the entry and block mode. */
  readonly #regions = new Map<string, Region>();
  readonly #byIndex = new Map<number, Region>();
  readonly #free: number[] = [];
  #bytes = 0;

  /** Translates for `core` from now on: to be made before its first run(), or between two. */
  constructor(core: CoreInstance, memory: WebAssembly.Memory, options: TranslatorOptions = {}) {
    const { linkage } = core;
    this.#view = new DataView(memory.buffer);
    this.#cpu = core.base;
    this.#table = linkage['table'] as WebAssembly.Table;
    this.#firstIndex = this.#table.length;
    this.#limits = options.limits ?? DEFAULT_LIMITS;
    this.#records = new RegionRecords(memory);
    this.#imports = {
      core: {
        memory,
        table: this.#table,
        ...Object.fromEntries(IMPORTS.map(([name]) => [name, linkage[name]])),
      },
    };
    this.#special = specialHandlers(linkage['specialHandler'] as (index: number) => number);
    this.#view.setUint32(this.#cpu + CPU_HOT_ENTRIES, options.hotEntries ?? DEFAULT_HOT_ENTRIES, true);
    core.setTranslator(this);
  }

  hotBlock(block: number): void {
    const mode = this.#view.getUint32(block + BLOCK_KEY_MODE, true);
    if ((mode & (BLOCK_SINGLE | BLOCK_CODE_LIMIT)) !== 0 || (mode & BLOCK_CODE_MASK) === CODE16) return;
    const record = block + BLOCK_HEADER_SIZE;
    const handler = this.#view.getUint16(record + RECORD_HANDLER, true);
    if (handler >= this.#firstIndex || this.#special.has(handler)) return;
    const key = `${this.#view.getUint32(block + BLOCK_CODE, true)}/${mode}`;
    const known = this.#regions.get(key);
    if (known !== undefined && this.#isCurrent(known)) {
      this.counters.reused++;
      this.#install(known, record);
      return;
    }
    if (known !== undefined) this.#drop(key, known);
    if (this.#regions.size >= MOST_REGIONS || this.#bytes > MOST_BYTES) this.#evictAll();
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

  #translate(key: string, block: number, original: number): void {
    const started = performance.now();
    const window = new CodeWindow(
      this.#view,
      this.#cpu,
      block,
      (handler) => this.#byIndex.get(handler)?.original ?? handler,
    );
    const graph = discoverRegion(window, this.#limits);
    if (graph === undefined) return;
    const emitted = this.#emit(graph, original);
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
    const region: Region = { index, original, pages: graph.pages, bytes: bytes.length, records: new Set() };
    this.#regions.set(key, region);
    this.#byIndex.set(index, region);
    this.#bytes += bytes.length;
    this.#install(region, block + BLOCK_HEADER_SIZE);
    this.counters.regions++;
    this.counters.instructions += graph.instructionCount;
    this.counters.interpreted += emitted.interpreted;
    this.counters.bytes += bytes.length;
    this.counters.translateMs += translated - started;
    this.counters.compileMs += performance.now() - translated;
  }

  /** Emits once more after an eviction if there was no room for records; undefined if even that does not help. */
  #emit(
    graph: Parameters<typeof emitRegion>[0],
    original: number,
  ): ReturnType<typeof emitRegion> | undefined {
    const place = (record: Uint8Array) => {
      const address = this.#records.place(record);
      if (address === undefined) throw new RecordsFull();
      return address;
    };
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        return emitRegion(graph, { original, special: this.#special, firstRegion: this.#firstIndex }, place);
      } catch (error) {
        if (!(error instanceof RecordsFull)) throw error;
        this.#evictAll();
      }
    }
    return undefined;
  }

  #drop(key: string, region: Region): void {
    for (const record of region.records) {
      // The record's memory may hold something else by now, but no other record holds this index.
      if (this.#view.getUint16(record + RECORD_HANDLER, true) === region.index)
        this.#view.setUint16(record + RECORD_HANDLER, region.original, true);
    }
    this.#table.set(region.index, null);
    this.#free.push(region.index);
    this.#byIndex.delete(region.index);
    this.#regions.delete(key);
    this.#bytes -= region.bytes;
  }

  #evictAll(): void {
    this.counters.evictions++;
    for (const [key, region] of this.#regions) this.#drop(key, region);
    this.#records.clear();
  }
}

function specialHandlers(at: (index: number) => number): Set<number> {
  const handlers = new Set<number>();
  for (let i = 0, handler = at(0); handler !== 0; handler = at(++i)) handlers.add(handler);
  return handlers;
}
