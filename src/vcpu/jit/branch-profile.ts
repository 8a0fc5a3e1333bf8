/** Where indirect branches of regions lead: sampled on the way out of a region, so that the next translation can follow. */
import type { Instruction } from './instruction.ts';

/** Exits of a site from one sample to the next: at first, and once its targets are decided. */
const FIRST_INTERVAL = 7;
const LATER_INTERVAL = 1009;
/** Samples before a decision. */
const SAMPLES = 24;
/** Part of the samples that makes a target frequent, and the most targets of one branch. */
const FREQUENT_PART = 1 / 16;
const MOST_TARGETS = 12;
const FARTHEST = 0x7000_0000;

/** A branch is known by the host address of its first byte. */
interface Branch {
  /** Distances from the branch that translations follow. */
  readonly targets: Set<number>;
  readonly samples: Map<number, number>;
  sampled: number;
  isDecided: boolean;
}

interface Site {
  readonly branch: Branch;
  /** Offset of the branch from its region's first page. */
  readonly at: number;
  readonly region: number;
}

export class BranchProfile {
  readonly #view: DataView;
  readonly #branches = new Map<number, Branch>();
  /** By address of the site's countdown. */
  readonly #sites = new Map<number, Site>();

  constructor(view: DataView) {
    this.#view = view;
  }

  /** Offsets from the region's first page that the branch at host address `host` often leads to. */
  targetsOf(instruction: Instruction, host: number): readonly number[] {
    const branch = this.#branches.get(host);
    return branch === undefined ? [] : [...branch.targets].map((distance) => instruction.at + distance);
  }

  /**
   * Watches a branch of the region of this number.
   * @param site address of the word that the region counts down at every exit by this branch
   */
  watch(site: number, instruction: Instruction, host: number, region: number): void {
    let branch = this.#branches.get(host);
    if (branch === undefined) {
      branch = { targets: new Set(), samples: new Map(), sampled: 0, isDecided: false };
      this.#branches.set(host, branch);
    }
    this.#sites.set(site, { branch, at: instruction.at, region });
    this.#arm(site, branch);
  }

  #arm(site: number, branch: Branch): void {
    this.#view.setInt32(site, branch.isDecided ? LATER_INTERVAL : FIRST_INTERVAL, true);
  }

  /**
   * A site has counted down on a way out to `offset` from its region's first page. Gives the number of the region if it is
   * worth translating again.
   */
  sample(site: number, offset: bigint): number | undefined {
    const known = this.#sites.get(site);
    if (known === undefined) return undefined;
    const { branch } = known;
    this.#arm(site, branch);
    const distance = Number(offset) - known.at;
    if (Math.abs(distance) > FARTHEST) return undefined;
    branch.samples.set(distance, (branch.samples.get(distance) ?? 0) + 1);
    if (++branch.sampled < SAMPLES) return undefined;
    return this.#decide(branch) ? known.region : undefined;
  }

  /** Whether there are new targets to follow. */
  #decide(branch: Branch): boolean {
    const { targets, samples } = branch;
    const before = targets.size;
    const frequent = [...samples].sort(([, first], [, second]) => second - first);
    for (const [distance, count] of frequent) {
      if (targets.size < MOST_TARGETS && count >= SAMPLES * FREQUENT_PART) targets.add(distance);
    }
    samples.clear();
    branch.sampled = 0;
    branch.isDecided = true;
    return targets.size > before;
  }

  /** Forgets the sites, whose memory is used for something else from now on. */
  clear(): void {
    this.#sites.clear();
  }
}
