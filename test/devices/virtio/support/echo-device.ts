/**
 * A virtio device for tests of the core: it answers a chain with the bytes that it reads, and keeps chains back when it is
 * told to.
 */
import type { Device, DeviceState } from '../../../../src/devices/device-class.ts';
import { readSegments, writeSegments } from '../../../../src/devices/virtio/segment-bytes.ts';
import type { VirtioHost, VirtioModel } from '../../../../src/devices/virtio/virtio-model.ts';
import { createVirtioPci } from '../../../../src/devices/virtio/virtio-pci.ts';
import type { Chain } from '../../../../src/devices/virtio/virtqueue.ts';
import type { FakeBoard } from '../../support/fake-board.ts';
import { FakePciFunction } from './fake-pci-function.ts';

export const ECHO_TYPE = 4;
export const ECHO_CONFIG = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const MOST_BYTES = 65536;

export class EchoModel implements VirtioModel {
  readonly queueSizes = [8, 8];
  readonly features = 0b101n;
  readonly host: VirtioHost;
  readonly config = Uint8Array.from(ECHO_CONFIG);
  /** Chains are kept until `answer` is called. */
  keeps = false;
  readonly kept: { queue: number; chain: Chain }[] = [];
  resets = 0;
  busy = 0;

  constructor(host: VirtioHost) {
    this.host = host;
  }

  get isIdle(): boolean {
    return this.busy === 0;
  }

  readConfig(): Uint8Array {
    return this.config;
  }

  writeConfig(offset: number, bytes: Uint8Array): void {
    if (offset + bytes.length <= this.config.length) this.config.set(bytes, offset);
  }

  notified(queue: number): void {
    this.host.queue(queue).drain((chain) => {
      this.resume(queue, chain);
      return true;
    });
  }

  resume(queue: number, chain: Chain): void {
    if (this.keeps) this.kept.push({ queue, chain });
    else this.answer(queue, chain);
  }

  answer(queue: number, chain: Chain): void {
    const { guest } = this.host;
    const bytes = readSegments(guest, chain.readable, 0, Math.min(chain.readableBytes, MOST_BYTES));
    const ring = this.host.queue(queue);
    ring.give(chain, writeSegments(guest, chain.writable, 0, bytes));
    ring.announce();
  }

  answerAll(): void {
    for (const { queue, chain } of this.kept.splice(0)) this.answer(queue, chain);
  }

  reset(): void {
    this.resets += 1;
  }

  save(): DeviceState {
    return { config: this.config.slice() };
  }

  restore(): void {}
}

export interface EchoOptions {
  readonly disableLegacy?: boolean;
  readonly disableModern?: boolean;
  readonly vectors?: number;
}

/** Makes the device; `models` gets its model. */
export function createEcho(board: FakeBoard, models: EchoModel[] = [], options: EchoOptions = {}): Device {
  const device = createVirtioPci(board, {
    type: ECHO_TYPE,
    transitionalId: 0x1005,
    classCode: 0x00ff00,
    vectors: options.vectors ?? 3,
    values: {
      indirect_desc: true,
      event_idx: true,
      'disable-legacy': options.disableLegacy ?? false,
      'disable-modern': options.disableModern ?? false,
    },
    createModel: (host) => {
      const model = new EchoModel(host);
      models.push(model);
      return model;
    },
  });
  return removable(board, device);
}

/** The device, taking its PCI function with it when it goes, as the bus does. */
export function removable(board: FakeBoard, device: Device): Device {
  return {
    reset: () => device.reset(),
    save: () => device.save(),
    restore: (state) => device.restore(state),
    unrealize: () => {
      device.unrealize?.();
      for (const each of board.functions) if (each instanceof FakePciFunction) each.remove();
    },
    ...(device.instanceProperties === undefined ? {} : { instanceProperties: device.instanceProperties }),
    ...(device.buses === undefined ? {} : { buses: device.buses }),
  };
}
