/**
 * Requests that wait for the machine's main loop. Devices, vCPUs and monitors only raise a flag; one pass of the loop
 * serves the flags in the documented order, so that what happens does not depend on who asked first.
 */
import type { RunState } from './run-state-view.ts';

export type RequestKind = 'debugStop' | 'suspend' | 'shutdown' | 'reset' | 'wakeup' | 'powerdown';

/** What a pass does for each request. */
export interface RequestHandlers extends Record<RequestKind, () => Promise<void>> {
  /** A stop that was asked for where it could not be carried out, as inside a vCPU's thread. */
  vmStop(state: RunState): Promise<void>;
}

/** The order within one pass; a deferred stop comes after all of them. */
const SERVICE_ORDER: readonly RequestKind[] = [
  'debugStop',
  'suspend',
  'shutdown',
  'reset',
  'wakeup',
  'powerdown',
];

/** The request flags of one machine. Raising a flag twice before a pass is the same as raising it once. */
export class PendingRequests {
  readonly #raised = new Set<RequestKind>();
  #stopState: RunState | undefined;
  #scheduled = false;
  #closed = false;
  readonly #handlers: RequestHandlers;
  readonly #schedule: () => void;

  /** @param schedule arranges that `service` is called soon, but after the present request has been answered */
  constructor(handlers: RequestHandlers, schedule: () => void) {
    this.#handlers = handlers;
    this.#schedule = schedule;
  }

  post(kind: RequestKind): void {
    if (!this.#closed) {
      this.#raised.add(kind);
      this.#arrange();
    }
  }

  /** Of several deferred stops before one pass the last one counts. */
  postVmStop(state: RunState): void {
    if (!this.#closed) {
      this.#stopState = state;
      this.#arrange();
    }
  }

  /** Drops what is raised and takes nothing more: the machine is ending. */
  close(): void {
    this.#closed = true;
    this.#raised.clear();
    this.#stopState = undefined;
  }

  /**
   * One pass. A request raised during it is served in the same pass when its turn is yet to come, else in the next.
   * Rejects with the first failure of a handler; what was not reached stays raised.
   */
  async service(): Promise<void> {
    this.#scheduled = false;
    for (const kind of SERVICE_ORDER) {
      if (this.#raised.delete(kind)) {
        await this.#handlers[kind]();
      }
    }
    const state = this.#stopState;
    if (state !== undefined) {
      this.#stopState = undefined;
      await this.#handlers.vmStop(state);
    }
  }

  #arrange(): void {
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#schedule();
    }
  }
}
