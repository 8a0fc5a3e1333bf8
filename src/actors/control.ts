import type { MessagePort } from 'node:worker_threads';
import type { WireError } from './error-codec.ts';
import type { RuntimeLimits } from './limits.ts';
import type { CreateRequest, TargetInfo } from './wire.ts';

/** What a worker is started with. */
export interface WorkerSeed {
  readonly name: string;
  readonly limits: RuntimeLimits;
  /** See `pulse.ts`. */
  readonly pulse: SharedArrayBuffer;
}

/** What the supervisor's thread says to a worker. */
export type ControlRequest =
  | { op: 'link'; thread: string; port: MessagePort }
  | { op: 'unlink'; thread: string }
  | { op: 'preload'; module: string }
  | { op: 'create'; request: CreateRequest; module: string; exportName: string }
  | { op: 'stop'; id: number }
  | { op: 'refer'; id: number; target: TargetInfo }
  | { op: 'up'; target: TargetInfo }
  | { op: 'gone'; id: number }
  | { op: 'beatEvery'; ms: number }
  | { op: 'exit' };

/** What a worker says to the supervisor's thread. */
export type ControlReport =
  | { op: 'ready' }
  | { op: 'created'; id: number; error: WireError | undefined }
  | { op: 'stopped'; id: number; error: WireError | undefined }
  | { op: 'failed'; id: number; incarnation: number; cause: string }
  /** An exception that nobody caught; the thread ends at once. */
  | { op: 'crashed'; cause: string }
  | { op: 'wake'; words: Int32Array; index: number };
