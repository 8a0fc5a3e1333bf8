/** Where everything of one machine lies in its shared memory. */
import { TroupeError } from '../errors/troupe-error.ts';
import { CPU_GROUP_SIZE, CPU_GROUPS_BASE, MAX_CPUS, PAGE_SIZE } from './layout.ts';

const WASM_PAGE = 65536;
const MAX_BYTES = 2 ** 32;
/** Predecoded code: a Linux boot decodes about 25 MiB. All vCPUs together get no more than the whole, each at least the least. */
const MOST_CODE_CACHE_BYTES = 32 * 1024 * 1024;
const WHOLE_CODE_CACHE_BYTES = 128 * 1024 * 1024;
const LEAST_CODE_CACHE_BYTES = 4 * 1024 * 1024;

export interface MemoryDemand {
  readonly cpus: number;
  /** Bytes of guest RAM. */
  readonly ramBytes: number;
  /** Bytes for ROM images; 0 when absent. */
  readonly romBytes?: number;
  /** Bytes of video memory; 0 when absent. */
  readonly videoBytes?: number;
  /** Bytes of predecoded code a vCPU; 4 to 32 MiB, by their number and the room that RAM leaves, when absent. */
  readonly codeCacheBytes?: number;
}

/** Offsets and sizes in bytes; every area begins at a page. */
export interface MemoryPlan {
  readonly cpus: number;
  readonly codeCacheBase: number;
  readonly codeCacheBytes: number;
  readonly romBase: number;
  readonly romBytes: number;
  readonly videoBase: number;
  readonly videoBytes: number;
  readonly ramBase: number;
  readonly ramBytes: number;
  readonly totalBytes: number;
}

function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}

/** Bytes of predecoded code that each vCPU gets where nothing is asked for. */
function defaultCodeCache({ cpus, ramBytes, romBytes = 0, videoBytes = 0 }: MemoryDemand): number {
  const others = CPU_GROUPS_BASE + cpus * CPU_GROUP_SIZE + romBytes + videoBytes + ramBytes + 4 * WASM_PAGE;
  const room = Math.min(WHOLE_CODE_CACHE_BYTES, MAX_BYTES - others);
  const share = Math.floor(room / cpus / PAGE_SIZE) * PAGE_SIZE;
  return Math.max(LEAST_CODE_CACHE_BYTES, Math.min(MOST_CODE_CACHE_BYTES, share));
}

/**
 * Plans the shared memory of a machine. Throws a TroupeError `ERR_MEMORY_TOO_LARGE` if it does not fit in 4 GiB,
 * `ERR_MEMORY_CPUS` if there are more vCPUs than page groups.
 */
export function planMemory(demand: MemoryDemand): MemoryPlan {
  if (!Number.isInteger(demand.cpus) || demand.cpus < 1 || demand.cpus > MAX_CPUS) {
    throw new TroupeError(
      'ERR_MEMORY_CPUS',
      `A machine has 1 to ${MAX_CPUS} virtual CPUs, not ${demand.cpus}`,
    );
  }
  const codeCacheBytes = roundUp(demand.codeCacheBytes ?? defaultCodeCache(demand), PAGE_SIZE);
  const codeCacheBase = CPU_GROUPS_BASE + demand.cpus * CPU_GROUP_SIZE;
  const romBase = codeCacheBase + demand.cpus * codeCacheBytes;
  const romBytes = roundUp(demand.romBytes ?? 0, PAGE_SIZE);
  const videoBase = romBase + romBytes;
  const videoBytes = roundUp(demand.videoBytes ?? 0, PAGE_SIZE);
  const ramBase = roundUp(videoBase + videoBytes, WASM_PAGE);
  const ramBytes = roundUp(demand.ramBytes, PAGE_SIZE);
  const totalBytes = roundUp(ramBase + ramBytes, WASM_PAGE);
  if (totalBytes > MAX_BYTES) {
    throw new TroupeError(
      'ERR_MEMORY_TOO_LARGE',
      `${demand.ramBytes} bytes of guest RAM with ${demand.cpus} virtual CPUs need ${totalBytes} bytes of shared memory; ` +
        `at most ${MAX_BYTES} are possible`,
    );
  }
  return {
    cpus: demand.cpus,
    codeCacheBase,
    codeCacheBytes,
    romBase,
    romBytes,
    videoBase,
    videoBytes,
    ramBase,
    ramBytes,
    totalBytes,
  };
}

/** Allocates the shared memory of a plan. Pages that nobody touches cost nothing. */
export function allocateMemory(plan: MemoryPlan): WebAssembly.Memory {
  const pages = plan.totalBytes / WASM_PAGE;
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}
