/** Walks of a guest's page tables for monitors: nothing is set in them, and nothing faults (SDM vol. 3, chapter 4). */
import type { VcpuView } from './vcpu-view.ts';

/** Reads guest-physical memory: `bytes` (4 or 8) as an unsigned integer. */
export type ReadEntry = (address: bigint, bytes: 4 | 8) => bigint;

/** A mapped page. */
export interface PageMapping {
  /** Linear address, sign-extended bits included. */
  readonly linear: bigint;
  readonly physical: bigint;
  readonly bytes: bigint;
  /** The last entry of the walk. */
  readonly entry: bigint;
  /** User and writable by every entry of the walk. */
  readonly user: boolean;
  readonly writable: boolean;
}

const PAGING = 1n << 31n;
const PSE = 0x10n;
const PAE = 0x20n;
const LONG_MODE_ACTIVE = 0x400n;
const PRESENT = 1n;
const WRITABLE = 2n;
const USER = 4n;
const LARGE = 0x80n;
const ADDRESS_MASK = 0x000f_ffff_ffff_f000n;
const ADDRESS_MASK_32 = 0xffff_f000n;
const PDPTE_RIGHTS = WRITABLE | USER;

/** One level of tables: entries are selected by `bits` bits of the address from `shift` on. */
interface Level {
  readonly shift: bigint;
  readonly bits: bigint;
  readonly mayBeLarge: boolean;
  /** Entries of this level carry no rights: they count as user and writable (PAE's page-directory pointers). */
  readonly hasRights: boolean;
}

interface Geometry {
  readonly levels: readonly Level[];
  readonly entryBytes: 4 | 8;
  readonly root: bigint;
  readonly linearBits: bigint;
}

function level(shift: number, bits: number, mayBeLarge: boolean, hasRights = true): Level {
  return { shift: BigInt(shift), bits: BigInt(bits), mayBeLarge, hasRights };
}

/** Undefined while paging is off. */
function geometryOf(view: VcpuView): Geometry | undefined {
  if ((view.cr0 & PAGING) === 0n) return undefined;
  if ((view.efer & LONG_MODE_ACTIVE) !== 0n) {
    return {
      levels: [level(39, 9, false), level(30, 9, true), level(21, 9, true), level(12, 9, false)],
      entryBytes: 8,
      root: view.cr3 & ADDRESS_MASK,
      linearBits: 48n,
    };
  }
  if ((view.cr4 & PAE) !== 0n) {
    return {
      levels: [level(30, 2, false, false), level(21, 9, true), level(12, 9, false)],
      entryBytes: 8,
      root: view.cr3 & 0xffff_ffe0n,
      linearBits: 32n,
    };
  }
  return {
    levels: [level(22, 10, (view.cr4 & PSE) !== 0n), level(12, 10, false)],
    entryBytes: 4,
    root: view.cr3 & ADDRESS_MASK_32,
    linearBits: 32n,
  };
}

/** Where a large page of 32-bit paging lies: bits 13 to 20 of the entry are its address bits 32 to 39 (PSE-36). */
function largePageAddress(entry: bigint, { entryBytes }: Geometry, shift: bigint): bigint {
  const offsetMask = (1n << shift) - 1n;
  if (entryBytes === 8) return entry & ADDRESS_MASK & ~offsetMask;
  return (entry & 0xffc0_0000n) | (((entry >> 13n) & 0xffn) << 32n);
}

function canonical(linear: bigint, linearBits: bigint): bigint {
  return linearBits === 32n ? linear : BigInt.asUintN(64, BigInt.asIntN(48, linear));
}

/** Gives the guest-physical address of a linear one, or undefined where nothing is mapped. */
export function translate(view: VcpuView, linear: bigint, read: ReadEntry): bigint | undefined {
  const geometry = geometryOf(view);
  if (geometry === undefined) return BigInt.asUintN(32, linear);
  const { levels, entryBytes, linearBits } = geometry;
  if (canonical(linear, linearBits) !== BigInt.asUintN(linearBits === 32n ? 32 : 64, linear))
    return undefined;
  const address = linearBits === 32n ? BigInt.asUintN(32, linear) : linear;
  let table = geometry.root;
  for (const { shift, bits, mayBeLarge } of levels) {
    const index = (address >> shift) & ((1n << bits) - 1n);
    const entry = read(table + index * BigInt(entryBytes), entryBytes);
    if ((entry & PRESENT) === 0n) return undefined;
    const offset = address & ((1n << shift) - 1n);
    if (shift === 12n) return (entry & (entryBytes === 8 ? ADDRESS_MASK : ADDRESS_MASK_32)) | offset;
    if (mayBeLarge && (entry & LARGE) !== 0n) return largePageAddress(entry, geometry, shift) | offset;
    table = entry & (entryBytes === 8 ? ADDRESS_MASK : ADDRESS_MASK_32);
  }
  return undefined;
}

/** All mapped pages in the order of their addresses; undefined while paging is off. */
export function mappings(view: VcpuView, read: ReadEntry): Generator<PageMapping> | undefined {
  const geometry = geometryOf(view);
  return geometry === undefined ? undefined : walk(geometry, 0, geometry.root, 0n, PDPTE_RIGHTS, read);
}

function* walk(
  geometry: Geometry,
  depth: number,
  table: bigint,
  prefix: bigint,
  rights: bigint,
  read: ReadEntry,
): Generator<PageMapping> {
  const here = geometry.levels[depth];
  if (here === undefined) return;
  const { entryBytes, linearBits } = geometry;
  for (let index = 0n; index < 1n << here.bits; index++) {
    const entry = read(table + index * BigInt(entryBytes), entryBytes);
    if ((entry & PRESENT) === 0n) continue;
    const linear = prefix | (index << here.shift);
    const allowed = here.hasRights ? rights & entry : rights;
    const isLarge = here.mayBeLarge && (entry & LARGE) !== 0n;
    const next = entry & (entryBytes === 8 ? ADDRESS_MASK : ADDRESS_MASK_32);
    if (here.shift !== 12n && !isLarge) {
      yield* walk(geometry, depth + 1, next, linear, allowed, read);
      continue;
    }
    yield {
      linear: canonical(linear, linearBits),
      physical: isLarge ? largePageAddress(entry, geometry, here.shift) : next,
      bytes: 1n << here.shift,
      entry,
      user: (allowed & USER) !== 0n,
      writable: (allowed & WRITABLE) !== 0n,
    };
  }
}

const PAGING_OFF = 'PG disabled\n';

function hex16(value: bigint): string {
  return value.toString(16).padStart(16, '0');
}

/** Bits of an entry as `info tlb` shows them: NX, global, large, dirty, accessed, PCD, PWT, user, writable. */
const ENTRY_LETTERS: readonly (readonly [bit: bigint, letter: string])[] = [
  [1n << 63n, 'X'],
  [0x100n, 'G'],
  [0x80n, 'P'],
  [0x40n, 'D'],
  [0x20n, 'A'],
  [0x10n, 'C'],
  [0x8n, 'T'],
  [USER, 'U'],
  [WRITABLE, 'W'],
];

/** Text of HMP `info tlb`: a line for each page. */
export function describePages(view: VcpuView, read: ReadEntry): string {
  const pages = mappings(view, read);
  if (pages === undefined) return PAGING_OFF;
  let text = '';
  for (const { linear, physical, entry } of pages) {
    const letters = ENTRY_LETTERS.map(([bit, letter]) => ((entry & bit) !== 0n ? letter : '-')).join('');
    text += `${hex16(linear)}: ${hex16(physical)} ${letters}\n`;
  }
  return text;
}

/** Text of HMP `info mem`: a line for each range of pages with the same rights. */
export function describeRanges(view: VcpuView, read: ReadEntry): string {
  const pages = mappings(view, read);
  if (pages === undefined) return PAGING_OFF;
  let text = '';
  let start = 0n;
  let end = 0n;
  let rights = '';
  const finish = () => {
    if (rights !== '') text += `${hex16(start)}-${hex16(end)} ${hex16(end - start)} ${rights}\n`;
  };
  for (const { linear, bytes, user, writable } of pages) {
    const here = `${user ? 'u' : '-'}r${writable ? 'w' : '-'}`;
    if (here !== rights || linear !== end) {
      finish();
      start = linear;
      rights = here;
    }
    end = linear + bytes;
  }
  finish();
  return text;
}
