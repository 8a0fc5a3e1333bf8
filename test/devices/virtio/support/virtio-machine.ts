/** A fake board with one virtio device and a driver that has found it. */
import { createFakeBoard, type FakeBoard } from '../../support/fake-board.ts';
import { DriverQueue } from './driver-queue.ts';
import { type DriverTransport, LegacyTransport, ModernTransport } from './driver-transport.ts';
import { FakePciFunction } from './fake-pci-function.ts';

export const STATUS_ACKNOWLEDGE = 1;
export const STATUS_DRIVER = 2;
export const STATUS_DRIVER_OK = 4;
export const STATUS_FEATURES_OK = 8;
export const STATUS_NEEDS_RESET = 0x40;
export const VERSION_1 = 1n << 32n;
export const EVENT_IDX = 1n << 29n;
export const INDIRECT_DESC = 1n << 28n;
export const NOTIFY_ON_EMPTY = 1n << 24n;

/** RAM that drivers take from; the fake board's has 1 MiB by default. */
const FIRST_FREE = 0x1000;
const RAM_BYTES = 4 * 1024 * 1024;

export const TRANSPORTS = ['legacy', 'modern'] as const;

export function virtioBoard(): FakeBoard {
  return createFakeBoard({
    ramBytes: RAM_BYTES,
    createPciFunction: (board, identity, intx) => new FakePciFunction(board, identity, intx),
  });
}

/** The function that the device on this board has claimed. */
export function functionOf(board: FakeBoard): FakePciFunction {
  const [pci] = board.functions;
  if (!(pci instanceof FakePciFunction)) throw new Error('No device has claimed a PCI function');
  return pci;
}

export class VirtioMachine {
  readonly board: FakeBoard;
  readonly pci: FakePciFunction;
  readonly transport: DriverTransport;
  #free = FIRST_FREE;

  /** @param board one on which a device has claimed its function */
  constructor(kind: 'legacy' | 'modern', board: FakeBoard) {
    this.board = board;
    this.pci = functionOf(board);
    this.transport =
      kind === 'legacy' ? new LegacyTransport(board, this.pci) : new ModernTransport(board, this.pci);
  }

  /** Guest RAM for the driver. */
  readonly take = (bytes: number, align = 16): number => {
    const address = Math.ceil(this.#free / align) * align;
    this.#free = address + bytes;
    if (this.#free > RAM_BYTES) throw new Error('The driver has no RAM left');
    return address;
  };

  /** 3.1.1 up to the queues. `refuse` are features that the driver does not want. */
  negotiate(refuse = 0n): bigint {
    const { transport } = this;
    transport.status = 0;
    transport.status = STATUS_ACKNOWLEDGE;
    transport.status = STATUS_ACKNOWLEDGE | STATUS_DRIVER;
    const features = transport.offered() & ~refuse;
    transport.accept(features);
    if (transport.kind === 'modern') {
      transport.status = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK;
      if ((transport.status & STATUS_FEATURES_OK) === 0) throw new Error('The device refuses the features');
    }
    return features;
  }

  queue(index: number, size?: number): DriverQueue {
    return new DriverQueue(this.board, this.transport, index, this.take, size);
  }

  /** The last step of 3.1.1. */
  start(): void {
    this.transport.status = this.transport.status | STATUS_DRIVER_OK;
  }
}
