/** The block device (VIRTIO 1.1, 5.2): requests go straight between guest RAM and the drive. */
import type { BlockBackend } from '../block-backend.ts';
import type { DeviceState } from '../device-class.ts';
import { blkConfigSpace, type DiskGeometry, defaultGeometry, WRITEBACK } from './blk-config.ts';
import { isRequest, serveRequest, writeRequestStatus } from './blk-request.ts';
import { fieldsOf } from './saved-fields.ts';
import { featureBits } from './virtio-bits.ts';
import type { VirtioHost, VirtioModel } from './virtio-model.ts';
import type { Chain } from './virtqueue.ts';

/** Feature bits (5.2.3). */
const F_SEG_MAX = 2;
const F_GEOMETRY = 4;
const F_RO = 5;
const F_BLK_SIZE = 6;
const F_FLUSH = 9;
const F_TOPOLOGY = 10;
const F_CONFIG_WCE = 11;
const F_MQ = 12;
const F_DISCARD = 13;
const F_WRITE_ZEROES = 14;
/** Descriptors of a chain that hold no data: the header and the status. */
const OVERHEAD_SEGMENTS = 2;

export interface BlkOptions {
  readonly backend: BlockBackend;
  readonly serial: string;
  readonly queues: number;
  readonly queueSize: number;
  readonly logicalBlock: number;
  readonly physicalBlock: number;
  readonly minimumIo: number;
  readonly optimalIo: number;
  readonly geometry: DiskGeometry | undefined;
  /** The driver may turn the write cache on and off. */
  readonly configWce: boolean;
  readonly discard: boolean;
  readonly writeZeroes: boolean;
}

export class BlkModel implements VirtioModel {
  readonly queueSizes: readonly number[];
  readonly features: bigint;
  readonly #host: VirtioHost;
  readonly #options: BlkOptions;
  /** The medium as the driver was told of it: whether it can be written does not change below it. */
  readonly #readOnly: boolean;
  #writeBack: boolean;
  #inFlight = 0;

  constructor(host: VirtioHost, options: BlkOptions) {
    const { backend, queues, queueSize } = options;
    this.#host = host;
    this.#options = options;
    this.#readOnly = backend.medium?.readOnly === true;
    this.#writeBack = !backend.writeThrough;
    this.queueSizes = Array.from({ length: queues }, () => queueSize);
    this.features =
      featureBits(F_SEG_MAX, F_GEOMETRY, F_BLK_SIZE, F_FLUSH, F_TOPOLOGY) |
      (this.#readOnly ? featureBits(F_RO) : 0n) |
      (options.configWce ? featureBits(F_CONFIG_WCE) : 0n) |
      (queues > 1 ? featureBits(F_MQ) : 0n) |
      (options.discard ? featureBits(F_DISCARD) : 0n) |
      (options.writeZeroes ? featureBits(F_WRITE_ZEROES) : 0n);
    backend.onMedium(() => host.configChanged());
  }

  get isIdle(): boolean {
    return this.#inFlight === 0;
  }

  readConfig(): Uint8Array {
    const { backend, queues, queueSize, geometry, ...sizes } = this.#options;
    const capacityBytes = backend.medium?.bytes ?? 0;
    return blkConfigSpace({
      ...sizes,
      capacityBytes,
      queues,
      mostSegments: queueSize - OVERHEAD_SEGMENTS,
      geometry: geometry ?? defaultGeometry(capacityBytes),
      writeBack: this.#writeBack,
    });
  }

  writeConfig(offset: number, bytes: Uint8Array): void {
    const value = bytes[WRITEBACK - offset];
    if (value !== undefined && this.#host.hasFeature(F_CONFIG_WCE)) {
      this.#setWriteBack(value !== 0);
    }
  }

  /** 5.2.5.2: a driver that knows of no flush must find its writes on disk when they are done. */
  featuresChosen(): void {
    const flushes = this.#host.hasFeature(F_FLUSH) || this.#host.hasFeature(F_CONFIG_WCE);
    this.#writeBack = flushes && !this.#options.backend.writeThrough;
  }

  notified(queue: number): void {
    this.#host.queue(queue).drain((chain) => this.#serve(queue, chain));
  }

  reset(): void {
    this.#writeBack = !this.#options.backend.writeThrough;
  }

  save(): DeviceState {
    return { writeBack: this.#writeBack };
  }

  restore(state: DeviceState): void {
    this.#writeBack = fieldsOf(state).boolean('writeBack');
  }

  resume(queue: number, chain: Chain): void {
    this.#serve(queue, chain);
  }

  /** False when the device is broken. */
  #serve(queue: number, chain: Chain): boolean {
    const { guest } = this.#host;
    if (!isRequest(chain)) {
      this.#host.fault(
        `a block request of ${chain.readableBytes} bytes with ${chain.writableBytes} for the answer`,
      );
      return false;
    }
    const ring = this.#host.queue(queue);
    this.#inFlight += 1;
    serveRequest(this.#disk(), chain, (status, written) => {
      this.#inFlight -= 1;
      if (ring.holds(chain)) {
        writeRequestStatus(guest, chain, status);
        ring.give(chain, written);
        ring.announce();
      }
    });
    return true;
  }

  #disk() {
    const { backend, logicalBlock, serial } = this.#options;
    return {
      guest: this.#host.guest,
      backend,
      logicalBlock,
      serial,
      readOnly: this.#readOnly,
      flushAfterWrite: !this.#writeBack && !backend.writeThrough,
    };
  }

  /** 5.2.6.2: what was written while there was a cache is on disk once there is none. */
  #setWriteBack(writeBack: boolean): void {
    if (this.#writeBack && !writeBack) {
      this.#options.backend.flush(() => undefined);
    }
    this.#writeBack = writeBack;
  }
}
