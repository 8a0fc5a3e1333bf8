/** A virtio device on the real PCI bus: found, placed and interrupted from as firmware and drivers do it. */
import test from 'ava';
import { PciBus } from '../../../src/devices/pci/pci-bus.ts';
import type { PciPorts } from '../../../src/devices/pci/pci-contract.ts';
import { virtioBlkPci } from '../../../src/devices/virtio/virtio-blk-pci.ts';
import { createFakeBoard } from '../support/fake-board.ts';
import { valuesFor } from './support/property-values.ts';

const DEVFN = 4 << 3;
const COMMAND = 4;
const IO_MEMORY_MASTER = 7;
const BAR0 = 0x10;
const CAPABILITIES = 0x34;
const MSIX = 0x11;
const VENDOR = 9;

function blkOnBus() {
  const board = createFakeBoard();
  board.drive('d').insert(new Uint8Array(512 * 8));
  const lines: string[] = [];
  const bus = new PciBus({
    ...board,
    mapBar: ({ bytes, backing, name, kind }, address) => {
      if (!('handler' in backing)) throw new Error('A virtio device maps no memory of its own');
      return (kind === 'io' ? board.ports : board.memory).claim(address, bytes, backing.handler, { name });
    },
    keepRom: () => 0,
    setPciLine: (line: number, asserted: boolean) => lines.push(`${line} ${asserted ? 'up' : 'down'}`),
    attach: () => undefined,
  });
  const values = valuesFor(virtioBlkPci, { addr: DEVFN, drive: 'd' });
  const ports = bus.plug(board, values, 'virtio-blk-pci') as PciPorts;
  const device = virtioBlkPci.create(ports, values as Parameters<typeof virtioBlkPci.create>[1]);
  const read = (offset: number, size: number): number => bus.readConfig(DEVFN, offset, size);
  const write = (offset: number, size: number, value: number): void =>
    bus.writeConfig(DEVFN, offset, size, value);
  const capability = (id: number, matches: (at: number) => boolean = () => true): number => {
    for (let at = read(CAPABILITIES, 1); at !== 0; at = read(at + 1, 1)) {
      if (read(at, 1) === id && matches(at)) return at;
    }
    throw new Error(`There is no capability ${id}`);
  };
  return { board, bus, ports, device, lines, read, write, capability };
}

test('its header and the sizes of its base addresses are as a transitional disk has them', (t) => {
  const { read, write } = blkOnBus();
  t.is(read(0, 4), 0x10011af4);
  t.is(read(8, 4), 0x01000000);
  t.is(read(0x2c, 4), 0x00021af4);
  t.is(read(0x3d, 1), 1);
  const size = (bar: number): number => {
    write(BAR0 + 4 * bar, 4, 0xffffffff);
    return read(BAR0 + 4 * bar, 4);
  };
  t.is(size(0), 0xffffff81, '128 ports');
  t.is(size(1), 0xfffff000, 'the MSI-X table');
  t.is(size(4), 0xffffc00c, '16 KiB, 64 bits, prefetchable');
  t.is(size(5), 0xffffffff, 'the upper half of it');
});

test('with its BARs placed the driver reads the capacity, and MSI-X and INTx reach the board', (t) => {
  const { board, read, write, capability, lines, device } = blkOnBus();
  write(BAR0, 4, 0xc000);
  write(BAR0 + 4, 4, 0xfebd0000);
  write(BAR0 + 16, 4, 0xe0000000);
  write(BAR0 + 20, 4, 0);
  write(COMMAND, 2, IO_MEMORY_MASTER);
  const block = (kind: number): number => {
    const at = capability(VENDOR, (each) => read(each + 3, 1) === kind);
    t.is(read(at + 4, 1), 4);
    return 0xe0000000 + read(at + 8, 4);
  };
  t.is(board.memory.read(block(4), 4), 8);
  t.is(board.in32(0xc000 + 20), 8, 'the legacy interface shows it as well');

  board.out8(0xc000 + 18, 7);
  board.drive('d').insert(new Uint8Array(512 * 16));
  t.deepEqual(lines, ['3 up'], 'INTA of slot 4');
  t.is(board.in8(0xc000 + 19), 2);
  t.deepEqual(lines, ['3 up', '3 down']);

  const msix = capability(MSIX);
  t.is((read(msix + 2, 2) & 0x7ff) + 1, 2, 'vectors');
  write(msix + 2, 2, 0x8000);
  t.is(board.in32(0xc000 + 24), 16, 'the configuration has moved behind the vector registers');
  board.memory.write(0xfebd0000, 4, 0xfee00000);
  board.memory.write(0xfebd0008, 4, 0x41);
  board.memory.write(0xfebd000c, 4, 0);
  board.out16(0xc000 + 20, 0);
  board.drive('d').insert(new Uint8Array(512 * 32));
  t.deepEqual(board.messages, [{ address: 0xfee00000, data: 0x41 }]);
  t.is(lines.length, 2);

  device.reset();
  t.is(board.in16(0xc000 + 20), 0xffff);
});

test('a device that goes takes its ranges and its slot with it', (t) => {
  const { board, bus, ports, device, write, read } = blkOnBus();
  write(BAR0, 4, 0xc000);
  write(COMMAND, 2, IO_MEMORY_MASTER);
  device.unrealize?.();
  bus.unplug(ports);
  t.is(read(0, 4), 0xffffffff);
  t.deepEqual(board.ports.claims, []);
});
