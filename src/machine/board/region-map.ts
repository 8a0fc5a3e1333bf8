/** Overlapping claims on an address space, and which of them is seen where. */

/** A claimed range; both ends belong to it. */
export interface Claim<T> {
  readonly first: number;
  readonly last: number;
  /** The highest one wins; among equals the latest claim. */
  readonly priority: number;
  readonly value: T;
}

/** A range in which one claim is seen throughout. */
export interface Segment<T> {
  readonly first: number;
  readonly last: number;
  readonly claim: Claim<T>;
}

/** What `info mtree` shows of a segment. */
export interface DescribedRange {
  readonly first: number;
  readonly last: number;
  readonly priority: number;
  readonly isWritable: boolean;
  readonly name: string;
}

/** Claims of one address space. Changing it costs the square of the number of claims, looking up its logarithm. */
export class RegionMap<T> {
  /** Lowest rank first. */
  #claims: readonly Claim<T>[] = [];
  #segments: readonly Segment<T>[] = [];
  #starts = new Float64Array();

  get segments(): readonly Segment<T>[] {
    return this.#segments;
  }

  add(claim: Claim<T>): void {
    const above = this.#claims.findIndex(({ priority }) => priority > claim.priority);
    this.#claims = this.#claims.toSpliced(above < 0 ? this.#claims.length : above, 0, claim);
    this.#flatten();
  }

  /** Nothing when it is gone already. */
  remove(claim: Claim<T>): void {
    this.#claims = this.#claims.filter((each) => each !== claim);
    this.#flatten();
  }

  /** What is seen at `address`; undefined where nobody is. */
  find(address: number): Claim<T> | undefined {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    const segment = this.#segments[low - 1];
    return segment !== undefined && address <= segment.last ? segment.claim : undefined;
  }

  #flatten(): void {
    const edges = new Set<number>();
    for (const { first, last } of this.#claims) edges.add(first).add(last + 1);
    const sorted = [...edges].sort((a, b) => a - b);
    const segments: Segment<T>[] = [];
    for (const [index, first] of sorted.slice(0, -1).entries()) {
      const claim = this.#claims.findLast((each) => each.first <= first && first <= each.last);
      if (claim === undefined) continue;
      const last = (sorted[index + 1] ?? 0) - 1;
      const before = segments.at(-1);
      if (before?.claim === claim && before.last + 1 === first) {
        segments[segments.length - 1] = { first: before.first, last, claim };
      } else {
        segments.push({ first, last, claim });
      }
    }
    this.#segments = segments;
    this.#starts = Float64Array.from(segments, ({ first }) => first);
  }
}
