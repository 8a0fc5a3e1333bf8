/** What a board is built on: the shared memory as address spaces, clocks and interrupts, before there is any device. */
import type { DeviceClocks } from '../../devices/board-services.ts';
import { IoTableWriter } from '../../memory/io-table.ts';
import {
  GLOBAL_A20_MASK,
  GLOBAL_CPU_COUNT,
  PAGE_SIZE,
  SHARED_WORDS_BASE,
  SHARED_WORDS_END,
} from '../../memory/layout.ts';
import type { MemoryPlan } from '../../memory/memory-plan.ts';
import { PhysicalMap } from '../../memory/physical-map.ts';
import { Stillness } from '../../memory/stillness.ts';
import { monotonicNs, VirtualClock } from '../../memory/virtual-clock.ts';
import { InterruptBus } from '../../vcpu/interrupt-bus.ts';
import { MappedGuestMemory } from './guest-memory.ts';
import { InterruptWiring } from './interrupt-wiring.ts';
import { MemorySpace } from './memory-space.ts';
import { PortSpace } from './port-space.ts';
import { SharedArena, type SharedPart } from './shared-arena.ts';
import { TimerQueue } from './timer-queue.ts';

/** Bit 20 of every address is forced to 0. */
const A20_MASK_LOW = 0xffefffff;
const A20_MASK_HIGH = 0xffffffff;
const NS_PER_MS = 1e6;
/** What one word of a dirty bitmap stands for. */
const DIRTY_WORD_BYTES = 32 * PAGE_SIZE;

/** Host clocks in ns; tests give their own. */
export interface HostClocks {
  readonly monotonic: () => number;
  /** Since the Unix epoch. */
  readonly wall: () => number;
}

export const systemClocks: HostClocks = { monotonic: monotonicNs, wall: () => Date.now() * NS_PER_MS };

export class Hardware {
  readonly memory: WebAssembly.Memory;
  readonly plan: MemoryPlan;
  readonly map: PhysicalMap;
  readonly stillness: Stillness;
  readonly ports: PortSpace;
  readonly space: MemorySpace;
  readonly guest: MappedGuestMemory;
  readonly clock: VirtualClock;
  readonly timers: { readonly [Clock in keyof DeviceClocks]: TimerQueue };
  readonly interrupts: InterruptBus;
  readonly wiring: InterruptWiring;
  readonly words: SharedArena;
  /** ROM images, and buffers of devices. */
  readonly roms: SharedArena;
  readonly video: SharedArena;
  /** Numbers of the vCPUs that are there. */
  readonly presentCpus: Set<number>;
  readonly #table: IoTableWriter;
  #building = true;

  /** @param cpus vCPUs that are there from the start */
  constructor(memory: WebAssembly.Memory, plan: MemoryPlan, cpus: number, clocks: HostClocks) {
    this.memory = memory;
    this.plan = plan;
    this.map = new PhysicalMap(memory);
    this.map.initialise(cpus);
    this.presentCpus = new Set(Array.from({ length: cpus }, (_, index) => index));
    this.stillness = new Stillness(memory);
    this.#table = new IoTableWriter(memory);
    const changed = (): void => this.#publish();
    this.ports = new PortSpace(changed);
    this.space = new MemorySpace({ memory, map: this.map, stillness: this.stillness, changed });
    this.guest = new MappedGuestMemory(memory, this.map);
    this.clock = new VirtualClock(memory, clocks.monotonic);
    this.timers = {
      virtual: new TimerQueue(() => this.clock.now()),
      realtime: new TimerQueue(clocks.monotonic),
      host: new TimerQueue(clocks.wall),
    };
    this.interrupts = new InterruptBus(memory);
    this.wiring = new InterruptWiring(this.interrupts);
    this.words = new SharedArena(
      memory,
      'shared words',
      SHARED_WORDS_BASE,
      SHARED_WORDS_END - SHARED_WORDS_BASE,
    );
    this.roms = new SharedArena(memory, 'ROM space', plan.romBase, plan.romBytes);
    this.video = new SharedArena(memory, 'video memory', plan.videoBase, plan.videoBytes);
  }

  /** The board's first devices are there: from now on vCPUs learn of every region that comes, goes or moves. */
  publishRegions(): void {
    this.#building = false;
    this.#publish();
  }

  /** A vCPU is plugged in: those that stop or interrupt all others count it from now on. */
  addCpu(index: number): void {
    this.presentCpus.add(index);
    const words = new Uint32Array(this.memory.buffer);
    const count = Math.max(this.interrupts.cpus, index + 1);
    this.stillness.change(() => Atomics.store(words, GLOBAL_CPU_COUNT >> 2, count));
  }

  setA20(enabled: boolean): void {
    const words = new Uint32Array(this.memory.buffer);
    const mask = enabled ? A20_MASK_HIGH : A20_MASK_LOW;
    if (Atomics.load(words, GLOBAL_A20_MASK >> 2) === mask) return;
    this.stillness.change(() => Atomics.store(words, GLOBAL_A20_MASK >> 2, mask));
  }

  get a20Enabled(): boolean {
    return Atomics.load(new Uint32Array(this.memory.buffer), GLOBAL_A20_MASK >> 2) === A20_MASK_HIGH;
  }

  /** Zeroed video memory; no word of the dirty bitmap is shared with another part. */
  videoMemory(bytes: number): SharedPart {
    return this.video.allocate(bytes, DIRTY_WORD_BYTES);
  }

  /** Takes the dirty bits of a part of video memory: bit n of the result is page n from `host` on. */
  takeVideoDirty(host: number, bytes: number): Uint32Array {
    const first = host / PAGE_SIZE;
    const words = Math.ceil(bytes / DIRTY_WORD_BYTES);
    return Uint32Array.from({ length: words }, (_, word) => this.map.takeDirty(first + word * 32, 'video'));
  }

  #publish(): void {
    if (!this.#building) this.#table.publish([...this.ports.ioEntries(), ...this.space.ioEntries()]);
  }
}
