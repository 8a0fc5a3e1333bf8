/** The memory balloon as the machine sees it: what `balloon` and `query-balloon` ask of. */
import type { PciPorts } from '../pci/pci-contract.ts';

export interface Balloon {
  /** Bytes of RAM that the guest has: all of it less what is in the balloon. */
  readonly actual: number;
  /** Asks the guest to be content with that many bytes of RAM; more than there are is all of them. */
  setTarget(bytes: number): void;
}

export interface BalloonPorts extends PciPorts {
  /** Bytes of guest RAM. */
  readonly ramBytes: number;
  /** Announces the machine's balloon; gives what takes it back. Throws when the machine has one already. */
  addBalloon(balloon: Balloon): () => void;
}
