/**
 * Numbered sets of file descriptors (`add-fd`, `-add-fd`) that stand for a file of several access modes: opening
 * `/dev/fdset/N` gives a duplicate of the first member of set N whose access mode is the one asked for.
 *
 * A member is really closed only while the virtual machine runs, and then when it was marked by `remove-fd`, or when no
 * duplicate of its set is open and no monitor client is connected: that is how descriptors come back that a client
 * passed before it crashed. A set without members and duplicates disappears.
 */
import type { FdsetInfo } from '../qapi/qmp-types.generated.ts';
import { MonitorError } from './monitor-error.ts';
import type { CloseDescriptor } from './named-descriptors.ts';

/** A number while it is safe as one, as JSON integers are here. */
type FdSetId = number | bigint;

interface FdSetMember {
  readonly fd: number;
  readonly opaque: string | undefined;
  removed: boolean;
}

interface FdSet {
  readonly id: FdSetId;
  /** Oldest first. */
  members: FdSetMember[];
  readonly duplicates: Set<number>;
}

/** What the sets need to know of the world. */
export interface FdSetEnvironment {
  readonly close: CloseDescriptor;
  readonly isRunning: () => boolean;
}

export class FdSets {
  readonly #environment: FdSetEnvironment;
  readonly #sets = new Map<FdSetId, FdSet>();
  #connectedMonitors = 0;

  constructor(environment: FdSetEnvironment) {
    this.#environment = environment;
  }

  /**
   * Puts a descriptor into a set, which is made if it is not there.
   * @param id the set; the lowest unused number when absent
   */
  add(fd: number, id?: FdSetId, opaque?: string): { readonly id: FdSetId; readonly fd: number } {
    const chosen = id ?? this.#lowestUnusedId();
    const set = this.#sets.get(chosen) ?? { id: chosen, members: [], duplicates: new Set<number>() };
    set.members.push({ fd, opaque, removed: false });
    this.#sets.set(chosen, set);
    return { id: chosen, fd };
  }

  /**
   * Marks one descriptor of a set, or all of them, for closing.
   * Throws `ERR_MONITOR_FD_UNKNOWN` when the set or the descriptor is not there.
   */
  remove(id: FdSetId, fd?: number | bigint): void {
    const set = this.#sets.get(id);
    const marked = set?.members.filter((member) => fd === undefined || member.fd === fd) ?? [];
    if (set === undefined || (fd !== undefined && marked.length === 0)) {
      const what = fd === undefined ? `fdset-id:${id}` : `fdset-id:${id}, fd:${fd}`;
      throw new MonitorError('ERR_MONITOR_FD_UNKNOWN', `File descriptor named '${what}' not found`);
    }
    for (const member of marked) {
      member.removed = true;
    }
    this.#cleanUp(set);
  }

  /** Sets in descending order of id. */
  list(): FdsetInfo[] {
    const sets = [...this.#sets.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
    return sets.map((set) => ({
      'fdset-id': set.id,
      fds: set.members.map(({ fd, opaque }) => (opaque === undefined ? { fd } : { fd, opaque })),
    }));
  }

  /** Members of a set that can still be opened, oldest first; undefined when there is no such set. */
  members(id: number): readonly number[] | undefined {
    return this.#sets
      .get(id)
      ?.members.filter((member) => !member.removed)
      .map((member) => member.fd);
  }

  /** Remembers that `fd` is a duplicate of a member: while it is open the set's members stay. */
  duplicateOpened(id: number, fd: number): void {
    this.#sets.get(id)?.duplicates.add(fd);
  }

  duplicateClosed(fd: number): void {
    for (const set of this.#sets.values()) {
      if (set.duplicates.delete(fd)) {
        this.#cleanUp(set);
      }
    }
  }

  monitorConnected(): void {
    this.#connectedMonitors += 1;
  }

  monitorDisconnected(): void {
    this.#connectedMonitors -= 1;
    for (const set of [...this.#sets.values()]) {
      this.#cleanUp(set);
    }
  }

  #cleanUp(set: FdSet): void {
    if (this.#environment.isRunning()) {
      const abandoned = set.duplicates.size === 0 && this.#connectedMonitors === 0;
      const kept: FdSetMember[] = [];
      for (const member of set.members) {
        if (member.removed || abandoned) {
          this.#environment.close(member.fd);
        } else {
          kept.push(member);
        }
      }
      set.members = kept;
    }
    if (set.members.length === 0 && set.duplicates.size === 0) {
      this.#sets.delete(set.id);
    }
  }

  #lowestUnusedId(): number {
    let id = 0;
    while (this.#sets.has(id)) {
      id += 1;
    }
    return id;
  }
}
