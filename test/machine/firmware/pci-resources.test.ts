import test from 'ava';
import type { PciConfig } from '../../../src/machine/firmware/direct/pci-config.ts';
import { assignPciResources } from '../../../src/machine/firmware/direct/pci-resources.ts';

interface FakeFunction {
  readonly devfn: number;
  readonly multi?: boolean;
  readonly pin?: number;
  /** By register offset: bytes, and the low bits that say what kind it is. */
  readonly bars?: Readonly<Record<number, { bytes: number; kind: number }>>;
}

/** Configuration space of functions whose BARs size as the PCI specification says. */
class FakeConfig implements Pick<PciConfig, 'read' | 'write'> {
  readonly spaces = new Map<number, DataView>();
  readonly #functions: ReadonlyMap<number, FakeFunction>;

  constructor(functions: readonly FakeFunction[]) {
    this.#functions = new Map(functions.map((one) => [one.devfn, one]));
    for (const { devfn, multi, pin = 0, bars = {} } of functions) {
      const view = new DataView(new ArrayBuffer(256));
      view.setUint16(0, 0x1af4, true);
      view.setUint8(0x0e, multi ? 0x80 : 0);
      view.setUint8(0x3d, pin);
      for (const [register, { kind }] of Object.entries(bars)) view.setUint32(Number(register), kind, true);
      this.spaces.set(devfn, view);
    }
  }

  read(devfn: number, offset: number, size: 1 | 2 | 4): number {
    const view = this.spaces.get(devfn);
    if (view === undefined) return 2 ** (8 * size) - 1;
    return size === 1
      ? view.getUint8(offset)
      : size === 2
        ? view.getUint16(offset, true)
        : view.getUint32(offset, true);
  }

  write(devfn: number, offset: number, size: 1 | 2 | 4, value: number): void {
    const view = this.spaces.get(devfn);
    if (view === undefined) return;
    const bar = this.#functions.get(devfn)?.bars?.[offset];
    const isBar = (offset >= 0x10 && offset < 0x28) || offset === 0x30;
    if (bar !== undefined) view.setUint32(offset, ((value & ~(bar.bytes - 1)) | bar.kind) >>> 0, true);
    else if (isBar) return;
    else if (size === 1) view.setUint8(offset, value);
    else if (size === 2) view.setUint16(offset, value, true);
    else view.setUint32(offset, value, true);
  }
}

const WINDOW = { first: 0xe0000000, end: 0xfec00000 };
const IO = 1;
const MEMORY = 0;
const MEMORY_64 = 4;

function assign(functions: readonly FakeFunction[]): FakeConfig {
  const config = new FakeConfig(functions);
  assignPciResources(config as unknown as PciConfig, WINDOW);
  return config;
}

test('BARs are aligned to their size, inside their window, and do not overlap', (t) => {
  const config = assign([
    { devfn: 0x10, bars: { 16: { bytes: 0x1000, kind: MEMORY }, 20: { bytes: 0x2000000, kind: MEMORY } } },
    { devfn: 0x18, bars: { 16: { bytes: 0x40, kind: IO }, 20: { bytes: 0x20000, kind: MEMORY } } },
    { devfn: 0x20, bars: { 16: { bytes: 0x20, kind: IO } } },
  ]);
  t.is(config.read(0x10, 0x14, 4), 0xe0000000);
  t.is(config.read(0x18, 0x14, 4), 0xe2000000);
  t.is(config.read(0x10, 0x10, 4), 0xe2020000);
  t.is(config.read(0x18, 0x10, 4), 0xc000 + IO);
  t.is(config.read(0x20, 0x10, 4), 0xc040 + IO);
});

test('a 64-bit BAR takes two registers and is placed below 4 GiB', (t) => {
  const config = assign([
    { devfn: 0x18, bars: { 32: { bytes: 0x4000, kind: MEMORY_64 }, 36: { bytes: 2 ** 31, kind: 0 } } },
  ]);
  t.is(config.read(0x18, 0x20, 4), 0xe0000000 + MEMORY_64);
  t.is(config.read(0x18, 0x24, 4), 0);
});

test('interrupt lines follow slot and pin, and decoding is on', (t) => {
  const pins = [1, 2, 3, 4].map((pin) => ({ devfn: 0x18 + (pin - 1), multi: true, pin }));
  const config = assign(pins);
  t.deepEqual(
    pins.map(({ devfn }) => config.read(devfn, 0x3c, 1)),
    [11, 11, 10, 10],
  );
  t.is(config.read(0x18, 4, 2), 3);
});

test('functions beyond the first are only looked for where there may be some', (t) => {
  const config = assign([{ devfn: 0x18 }, { devfn: 0x19 }]);
  t.is(config.read(0x18, 4, 2), 3);
  t.is(config.read(0x19, 4, 2), 0);
});

test('a window that is too small is an error that names the function', (t) => {
  t.throws(() => assign([{ devfn: 0x18, bars: { 16: { bytes: 0x40000000, kind: MEMORY } } }]), {
    code: 'ERR_FIRMWARE_PCI',
    message: /PCI function 3\.0 needs 1073741824 bytes of memory/,
  });
});
