/** What a device type is, beneath the transport that a driver reaches it by. */
import type { GuestMemory } from '../board-services.ts';
import type { Device, DeviceState } from '../device-class.ts';
import type { Chain, Virtqueue } from './virtqueue.ts';

/** What the core hands to a model. */
export interface VirtioHost {
  readonly guest: GuestMemory;
  queue(index: number): Virtqueue;
  /** Whether the driver has accepted the feature with that bit number. */
  hasFeature(bit: number): boolean;
  /** Buffers of this queue may be taken and given back now. */
  isLive(queue: number): boolean;
  /** The configuration space has changed by itself: the driver is told. */
  configChanged(): void;
  /** The driver broke a rule of the device type: nothing goes on before a reset. */
  fault(reason: string): void;
}

export interface VirtioModel extends Pick<Device, 'buses' | 'instanceProperties'> {
  /** Sizes of its queues, by index. */
  readonly queueSizes: readonly number[];
  /** Features of its type that it offers. */
  readonly features: bigint;
  /** The configuration space as it is now; its length never changes. */
  readConfig(): Uint8Array;
  /** The driver wrote these bytes at `offset`. */
  writeConfig(offset: number, bytes: Uint8Array): void;
  /** The driver has offered buffers in a queue that is live; also called once for every queue when it becomes live. */
  notified(queue: number): void;
  /** The driver is done with negotiating features (and, a legacy driver, may do so again). */
  featuresChosen?(): void;
  /** All queues have been reset before. */
  reset(): void;
  /** While not, requests from before a reset still touch guest memory. Always when absent. */
  readonly isIdle?: boolean;
  /** What is the type's own; the queues' state is kept elsewhere. */
  save(): DeviceState;
  restore(state: DeviceState): void;
  /** After a restore, for every chain that was held when the state was saved: it is served anew. */
  resume(queue: number, chain: Chain): void;
  unrealize?(): void;
}
