/** Checking an image that nobody uses: its refcounts against its tables, and repairing what is wrong with them. */
import type { BlockNode } from '../block-node.ts';
import { countReferences, type Say } from './count-references.ts';
import { readL1Entry, readL2Entry, writeCopied } from './l2-entry.ts';
import { LiveHeader } from './live-header.ts';
import { FEATURE_CORRUPT, FEATURE_DIRTY, type Qcow2Header } from './qcow2-header.ts';
import { RefcountBlocks, rebuildRefcounts } from './refcount-blocks.ts';

/** What is put right: nothing, refcounts that are too high, or all that can be. */
export type Repair = 'none' | 'leaks' | 'all';

/** schema of qemu-img's check. */
export interface CheckReport {
  readonly corruptions: number;
  /** Clusters whose refcount is too high. */
  readonly leaks: number;
  readonly corruptionsFixed: number;
  readonly leaksFixed: number;
  readonly imageEndOffset: number;
  readonly totalClusters: number;
  readonly allocatedClusters: number;
  readonly fragmentedClusters: number;
  readonly compressedClusters: number;
}

interface Found {
  corruptions: number;
  leaks: number;
  corruptionsFixed: number;
  leaksFixed: number;
}

const ENTRY_BYTES = 8;

class Check {
  readonly found: Found = { corruptions: 0, leaks: 0, corruptionsFixed: 0, leaksFixed: 0 };
  header: Qcow2Header;
  readonly #file: BlockNode;
  readonly #repair: Repair;
  readonly #say: Say;
  readonly #clusterBytes: number;

  constructor(file: BlockNode, header: Qcow2Header, repair: Repair, say: Say) {
    this.#file = file;
    this.header = header;
    this.#repair = repair;
    this.#say = say;
    this.#clusterBytes = 2 ** header.clusterBits;
  }

  async run(): Promise<CheckReport> {
    const { header } = this;
    const counted = await countReferences(this.#file, header, this.#say);
    this.found.corruptions += counted.corruptions;
    const blocks = await RefcountBlocks.open(this.#file, header, counted.references, this.#say);
    this.found.corruptions += blocks.broken;
    const wrong = await this.#compare(blocks, (cluster) => counted.references.get(cluster));
    if (wrong.missing || blocks.broken > 0) {
      if (this.#repair === 'all') await this.#rebuild(blocks.broken + wrong.low);
      else this.found.corruptions += wrong.low;
      if (this.#repair !== 'all') this.found.leaks += wrong.high;
    } else {
      await this.#correct(blocks, wrong, (cluster) => counted.references.get(cluster));
    }
    const after = await this.#open();
    await this.#checkCopied(after);
    await this.#markSound();
    const { allocated, compressed, fragmented } = counted.statistics;
    return {
      ...this.found,
      imageEndOffset: (await this.#lastUsed(after, counted.references.end)) * this.#clusterBytes,
      totalClusters: Math.ceil(header.bytes / this.#clusterBytes),
      allocatedClusters: allocated,
      fragmentedClusters: fragmented,
      compressedClusters: compressed,
    };
  }

  /** The refcounts as they are now. */
  async #open(): Promise<RefcountBlocks> {
    const { references } = await countReferences(this.#file, this.header, () => undefined);
    return RefcountBlocks.open(this.#file, this.header, references, () => undefined);
  }

  /** Tells which refcounts are wrong. */
  async #compare(
    blocks: RefcountBlocks,
    expected: (cluster: number) => number,
  ): Promise<{ readonly low: number; readonly high: number; readonly missing: boolean }> {
    let low = 0;
    let high = 0;
    let missing = false;
    const end = Math.ceil(this.#file.bytes / this.#clusterBytes);
    for (let cluster = 0; cluster < end; cluster++) {
      const [count, reference] = [await blocks.get(cluster), expected(cluster)];
      if (count === reference) continue;
      if (count < reference) {
        low += 1;
        missing ||= cluster >= blocks.clusters;
      } else {
        high += 1;
      }
      const word = count < reference ? 'ERROR' : 'Leaked';
      this.#say(`${word} cluster ${cluster} refcount=${count} reference=${reference}`);
    }
    return { low, high, missing };
  }

  async #correct(
    blocks: RefcountBlocks,
    wrong: { readonly low: number; readonly high: number },
    expected: (cluster: number) => number,
  ): Promise<void> {
    this.found.corruptions += wrong.low;
    this.found.leaks += wrong.high;
    if (this.#repair === 'none' || wrong.low + wrong.high === 0) return;
    const end = Math.ceil(this.#file.bytes / this.#clusterBytes);
    for (let cluster = 0; cluster < end; cluster++) {
      const [count, reference] = [await blocks.get(cluster), expected(cluster)];
      const isLow = count < reference;
      if (count === reference || (isLow && this.#repair === 'leaks')) continue;
      if (!(await blocks.set(cluster, reference))) continue;
      this.#say(`Repairing cluster ${cluster} refcount=${count} reference=${reference}`);
      this.found[isLow ? 'corruptions' : 'leaks'] -= 1;
      this.found[isLow ? 'corruptionsFixed' : 'leaksFixed'] += 1;
    }
    await blocks.write();
    await this.#file.flush();
  }

  /** @param corruptions those that this puts right */
  async #rebuild(corruptions: number): Promise<void> {
    this.#say('Rebuilding refcount structure');
    const { references } = await countReferences(this.#file, this.header, () => undefined);
    const brokenBefore = this.found.corruptions;
    this.header = await rebuildRefcounts(this.#file, this.header, references);
    // What was wrong with the old table is gone with it; what is wrong with other tables is not.
    const { corruptions: others } = await countReferences(this.#file, this.header, () => undefined);
    this.found.corruptions = others;
    this.found.corruptionsFixed += Math.max(corruptions, brokenBefore - others);
  }

  /** Whether the tables of the disk say truly which clusters' refcount is 1. */
  async #checkCopied(blocks: RefcountBlocks): Promise<void> {
    const { l1Entries, l1Offset, clusterBits } = this.header;
    const l1 = new Uint8Array(l1Entries * ENTRY_BYTES);
    if (l1Entries > 0) await this.#file.read(l1Offset, [l1]);
    const l1View = new DataView(l1.buffer);
    const seen = new Set<number>();
    for (let index = 0; index < l1Entries; index++) {
      const { offset, copied } = readL1Entry(l1View, index);
      if (!this.#canBe(offset)) continue;
      const count = await blocks.get(offset / this.#clusterBytes);
      const place = `L2 cluster: l1_index=${index} l1_entry=${l1View.getBigUint64(index * ENTRY_BYTES).toString(16)}`;
      const fixed = this.#flag(l1View, index, copied, count, place);
      if (fixed) await this.#file.write(l1Offset, [l1]);
      if (seen.has(offset)) continue;
      seen.add(offset);
      await this.#checkCopiedIn(offset, blocks, clusterBits);
    }
    if (this.#repair === 'all') await this.#file.flush();
  }

  async #checkCopiedIn(offset: number, blocks: RefcountBlocks, clusterBits: number): Promise<void> {
    const table = new Uint8Array(this.#clusterBytes);
    await this.#file.read(offset, [table]);
    const view = new DataView(table.buffer);
    let changed = false;
    for (let at = 0; at < this.#clusterBytes / ENTRY_BYTES; at++) {
      const entry = readL2Entry(view, at, clusterBits);
      if ((entry.kind !== 'normal' && entry.kind !== 'zero') || !this.#canBe(entry.offset)) continue;
      const count = await blocks.get(entry.offset / this.#clusterBytes);
      const place = `data cluster: l2_entry=${view.getBigUint64(at * ENTRY_BYTES).toString(16)}`;
      if (this.#flag(view, at, entry.copied, count, place)) changed = true;
    }
    if (changed) await this.#file.write(offset, [table]);
  }

  #canBe(offset: number): boolean {
    return offset !== 0 && offset % this.#clusterBytes === 0 && offset < this.#file.bytes;
  }

  /** @returns whether the entry was put right */
  #flag(view: DataView, index: number, copied: boolean, count: number, place: string): boolean {
    if (copied === (count === 1)) return false;
    const fixes = this.#repair === 'all';
    this.#say(`${fixes ? 'Repairing' : 'ERROR'} OFLAG_COPIED ${place} refcount=${count}`);
    this.found[fixes ? 'corruptionsFixed' : 'corruptions'] += 1;
    if (fixes) writeCopied(view, index, count === 1);
    return fixes;
  }

  /** An image that was repaired and has nothing wrong any more may be used again. */
  async #markSound(): Promise<void> {
    const { incompatible } = this.header;
    const marks = FEATURE_DIRTY | FEATURE_CORRUPT;
    if (this.#repair === 'none' || this.found.corruptions > 0 || (incompatible & marks) === 0) return;
    const live = new LiveHeader(this.#file, this.header);
    await live.write({ incompatible: incompatible & ~marks });
    await this.#file.flush();
    this.header = live.value;
  }

  async #lastUsed(blocks: RefcountBlocks, referenced: number): Promise<number> {
    let end = Math.ceil(this.#file.bytes / this.#clusterBytes);
    while (end > referenced && (await blocks.get(end - 1)) === 0) end -= 1;
    return Math.max(end, referenced);
  }
}

/**
 * Checks an image, and repairs it if that is asked for. Nobody may use it meanwhile.
 * @param say told of each thing that is wrong, and of its repair
 * Throws BlockError for an image that cannot be read at all, and what reading and writing the file throws.
 */
export async function checkQcow2(
  file: BlockNode,
  header: Qcow2Header,
  repair: Repair,
  say: Say,
): Promise<{ readonly report: CheckReport; readonly header: Qcow2Header }> {
  const check = new Check(file, header, repair, say);
  const report = await check.run();
  return { report, header: check.header };
}
