/**
 * A device's end of a character device. The device behind it lives on the monitor's thread; this end on the machine's. Bytes
 * travel in batches; output is bounded: see `writable`.
 */
export interface CharacterPort {
  /** Queues bytes for the host side; they leave soon. Bytes written while nobody is connected are lost. */
  write(bytes: Uint8Array): void;
  /** How many bytes `write` takes before the guest should be held back (never less than 0). */
  readonly writable: number;
  /** Calls back when `writable` has become positive after having been 0. */
  onWritable(callback: () => void): void;
  /** What receives from the host. `capacity` says how many bytes it takes now. */
  onReceive(receive: (bytes: Uint8Array) => void, capacity: () => number): void;
  /** `capacity` has grown. */
  resume(): void;
  /** `break` is a break condition; `opened` and `closed` tell of the peer. */
  onEvent(event: (event: 'opened' | 'closed' | 'break') => void): void;
  readonly connected: boolean;
  /** Gives the character device back: the device that holds this end is going. */
  release(): void;
}
