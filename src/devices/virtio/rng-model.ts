/** The entropy device (VIRTIO 1.1, 5.4): buffers that the guest gives are filled with random bytes. */
import type { EntropySource } from '../../backends/entropy/entropy-source.ts';
import type { DeviceClock, DeviceTimer } from '../board-services.ts';
import type { DeviceState } from '../device-class.ts';
import { fieldsOf } from './saved-fields.ts';
import { writeSegments } from './segment-bytes.ts';
import type { VirtioHost, VirtioModel } from './virtio-model.ts';
import type { Chain, Virtqueue } from './virtqueue.ts';

const QUEUE_SIZE = 8;
const QUEUE = 0;
/** Bytes put into one chain, whatever its size: 5.4.6.2 asks for one at least. */
const MOST_BYTES = 65536;
/** When a source that had nothing is asked again. */
const RETRY_NS = 10e6;
const NS_PER_MS = 1e6;

export interface RngOptions {
  readonly source: EntropySource;
  /** Virtual time. */
  readonly clock: DeviceClock;
  /** Bytes that the guest gets in each period of `periodMs` milliseconds. */
  readonly maxBytes: number;
  readonly periodMs: number;
}

export class RngModel implements VirtioModel {
  readonly queueSizes = [QUEUE_SIZE];
  readonly features = 0n;
  readonly #host: VirtioHost;
  readonly #options: RngOptions;
  /** Runs while a period does. */
  readonly #period: DeviceTimer;
  readonly #retry: DeviceTimer;
  #quota: number;
  /** A chain that waits for the source. */
  #waiting: Chain | undefined;

  constructor(host: VirtioHost, options: RngOptions) {
    this.#host = host;
    this.#options = options;
    this.#quota = options.maxBytes;
    this.#period = options.clock.timer(() => {
      this.#quota = options.maxBytes;
      this.#serve();
    });
    this.#retry = options.clock.timer(() => this.#serve());
  }

  readConfig(): Uint8Array {
    return new Uint8Array(0);
  }

  writeConfig(): void {}

  notified(): void {
    this.#serve();
  }

  resume(_queue: number, chain: Chain): void {
    this.#waiting = chain;
    this.#serve();
  }

  /** The quota is the host's: a reset does not give the guest a new one. */
  reset(): void {
    this.#retry.cancel();
    this.#waiting = undefined;
  }

  save(): DeviceState {
    return { quota: this.#quota, periodEnd: this.#period.expiresAt ?? -1 };
  }

  restore(state: DeviceState): void {
    const saved = fieldsOf(state);
    this.#quota = saved.number('quota');
    const end = saved.number('periodEnd');
    if (end >= 0) {
      this.#period.arm(end);
    } else {
      this.#period.cancel();
    }
  }

  unrealize(): void {
    this.#period.cancel();
    this.#options.source.close();
  }

  #serve(): void {
    if (!this.#host.isLive(QUEUE) || this.#quota === 0) {
      return;
    }
    const queue = this.#host.queue(QUEUE);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined || this.#fill(queue, waiting)) {
      queue.drain((chain) => this.#fill(queue, chain));
    }
    queue.announce();
  }

  /** False: no further chain can be served now. */
  #fill(queue: Virtqueue, chain: Chain): boolean {
    const { source, clock, maxBytes, periodMs } = this.#options;
    const buffer = new Uint8Array(Math.min(chain.writableBytes, MOST_BYTES, this.#quota));
    const bytes = source.fill(buffer);
    if (bytes === 0 && buffer.length > 0) {
      this.#waiting = chain;
      this.#retry.arm(clock.now() + RETRY_NS);
      return false;
    }
    queue.give(chain, writeSegments(this.#host.guest, chain.writable, 0, buffer.subarray(0, bytes)));
    if (Number.isSafeInteger(maxBytes)) {
      this.#quota -= bytes;
      if (this.#period.expiresAt === undefined) {
        this.#period.arm(clock.now() + periodMs * NS_PER_MS);
      }
    }
    return this.#quota > 0;
  }
}
