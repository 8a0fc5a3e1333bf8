/**
 * The memory balloon (VIRTIO 1.1, 5.5): the guest gives pages that it can do without.
 *
 * A page in the balloon is filled with zeros, so that snapshots and migration need not carry it. It cannot be given back to the
 * host: WebAssembly memory neither shrinks nor has holes.
 */
import type { DeviceTimer, GuestMemory } from '../board-services.ts';
import type { DeviceState, InstanceProperty } from '../device-class.ts';
import type { Balloon, BalloonPorts } from './balloon-contract.ts';
import { BalloonStatistics, MOST_REPORT_BYTES, pollingInterval } from './balloon-statistics.ts';
import { littleEndian } from './little-endian.ts';
import { fieldsOf } from './saved-fields.ts';
import { readSegments } from './segment-bytes.ts';
import { featureBits } from './virtio-bits.ts';
import type { VirtioHost, VirtioModel } from './virtio-model.ts';
import type { Chain } from './virtqueue.ts';

/** Feature bits (5.5.3). */
const F_STATS_VQ = 1;
const F_DEFLATE_ON_OOM = 2;
/** Queues (5.5.2). */
const INFLATE = 0;
const STATISTICS = 2;
const QUEUE_SIZES = [128, 128, 128];
/** Configuration space (5.5.4): pages that the host wants, and that it has. */
const ACTUAL = 4;
const CONFIG_BYTES = 8;
/** Pages of the balloon, whatever the guest's own are (5.5.6). */
const PAGE_BYTES = 4096;
const PFN_BYTES = 4;
/** Page numbers of one chain that are looked at. Drivers send 256 or 1024; more would hold the machine. */
const MOST_PFNS = 4096;
const NS_PER_SECOND = 1e9;
const ZEROS = new Uint8Array(PAGE_BYTES);

export class BalloonModel implements VirtioModel, Balloon {
  readonly queueSizes = QUEUE_SIZES;
  readonly features: bigint;
  readonly instanceProperties: readonly InstanceProperty[];
  readonly #host: VirtioHost;
  readonly #board: BalloonPorts;
  readonly #statistics = new BalloonStatistics();
  /** Polls in virtual time: a stopped guest has nothing to tell. */
  readonly #poll: DeviceTimer;
  readonly #withdraw: () => void;
  #wantedPages = 0;
  #actualPages = 0;
  /** Seconds; 0: statistics are not asked for. */
  #interval = 0;
  /** The buffer that the guest has its statistics in: to be given back when new ones are wanted. */
  #report: Chain | undefined;

  constructor(host: VirtioHost, board: BalloonPorts, deflateOnOom: boolean) {
    this.#host = host;
    this.#board = board;
    this.features = featureBits(F_STATS_VQ) | (deflateOnOom ? featureBits(F_DEFLATE_ON_OOM) : 0n);
    this.#poll = board.clocks.virtual.timer(() => this.#askForReport());
    this.#withdraw = board.addBalloon(this);
    this.instanceProperties = [
      { name: 'guest-stats', type: 'guest statistics', get: () => this.#statistics.toJson() },
      {
        name: 'guest-stats-polling-interval',
        type: 'int',
        get: () => this.#interval,
        set: (value) => this.#setInterval(pollingInterval(value)),
      },
    ];
  }

  get actual(): number {
    return this.#board.ramBytes - this.#actualPages * PAGE_BYTES;
  }

  setTarget(bytes: number): void {
    const { ramBytes } = this.#board;
    this.#wantedPages = Math.floor((ramBytes - Math.min(bytes, ramBytes)) / PAGE_BYTES);
    this.#host.configChanged();
  }

  readConfig(): Uint8Array {
    const space = new Uint8Array(CONFIG_BYTES);
    space.set(littleEndian(this.#wantedPages, PFN_BYTES), 0);
    space.set(littleEndian(this.#actualPages, PFN_BYTES), ACTUAL);
    return space;
  }

  /** The driver writes how many pages it has given (5.5.6.1). Some write it byte by byte. */
  writeConfig(offset: number, bytes: Uint8Array): void {
    const space = this.readConfig();
    if (offset < ACTUAL || offset + bytes.length > CONFIG_BYTES) {
      return;
    }
    space.set(bytes, offset);
    const pages = new DataView(space.buffer).getUint32(ACTUAL, true);
    if (pages !== this.#actualPages) {
      this.#actualPages = Math.min(pages, Math.floor(this.#board.ramBytes / PAGE_BYTES));
      this.#board.machine.emit('BALLOON_CHANGE', { actual: this.actual });
    }
  }

  notified(queue: number): void {
    if (queue === STATISTICS) {
      this.#takeReports();
    } else {
      this.#takePages(queue);
    }
  }

  reset(): void {
    this.#actualPages = 0;
    this.#report = undefined;
    this.#statistics.reset();
  }

  save(): DeviceState {
    return {
      wantedPages: this.#wantedPages,
      actualPages: this.#actualPages,
      statistics: this.#statistics.save(),
    };
  }

  restore(state: DeviceState): void {
    const saved = fieldsOf(state);
    this.#wantedPages = saved.number('wantedPages');
    this.#actualPages = saved.number('actualPages');
    this.#statistics.restore(saved.state('statistics'));
  }

  /** The only chain that is ever held is a report. */
  resume(_queue: number, chain: Chain): void {
    this.#report = chain;
  }

  unrealize(): void {
    this.#poll.cancel();
    this.#withdraw();
  }

  #takePages(index: number): void {
    const queue = this.#host.queue(index);
    queue.drain((chain) => {
      if (index === INFLATE) {
        discardPages(this.#host.guest, chain);
      }
      queue.give(chain, 0);
      return true;
    });
    queue.announce();
  }

  /** A second report without a request: the first is given back. */
  #takeReports(): void {
    const queue = this.#host.queue(STATISTICS);
    queue.drain((chain) => {
      this.#returnReport();
      this.#report = chain;
      const report = readSegments(this.#host.guest, chain.readable, 0, MOST_REPORT_BYTES);
      // The first buffer of a driver may come before it has anything to tell.
      if (report.length > 0) {
        this.#statistics.update(report, Math.floor(this.#board.clocks.host.now() / NS_PER_SECOND));
      }
      return true;
    });
    this.#schedule();
  }

  #setInterval(seconds: number): void {
    this.#interval = seconds;
    if (seconds === 0) {
      this.#poll.cancel();
    } else {
      this.#poll.arm(this.#board.clocks.virtual.now());
    }
  }

  #schedule(): void {
    if (this.#interval > 0) {
      this.#poll.arm(this.#board.clocks.virtual.now() + this.#interval * NS_PER_SECOND);
    }
  }

  #askForReport(): void {
    this.#returnReport();
    this.#schedule();
  }

  #returnReport(): void {
    if (this.#report !== undefined && this.#host.isLive(STATISTICS)) {
      const queue = this.#host.queue(STATISTICS);
      queue.give(this.#report, 0);
      queue.announce();
      this.#report = undefined;
    }
  }
}

function discardPages(guest: GuestMemory, chain: Chain): void {
  const list = readSegments(guest, chain.readable, 0, MOST_PFNS * PFN_BYTES);
  const view = new DataView(list.buffer);
  for (let at = 0; at + PFN_BYTES <= list.length; at += PFN_BYTES) {
    guest.write(view.getUint32(at, true) * PAGE_BYTES, ZEROS);
  }
}
