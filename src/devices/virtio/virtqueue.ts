/** The device's side of a split virtqueue (VIRTIO 1.1, 2.6; the legacy layout is 2.6.2). */
import type { GuestMemory } from '../board-services.ts';
import type { DeviceState } from '../device-class.ts';
import { type ChainBuffers, ChainReader, DESCRIPTOR_BYTES } from './descriptor-chain.ts';
import { MemoryFence } from './memory-fence.ts';
import { fieldsOf } from './saved-fields.ts';
import { F_EVENT_IDX, F_INDIRECT_DESC, F_NOTIFY_ON_EMPTY, hasBit, NO_VECTOR } from './virtio-bits.ts';

/** A chain that the device has taken and has to give back. */
export interface Chain extends ChainBuffers {
  /** Index of its first descriptor: its name in the used ring. */
  readonly head: number;
  /** Which life of the queue it belongs to; a chain from before a reset is not given back. */
  readonly life: number;
}

/** Where the driver has put the three parts, as guest-physical addresses. */
export interface RingAddresses {
  readonly descriptors: number;
  readonly available: number;
  readonly used: number;
}

/** What a queue tells the device that it belongs to. */
export interface QueueOwner {
  /** The driver broke a rule: the device needs a reset. */
  fault(reason: string): void;
  /** The driver wants to know of used buffers. */
  interrupt(queue: Virtqueue): void;
  /** There may be more to take, but the machine has other things to do in between. */
  again(queue: Virtqueue): void;
}

/** Offsets and flags of the available ring (2.6.6) and of the used ring (2.6.8). */
const RING_INDEX = 2;
const RING_ENTRIES = 4;
const AVAILABLE_ENTRY = 2;
const USED_ENTRY = 8;
const AVAILABLE_NO_INTERRUPT = 1;
const USED_NO_NOTIFY = 1;
const U16 = 0xffff;
const U32_MAX = 0xffffffff;

/** Page in which a legacy driver gives the ring's place (4.1.5.1.3.1). */
const LEGACY_PAGE = 4096;

const UNPLACED: RingAddresses = { descriptors: 0, available: 0, used: 0 };

export class Virtqueue {
  readonly index: number;
  /** The size that the device offers. */
  readonly maximum: number;
  /** MSI-X vector of its interrupts. */
  vector = NO_VECTOR;
  readonly #guest: GuestMemory;
  readonly #owner: QueueOwner;
  readonly #chains: ChainReader;
  readonly #fence = new MemoryFence();
  #size: number;
  #rings = UNPLACED;
  #enabled = false;
  #eventIndex = false;
  #indirect = false;
  #notifyOnEmpty = false;
  /** The driver broke a rule: nothing is taken any more until the reset. */
  #broken = false;
  #life = 0;
  /** Index in the available ring of what is taken next, and in the used ring of what is given next; both modulo 2^16. */
  #taken = 0;
  #given = 0;
  /** `#given` when the driver was last considered for an interrupt; undefined: never since the start. */
  #announced: number | undefined;
  /** Heads of the chains that the device has. */
  readonly #held = new Set<number>();

  constructor(guest: GuestMemory, index: number, maximum: number, owner: QueueOwner) {
    this.#guest = guest;
    this.index = index;
    this.maximum = maximum;
    this.#owner = owner;
    this.#size = maximum;
    this.#chains = new ChainReader(guest);
  }

  get size(): number {
    return this.#size;
  }

  /** A modern driver chooses a smaller ring. Sizes that the device cannot have are passed over (2.6: powers of two). */
  resize(size: number): void {
    if (!this.#enabled && size > 0 && size <= this.maximum && (size & (size - 1)) === 0) {
      this.#size = size;
    }
  }

  get rings(): RingAddresses {
    return this.#rings;
  }

  /** Takes effect on a queue that is not enabled. */
  place(rings: Partial<RingAddresses>): void {
    if (!this.#enabled) {
      this.#rings = { ...this.#rings, ...rings };
    }
  }

  /** The whole ring at one address, as legacy drivers have it (2.6.2); page 0 takes the queue away. */
  placeLegacy(page: number): void {
    this.#enabled = false;
    const descriptors = page * LEGACY_PAGE;
    const available = descriptors + this.#size * DESCRIPTOR_BYTES;
    const end = available + RING_ENTRIES + this.#size * AVAILABLE_ENTRY + AVAILABLE_ENTRY;
    this.place({ descriptors, available, used: Math.ceil(end / LEGACY_PAGE) * LEGACY_PAGE });
    this.#enabled = page !== 0;
  }

  get legacyPage(): number {
    return this.#enabled ? this.#rings.descriptors / LEGACY_PAGE : 0;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  enable(): void {
    this.#enabled = true;
  }

  /** Which of the ring's features were negotiated. */
  useFeatures(features: bigint): void {
    this.#eventIndex = hasBit(features, F_EVENT_IDX);
    this.#indirect = hasBit(features, F_INDIRECT_DESC);
    this.#notifyOnEmpty = hasBit(features, F_NOTIFY_ON_EMPTY);
  }

  /** As after power-on. Chains that the device still holds are not given back any more. */
  reset(): void {
    this.#life += 1;
    this.#broken = false;
    this.#size = this.maximum;
    this.#rings = UNPLACED;
    this.#enabled = false;
    this.vector = NO_VECTOR;
    this.#taken = 0;
    this.#given = 0;
    this.#announced = undefined;
    this.#held.clear();
    this.useFeatures(0n);
  }

  /** Takes the next chain that the driver offers. Undefined: there is none, or it is broken (the owner was told). */
  take(): Chain | undefined {
    if (!this.#enabled || this.#broken) {
      return undefined;
    }
    const waiting = (this.#offered() - this.#taken) & U16;
    if (waiting === 0) {
      return undefined;
    }
    if (waiting > this.#size) {
      return this.#fault(`${waiting} buffers in a ring of ${this.#size}`);
    }
    this.#fence.full();
    const slot = this.#rings.available + RING_ENTRIES + (this.#taken % this.#size) * AVAILABLE_ENTRY;
    const head = this.#guest.readU16(slot);
    if (this.#held.has(head)) {
      return this.#fault(`descriptor ${head}, which the device has already`);
    }
    const chain = this.chainAt(head);
    if (chain !== undefined) {
      this.#taken = (this.#taken + 1) & U16;
      this.#held.add(head);
    }
    return chain;
  }

  /** The chain with that head, read anew: one that was taken before the state was saved. Undefined if it is broken. */
  chainAt(head: number): Chain | undefined {
    const table = { address: this.#rings.descriptors, entries: this.#size };
    const buffers = this.#chains.read(table, head, this.#indirect);
    return 'fault' in buffers ? this.#fault(buffers.fault) : { ...buffers, head, life: this.#life };
  }

  /** Whether the chain can still be given back: there was no reset since it was taken. */
  holds(chain: Chain): boolean {
    return chain.life === this.#life && this.#held.has(chain.head);
  }

  /** Heads of the chains that the device holds. */
  get held(): readonly number[] {
    return [...this.#held];
  }

  /**
   * Takes chains until none is left and the driver knows that it has to notify again; `handle` says false to leave the
   * rest. At most one ring's worth at a time: a driver that keeps adding does not hold the machine.
   */
  drain(handle: (chain: Chain) => boolean): void {
    let budget = this.#size;
    for (;;) {
      this.#wantNotifications(false);
      for (; budget > 0; budget--) {
        const chain = this.take();
        if (chain === undefined) {
          break;
        }
        if (!handle(chain)) {
          this.#wantNotifications(true);
          return;
        }
      }
      this.#wantNotifications(true);
      if (this.isEmpty) {
        return;
      }
      if (budget === 0) {
        this.#owner.again(this);
        return;
      }
    }
  }

  /** Nothing is offered that has not been taken, or nothing can be taken. */
  get isEmpty(): boolean {
    return !this.#enabled || this.#broken || this.#offered() === this.#taken;
  }

  /** Asks the driver to notify when it next offers a buffer, without taking what is there. */
  awaitNotification(): void {
    this.#wantNotifications(true);
  }

  /** Gives a chain back with `written` bytes in its writable buffers. The driver is not told: see `announce`. */
  give(chain: Chain, written: number): void {
    if (!this.holds(chain) || !this.#enabled) {
      return;
    }
    this.#held.delete(chain.head);
    const slot = this.#rings.used + RING_ENTRIES + (this.#given % this.#size) * USED_ENTRY;
    this.#guest.writeU32(slot, chain.head);
    this.#guest.writeU32(slot + 4, Math.min(written, U32_MAX));
    this.#given = (this.#given + 1) & U16;
    // A driver that sees the new index sees the entry.
    this.#fence.full();
    this.#guest.writeU16(this.#rings.used + RING_INDEX, this.#given);
  }

  /** Interrupts the driver for what has been given, if it wants that (2.6.7). */
  announce(): void {
    const news = this.#given !== (this.#announced ?? 0);
    if (this.#enabled && news && this.#wantsInterrupt()) {
      this.#owner.interrupt(this);
    }
  }

  save(): DeviceState {
    return {
      size: this.#size,
      ...this.#rings,
      enabled: this.#enabled,
      broken: this.#broken,
      vector: this.vector,
      taken: this.#taken,
      given: this.#given,
      announced: this.#announced ?? -1,
      held: this.held,
    };
  }

  restore(state: DeviceState): void {
    const saved = fieldsOf(state);
    this.reset();
    this.#size = saved.number('size');
    this.#rings = {
      descriptors: saved.number('descriptors'),
      available: saved.number('available'),
      used: saved.number('used'),
    };
    this.#enabled = saved.boolean('enabled');
    this.#broken = saved.boolean('broken');
    this.vector = saved.number('vector');
    this.#taken = saved.number('taken');
    this.#given = saved.number('given');
    const announced = saved.number('announced');
    this.#announced = announced < 0 ? undefined : announced;
    for (const head of saved.numbers('held')) {
      this.#held.add(head);
    }
  }

  #offered(): number {
    return this.#guest.readU16(this.#rings.available + RING_INDEX);
  }

  #fault(reason: string): undefined {
    this.#broken = true;
    this.#owner.fault(`queue ${this.index}: ${reason}`);
  }

  /** 2.6.9: with EVENT_IDX by the index that is to be notified of, else by a flag. */
  #wantNotifications(wanted: boolean): void {
    if (!this.#enabled) {
      return;
    }
    if (!this.#eventIndex) {
      this.#guest.writeU16(this.#rings.used, wanted ? 0 : USED_NO_NOTIFY);
    } else if (wanted) {
      this.#guest.writeU16(this.#rings.used + RING_ENTRIES + this.#size * USED_ENTRY, this.#taken);
    }
    // What the driver offers from here on is either seen by a look at its index, or notified of.
    this.#fence.full();
  }

  #wantsInterrupt(): boolean {
    this.#fence.full();
    const before = this.#announced;
    this.#announced = this.#given;
    if (this.#notifyOnEmpty && this.#held.size === 0 && this.isEmpty) {
      return true;
    }
    if (!this.#eventIndex) {
      return (this.#guest.readU16(this.#rings.available) & AVAILABLE_NO_INTERRUPT) === 0;
    }
    const event = this.#guest.readU16(this.#rings.available + RING_ENTRIES + this.#size * AVAILABLE_ENTRY);
    // 2.6.7.2: whether the index has passed the event since the driver was last considered.
    return before === undefined || ((this.#given - event - 1) & U16) < ((this.#given - before) & U16);
  }
}
