/**
 * A virtio device without its transport: status, features, queues and the rules between them (VIRTIO 1.1, chapters 2 and 3).
 * Registers of both interfaces end here.
 */
import type { BoardServices, DeviceTimer } from '../board-services.ts';
import type { DeviceState } from '../device-class.ts';
import { fieldsOf } from './saved-fields.ts';
import {
  F_EVENT_IDX,
  F_INDIRECT_DESC,
  F_VERSION_1,
  featureBits,
  hasBit,
  LEGACY_FEATURES,
  NO_VECTOR,
  STATUS_DRIVER_OK,
  STATUS_FEATURES_OK,
  STATUS_NEEDS_RESET,
} from './virtio-bits.ts';
import type { VirtioHost, VirtioModel } from './virtio-model.ts';
import { type QueueOwner, Virtqueue } from './virtqueue.ts';

/** How a device reaches its driver. */
export interface DriverInterrupts {
  queue(vector: number): void;
  config(vector: number): void;
  /** Takes back what the driver has not seen yet. */
  clear(): void;
}

/** What the driver may be offered beside the features of the type. */
export interface CoreOptions {
  readonly indirectDescriptors: boolean;
  readonly eventIndex: boolean;
  /** A modern driver is welcome. */
  readonly modern: boolean;
}

const U8 = 0xff;

export class VirtioCore implements VirtioHost, QueueOwner {
  readonly guest: BoardServices['guest'];
  /** MSI-X vector of configuration changes. */
  configVector = NO_VECTOR;
  readonly #interrupts: DriverInterrupts;
  readonly #model: VirtioModel;
  readonly #queues: readonly Virtqueue[];
  readonly #offered: bigint;
  readonly #virtual: BoardServices['clocks']['virtual'];
  readonly #later: DeviceTimer;
  #status = 0;
  #chosen = 0n;
  #generation = 0;
  /** Why the device needs a reset. */
  #lastFault: string | undefined;
  /** Status before the reset that still waits for old requests. */
  #ending = 0;
  /** Queues to be looked at when the timer fires. */
  readonly #again = new Set<number>();
  /** A state was restored: chains that it held are to be served. */
  #resuming = false;

  constructor(
    board: BoardServices,
    interrupts: DriverInterrupts,
    options: CoreOptions,
    createModel: (host: VirtioHost) => VirtioModel,
  ) {
    this.guest = board.guest;
    this.#interrupts = interrupts;
    this.#virtual = board.clocks.virtual;
    this.#later = this.#virtual.timer(() => this.#catchUp());
    this.#model = createModel(this);
    this.#queues = this.#model.queueSizes.map((size, index) => new Virtqueue(board.guest, index, size, this));
    this.#offered =
      this.#model.features |
      LEGACY_FEATURES |
      (options.indirectDescriptors ? featureBits(F_INDIRECT_DESC) : 0n) |
      (options.eventIndex ? featureBits(F_EVENT_IDX) : 0n) |
      (options.modern ? featureBits(F_VERSION_1) : 0n);
  }

  // What both interfaces show --------------------------------------------------------------------------------------

  get queueCount(): number {
    return this.#queues.length;
  }

  /** The queue that a driver has selected; undefined where there is none. */
  findQueue(index: number): Virtqueue | undefined {
    return this.#queues[index];
  }

  /** Status; not 0 after a reset until old requests have ended (4.1.4.3.2: drivers wait for that). */
  get status(): number {
    if (this.#status === 0 && this.#model.isIdle === false) {
      return this.#ending;
    }
    return this.#status;
  }

  /** Grows with every change of the configuration space (4.1.4.3.1). */
  get configGeneration(): number {
    return this.#generation;
  }

  offeredFeatures(interfaceKind: 'legacy' | 'modern'): bigint {
    return interfaceKind === 'legacy'
      ? BigInt.asUintN(F_VERSION_1, this.#offered)
      : this.#offered & ~LEGACY_FEATURES;
  }

  get chosenFeatures(): bigint {
    return this.#chosen;
  }

  /** The driver accepts features; what was not offered is not accepted, and nothing after FEATURES_OK. */
  chooseFeatures(features: bigint): void {
    if ((this.#status & STATUS_FEATURES_OK) === 0) {
      this.#chosen = features & this.#offered;
      for (const queue of this.#queues) {
        queue.useFeatures(this.#chosen);
      }
      this.#model.featuresChosen?.();
    }
  }

  /** The driver writes the status: 0 is a reset, other bits are only ever added (2.1.1). */
  writeStatus(status: number): void {
    if (status === 0) {
      this.reset();
      return;
    }
    let added = status & U8 & ~STATUS_NEEDS_RESET & ~this.#status;
    // 3.1.1 and 6.2: without VERSION_1 there is nothing that a modern driver and the device agree on.
    if ((added & STATUS_FEATURES_OK) !== 0 && !hasBit(this.#chosen, F_VERSION_1)) {
      added &= ~STATUS_FEATURES_OK;
    }
    this.#status |= added;
    if ((added & STATUS_DRIVER_OK) !== 0) {
      for (const { index } of this.#queues) {
        this.notify(index);
      }
    }
  }

  /** A driver has buffers for that queue. Also for numbers that no queue has. */
  notify(index: number): void {
    if (this.isLive(index)) {
      this.#model.notified(index);
    }
  }

  readConfig(): Uint8Array {
    return this.#model.readConfig();
  }

  writeConfig(offset: number, bytes: Uint8Array): void {
    this.#model.writeConfig(offset, bytes);
  }

  reset(): void {
    this.#ending = this.status;
    this.#status = 0;
    this.#chosen = 0n;
    this.#generation = 0;
    this.#lastFault = undefined;
    this.configVector = NO_VECTOR;
    this.#again.clear();
    this.#resuming = false;
    this.#later.cancel();
    this.#interrupts.clear();
    for (const queue of this.#queues) {
      queue.reset();
    }
    this.#model.reset();
  }

  // What the model asks for ----------------------------------------------------------------------------------------

  /** @throws RangeError for a number that the model has not declared: a mistake of the model, never of the guest */
  queue(index: number): Virtqueue {
    const queue = this.#queues[index];
    if (queue === undefined) {
      throw new RangeError(`There is no queue ${index}; the device has ${this.#queues.length}`);
    }
    return queue;
  }

  hasFeature(bit: number): boolean {
    return hasBit(this.#chosen, bit);
  }

  /** Legacy drivers use queues before they say DRIVER_OK (3.1.2). */
  isLive(index: number): boolean {
    const started = (this.#status & STATUS_DRIVER_OK) !== 0 || !hasBit(this.#chosen, F_VERSION_1);
    return started && this.#lastFault === undefined && this.#queues[index]?.enabled === true;
  }

  configChanged(): void {
    this.#generation = (this.#generation + 1) & U8;
    if ((this.#status & STATUS_DRIVER_OK) !== 0) {
      this.#interrupts.config(this.configVector);
    }
  }

  /** 2.1.2: the device says so and tells a driver that is there. Only the first reason counts. */
  fault(reason: string): void {
    if (this.#lastFault === undefined) {
      this.#lastFault = reason;
      if (hasBit(this.#chosen, F_VERSION_1)) {
        this.#status |= STATUS_NEEDS_RESET;
        this.configChanged();
      }
    }
  }

  interrupt(queue: Virtqueue): void {
    this.#interrupts.queue(queue.vector);
  }

  again(queue: Virtqueue): void {
    this.#again.add(queue.index);
    this.#later.arm(this.#virtual.now());
  }

  /** What the type adds to the device in the object tree. */
  get additions(): Pick<VirtioModel, 'buses' | 'instanceProperties'> {
    return this.#model;
  }

  // Life -----------------------------------------------------------------------------------------------------------

  save(): DeviceState {
    return {
      status: this.#status,
      chosen: this.#chosen,
      generation: this.#generation,
      fault: this.#lastFault ?? '',
      configVector: this.configVector,
      queues: this.#queues.map((queue) => queue.save()),
      model: this.#model.save(),
    };
  }

  restore(state: DeviceState): void {
    const saved = fieldsOf(state);
    this.reset();
    this.#status = saved.number('status');
    this.#chosen = saved.bigint('chosen');
    this.#generation = saved.number('generation');
    this.#lastFault = saved.text('fault') || undefined;
    this.configVector = saved.number('configVector');
    for (const [index, queue] of saved.list('queues').entries()) {
      this.#queues[index]?.restore(queue);
      this.#queues[index]?.useFeatures(this.#chosen);
    }
    this.#model.restore(saved.state('model'));
    // Guest memory may be restored after the device: chains are looked at when the machine runs.
    this.#resuming = true;
    this.#later.arm(this.#virtual.now());
  }

  unrealize(): void {
    this.reset();
    this.#model.unrealize?.();
  }

  #catchUp(): void {
    if (this.#resuming) {
      this.#resuming = false;
      this.#resume();
    }
    const again = [...this.#again];
    this.#again.clear();
    for (const index of again) {
      this.notify(index);
    }
  }

  /** Serves what was held when the state was saved, and looks for what was offered but not noticed. */
  #resume(): void {
    for (const queue of this.#queues) {
      for (const head of queue.held) {
        const chain = this.#lastFault === undefined ? queue.chainAt(head) : undefined;
        if (chain !== undefined) {
          this.#model.resume(queue.index, chain);
        }
      }
      this.notify(queue.index);
    }
  }
}
