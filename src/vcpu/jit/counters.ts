/** Regions and bytes of WebAssembly at which a translator throws everything away; table indices are 16 bits. */
export const MOST_REGIONS = 20_000;
export const MOST_REGION_BYTES = 48 * 1024 * 1024;

/** What a translator has done; times in ms. */
export interface TranslatorCounters {
  /** Regions made, their instructions, and those of them that the interpreter executes. */
  regions: number;
  instructions: number;
  interpreted: number;
  /** Bytes of WebAssembly. */
  bytes: number;
  translateMs: number;
  compileMs: number;
  /** Of the regions made, those that are there now, and their bytes of WebAssembly. */
  heldRegions: number;
  heldBytes: number;
  /** Regions put back in place of a block that was decoded again. */
  reused: number;
  /** Regions made again to follow an indirect branch. */
  regrown: number;
  /** Regions dropped since their code had changed. */
  invalidated: number;
  /** Blocks not worth a region. */
  refused: number;
  /** Times that everything was dropped for want of room. */
  evictions: number;
}

export function newCounters(): TranslatorCounters {
  return {
    regions: 0,
    instructions: 0,
    interpreted: 0,
    bytes: 0,
    translateMs: 0,
    compileMs: 0,
    heldRegions: 0,
    heldBytes: 0,
    reused: 0,
    regrown: 0,
    invalidated: 0,
    refused: 0,
    evictions: 0,
  };
}
