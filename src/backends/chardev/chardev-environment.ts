/** What character devices need of the world around them; one object for all devices of a thread. */
import type { Clock } from '../../actors/clock.ts';
import type { FdSetMembers } from '../../host/open-path.ts';

export interface ChardevEnvironment {
  readonly clock: Clock;
  /** Opens `/dev/fdset/N`; without it such names are ordinary file names. */
  readonly fdSets?: FdSetMembers;
  /** The byte that introduces a multiplexer's commands (`-echr`); 1 is ctrl-a. */
  readonly escapeCharacter: number;
  /** The user asked on a multiplexer to end the emulator. */
  readonly quit: () => void;
  /** The user asked on a multiplexer to write snapshot data back to the images (`-snapshot`). */
  readonly commit: () => void;
  /** One line for the person at the terminal: what creation is waiting for. */
  readonly announce: (message: string) => void;
}

/** What one creation needs beside its configuration. */
export interface ChardevCreation {
  readonly label: string;
  /** query-chardev's `filename` for kinds that have no address of their own. */
  readonly filename: string;
  readonly environment: ChardevEnvironment;
  /** Hands over a descriptor by the name that `getfd` gave it (or its number); throws when there is none. */
  readonly takeDescriptor: (name: string) => number;
  /** Aborted when the creation is to be given up. */
  readonly signal: AbortSignal;
}
