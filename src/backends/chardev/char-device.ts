/**
 * The contract between a character device (the host side) and its front end (a monitor, a serial port, a mux).
 * Both live on one thread; a front end on another thread is served through a ring by an adapter on this one.
 */

/**
 * `opened`/`closed`: the peer came or went. `mux-in`/`mux-out`: the front end gained or lost the focus of a
 * multiplexer. `break`: a break condition. `reopened` never happens: a reconnect is closed, then opened.
 */
export type CharEvent = 'opened' | 'closed' | 'break' | 'mux-in' | 'mux-out';

export interface CharFrontEnd {
  /** Bytes from the host, at most `canReceive()` of them; the front end must copy what it keeps. */
  receive(bytes: Uint8Array): void;
  /** How many bytes the front end takes now; 0 stops reading from the host until `CharDevice.resume()`. */
  canReceive(): number;
  event(event: CharEvent): void;
}

export interface CharDevice {
  /** The id it was created with. */
  readonly label: string;
  /** query-chardev's `filename`: `unix:/tmp/q,server`, `pty:/dev/pts/3`, a kind's name, or ''. */
  readonly filename: string;
  /** Whether a front end is attached. */
  readonly busy: boolean;
  /** How many front ends it takes beside those that it has. */
  readonly freeFrontEnds: number;
  /** Whether a peer is there to read what is written (always for devices without connections). */
  readonly connected: boolean;

  /** Attaches the front end; it gets `opened` at once when the device is connected. Throws `ERR_CHARDEV_BUSY`. */
  attach(frontEnd: CharFrontEnd): void;
  /** Ends the attachment of this front end; one that is not attached is ignored. */
  detach(frontEnd: CharFrontEnd): void;
  /** The front end can receive again. */
  resume(): void;

  /** Queues bytes for the host side, in order; never blocks, bytes written while nobody is connected are lost. */
  write(bytes: Uint8Array): void;
  /** Bytes queued and not yet taken by the host. */
  readonly pendingBytes: number;
  /** Calls back once when `pendingBytes` is 0 (at once if it is), or when the peer is gone. */
  whenDrained(callback: () => void): void;
  /** Drops the present peer, as if it had closed the connection (a reader that is too slow). */
  disconnect(reason: string): void;

  /** The descriptor last received by SCM_RIGHTS and not yet taken; the caller owns it. */
  takeDescriptor(): number | undefined;
  /** Releases everything; after flushing what it can within its own short deadline. */
  close(): Promise<void>;
}
