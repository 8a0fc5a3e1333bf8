/** Which worker thread each actor lives on. Two actors with one name share a thread. */
export interface Placement {
  readonly machine: string;
  readonly monitor: string;
}

export const DEFAULT_PLACEMENT: Placement = { machine: 'machine', monitor: 'monitor' };
