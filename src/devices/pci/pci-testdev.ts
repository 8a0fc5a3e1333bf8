/**
 * pci-testdev, with which hypervisors time an access to a device (QEMU's docs/specs/pci-testdev). A BAR of memory and one of
 * ports; each begins with a header that says what test is selected: which write at which offset is counted.
 */
import type { RegionHandler } from '../board-services.ts';
import { type Device, type DeviceState, defineDevice } from '../device-class.ts';
import { stateLike, stateOf } from '../saved-state.ts';
import { PCI_BUS, type PciPorts } from './pci-contract.ts';
import { pciDevice } from './pci-device.ts';

interface DeviceTest {
  readonly name: string;
  readonly bar: 'memory' | 'io';
  readonly offset: number;
  readonly data: number;
  /** Whether only writes of `data` count. */
  readonly matchesData: boolean;
}

const MEMORY_BYTES = 0x1000;
const IO_BYTES = 0x100;
/** Offsets of the header: test number, width of the access, offset, data, count, name. */
const HEADER_WIDTH = 1;
const HEADER_OFFSET = 4;
const HEADER_DATA = 8;
const HEADER_COUNT = 12;
const HEADER_NAME = 16;
const NAME_BYTES = 32;
const HEADER_BYTES = HEADER_NAME + NAME_BYTES;
const WIDTH = 1;
const DATA = 0xfa;
const WILDCARD_DATA = 0xce;

const KINDS = [
  { name: 'no-eventfd', data: DATA, matchesData: true },
  { name: 'wildcard-eventfd', data: WILDCARD_DATA, matchesData: false },
  { name: 'datamatch-eventfd', data: DATA, matchesData: true },
] as const;

/** Every test has an offset of its own, in the second half of its BAR. */
const TESTS: readonly DeviceTest[] = (['memory', 'io'] as const).flatMap((bar, group) =>
  KINDS.map(({ name, data, matchesData }, index) => ({
    name: `${bar === 'io' ? 'portio' : 'mmio'}-${name}`,
    bar,
    offset: (bar === 'io' ? IO_BYTES : MEMORY_BYTES) / 2 + group * KINDS.length + index,
    data,
    matchesData,
  })),
);
const NO_TEST = -1;

const POWER_ON = { test: NO_TEST, count: 0 };

class PciTestdev implements Device {
  #state = { ...POWER_ON };

  constructor(ports: PciPorts) {
    const made = ports.pci({ vendor: 0x1b36, device: 0x0005, classCode: 0x00ff00 });
    made.bar(0, { kind: 'memory', bytes: MEMORY_BYTES, name: 'pci-testdev-mmio' }, this.#backing('memory'));
    made.bar(1, { kind: 'io', bytes: IO_BYTES, name: 'pci-testdev-portio' }, this.#backing('io'));
  }

  reset(): void {
    this.#state = { ...POWER_ON };
  }

  save(): DeviceState {
    return stateOf(this.#state);
  }

  restore(state: DeviceState): void {
    this.#state = stateLike(POWER_ON, state, pciTestdev.name);
  }

  #backing(bar: DeviceTest['bar']): { handler: RegionHandler } {
    return {
      handler: {
        read: (offset, size) => this.#read(offset, size),
        write: (offset, size, value) => this.#write(bar, offset, size, value),
      },
    };
  }

  #read(offset: number, size: number): number {
    const test = TESTS[this.#state.test];
    if (test === undefined || offset + size > HEADER_BYTES) return 0;
    const header = new DataView(new ArrayBuffer(HEADER_BYTES));
    header.setUint8(0, this.#state.test);
    header.setUint8(HEADER_WIDTH, WIDTH);
    header.setUint32(HEADER_OFFSET, test.offset, true);
    header.setUint32(HEADER_DATA, test.data, true);
    header.setUint32(HEADER_COUNT, this.#state.count, true);
    new TextEncoder().encodeInto(test.name, new Uint8Array(header.buffer, HEADER_NAME));
    if (size === 1) return header.getUint8(offset);
    return size === 2 ? header.getUint16(offset, true) : header.getUint32(offset, true);
  }

  #write(bar: DeviceTest['bar'], offset: number, size: number, value: number): void {
    if (offset === 0) {
      this.#select(bar, value & 0xff);
      return;
    }
    const test = TESTS[this.#state.test];
    if (test?.bar !== bar || test.offset !== offset || size !== WIDTH) return;
    if (!test.matchesData || value === test.data) this.#state.count += 1;
  }

  /** Tests are numbered from 0 in each BAR; one that is not there ends the present one. */
  #select(bar: DeviceTest['bar'], number: number): void {
    const first = bar === 'io' ? KINDS.length : 0;
    this.#state = { test: number < KINDS.length ? first + number : NO_TEST, count: 0 };
  }
}

export const pciTestdev = defineDevice({
  name: 'pci-testdev',
  parent: pciDevice,
  bus: PCI_BUS,
  description: 'PCI Test Device',
  hotpluggable: true,
  userCreatable: true,
  properties: {},
  create: (ports: PciPorts) => new PciTestdev(ports),
});
