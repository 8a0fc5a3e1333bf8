/** The caches that CPUID tells of, the same for every model: programs size their buffers by them. */
import { type CpuTopology, idBits, packageShift } from './cpu-topology.ts';
import type { CpuidRegisters } from './cpuid-table.ts';

interface Cache {
  /** Leaf 4's types: 1 data, 2 instructions, 3 both. */
  readonly type: number;
  readonly level: number;
  readonly bytes: number;
  readonly ways: number;
  readonly sharedBy: 'core' | 'socket';
}

const LINE = 64;
const KIB = 1024;
const L1D: Cache = { type: 1, level: 1, bytes: 32 * KIB, ways: 8, sharedBy: 'core' };
const L1I: Cache = { type: 2, level: 1, bytes: 32 * KIB, ways: 8, sharedBy: 'core' };
const L2: Cache = { type: 3, level: 2, bytes: 2048 * KIB, ways: 8, sharedBy: 'core' };
const L3: Cache = { type: 3, level: 3, bytes: 16384 * KIB, ways: 16, sharedBy: 'socket' };
const CACHES = [L1D, L1I, L2, L3];

const SELF_INITIALISING = 1 << 8;
/** Leaf 2: 2 MiB second level of 8 ways, 32 KiB each for instructions and data of 8 ways (SDM vol. 2, table 3-12). */
const LEAF_2 = { eax: 1, ebx: 0, ecx: 0, edx: 0x002c307d };
/** Associativity as leaf 80000006H codes it: 8 ways, 16 ways. */
const ASSOCIATIVITY: ReadonlyMap<number, number> = new Map([
  [8, 6],
  [16, 8],
]);

export function cacheDescriptors(): CpuidRegisters {
  return LEAF_2;
}

/** One subleaf of leaf 4, or of 8000001DH, which has the same fields but no count of cores. */
function parameters(cache: Cache, topology: CpuTopology): CpuidRegisters {
  const sharing = 2 ** (cache.sharedBy === 'core' ? idBits(topology.threads) : packageShift(topology));
  const sets = cache.bytes / (LINE * cache.ways);
  return {
    eax: cache.type | (cache.level << 5) | SELF_INITIALISING | ((sharing - 1) << 14),
    ebx: (LINE - 1) | ((cache.ways - 1) << 22),
    ecx: sets - 1,
    edx: 0,
  };
}

/** Leaf 4: deterministic cache parameters, a subleaf each and an empty one. */
export function intelCaches(topology: CpuTopology): CpuidRegisters[] {
  const coreIds = 2 ** idBits(topology.cores) - 1;
  const leaves = CACHES.map((cache) => parameters(cache, topology));
  return [
    ...leaves.map((leaf) => ({ ...leaf, eax: leaf.eax | (coreIds << 26) })),
    { eax: 0, ebx: 0, ecx: 0, edx: 0 },
  ];
}

/** Leaf 8000001DH (AMD APM vol. 3, E.4.15). */
export function amdCaches(topology: CpuTopology): CpuidRegisters[] {
  return [...CACHES.map((cache) => parameters(cache, topology)), { eax: 0, ebx: 0, ecx: 0, edx: 0 }];
}

/** Leaf 80000005H of AMD: TLBs of 255 entries, first-level caches. */
export function amdFirstLevel(): CpuidRegisters {
  const cache = ({ bytes, ways }: Cache): number => LINE | (1 << 8) | (ways << 16) | ((bytes / KIB) << 24);
  return { eax: 0x01ff01ff, ebx: 0x01ff01ff, ecx: cache(L1D), edx: cache(L1I) };
}

/** Leaf 80000006H: both vendors have ECX, AMD the TLBs and the third level too. */
export function secondLevel(isAmd: boolean): CpuidRegisters {
  const code = (cache: Cache): number => (ASSOCIATIVITY.get(cache.ways) ?? 0) << 12;
  const ecx = LINE | (isAmd ? 1 << 8 : 0) | code(L2) | ((L2.bytes / KIB) << 16);
  if (!isAmd) return { eax: 0, ebx: 0, ecx, edx: 0 };
  return { eax: 0, ebx: 0x42004200, ecx, edx: LINE | (1 << 8) | code(L3) | ((L3.bytes / (512 * KIB)) << 18) };
}
