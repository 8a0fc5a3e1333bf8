import test from 'ava';
import type { BaseAddress } from '../../../src/devices/pci/base-address.ts';
import type { ConfiguredFunction } from '../../../src/devices/pci/configured-function.ts';
import { PciBus } from '../../../src/devices/pci/pci-bus.ts';
import type { PciIdentity } from '../../../src/devices/pci/pci-contract.ts';
import { createFakeBoard } from '../support/fake-board.ts';

const COMMAND = 4;
const BAR0 = 0x10;
const IO_AND_MEMORY = 3;
const CARD: PciIdentity = { vendor: 0x1234, device: 0x5678, classCode: 0x020000, interruptPin: 1 };
const HANDLER = { read: () => 0, write: () => undefined };

function bench() {
  const mapped = new Map<BaseAddress, number>();
  const lines: string[] = [];
  const messages: string[] = [];
  const board = createFakeBoard();
  const bus = new PciBus({
    ...board,
    sendMessage: (address, data) => messages.push(`${address.toString(16)}=${data.toString(16)}`),
    mapBar: (bar, address) => {
      mapped.set(bar, address);
      return { remove: () => mapped.delete(bar) };
    },
    keepRom: () => 0x100000,
    setPciLine: (line, asserted) => lines.push(`${line}${asserted ? '+' : '-'}`),
    attach: () => undefined,
  });
  const card = (addr: number, identity = CARD, multifunction = false): ConfiguredFunction => {
    const ports = bus.plug(board, { addr, multifunction }, 'card');
    ports.pci(identity);
    const [made] = bus.functionsOf(ports);
    if (made === undefined) throw new Error('no function was claimed');
    return made;
  };
  const addresses = (): string[] =>
    [...mapped].map(([bar, address]) => `${bar.name}@${address.toString(16)}`);
  return { bus, card, addresses, lines, messages };
}

test('a guest finds out the size of a BAR, programs it and enables it', (t) => {
  const { bus, card, addresses } = bench();
  card(8).bar(0, { kind: 'memory', bytes: 0x1000, name: 'registers' }, { handler: HANDLER });
  bus.writeConfig(8, BAR0, 4, 0xffffffff);
  t.is(bus.readConfig(8, BAR0, 4), 0xfffff000);
  bus.writeConfig(8, BAR0, 4, 0xe0000000);
  t.deepEqual(addresses(), []);
  bus.writeConfig(8, COMMAND, 2, IO_AND_MEMORY);
  t.deepEqual(addresses(), ['registers@e0000000']);
  // Sizing again while it is enabled maps it nowhere.
  bus.writeConfig(8, BAR0, 4, 0xffffffff);
  t.deepEqual(addresses(), []);
  bus.writeConfig(8, BAR0, 4, 0xfebf0000);
  t.deepEqual(addresses(), ['registers@febf0000']);
  bus.writeConfig(8, COMMAND, 2, 0);
  t.deepEqual(addresses(), []);
});

test('each kind of BAR shows its flags and its width', (t) => {
  const { bus, card, addresses } = bench();
  const made = card(16);
  made.bar(0, { kind: 'io', bytes: 64, name: 'ports' }, { handler: HANDLER });
  made.bar(2, { kind: 'memory64', bytes: 0x4000, prefetchable: true, name: 'wide' }, { handler: HANDLER });
  made.rom(new Uint8Array(3000));
  bus.writeConfig(16, COMMAND, 2, IO_AND_MEMORY);
  bus.writeConfig(16, BAR0, 4, 0xffffffff);
  t.is(bus.readConfig(16, BAR0, 4), 0xffffffc1);
  bus.writeConfig(16, BAR0, 4, 0xc041);
  bus.writeConfig(16, 0x18, 4, 0x8000);
  bus.writeConfig(16, 0x1c, 4, 1);
  t.is(bus.readConfig(16, 0x18, 1), 0x0c);
  bus.writeConfig(16, 0x30, 4, 0xfffffffe);
  t.is(bus.readConfig(16, 0x30, 4), 0xfffff000);
  bus.writeConfig(16, 0x30, 4, 0xe0001001);
  t.deepEqual(addresses(), ['ports@c040', 'wide@100008000', 'rom@e0001000']);
});

test('what is not there reads as ones; header fields are read-only', (t) => {
  const { bus, card } = bench();
  card(8);
  t.is(bus.readConfig(24, 0, 4), 0xffffffff);
  t.is(bus.readConfig(24, 0, 2), 0xffff);
  bus.writeConfig(8, 0, 4, 0);
  t.is(bus.readConfig(8, 0, 4), 0x56781234);
  bus.writeConfig(8, 0x3c, 2, 0x070b);
  t.is(bus.readConfig(8, 0x3c, 2), 0x010b);
});

test('pins are swizzled by slot, shared, and cut off by the command register', (t) => {
  const { bus, card, lines } = bench();
  // Pin A of slots 3 and 7 is line 2.
  const [a, b] = [card(3 * 8), card(7 * 8)];
  a.intx.set(true);
  b.intx.set(true);
  a.intx.set(false);
  t.deepEqual(lines.splice(0), ['2+']);
  t.is(bus.readConfig(7 * 8, 6, 1) & 8, 8);
  bus.writeConfig(7 * 8, COMMAND, 2, 0x400);
  t.deepEqual(lines.splice(0), ['2-']);
  t.is(bus.readConfig(7 * 8, 6, 1) & 8, 8);
  bus.writeConfig(7 * 8, COMMAND, 2, 0);
  b.intx.set(false);
  t.deepEqual(lines, ['2+', '2-']);
});

test('MSI-X: a masked vector is kept pending and sent when it is unmasked', (t) => {
  const { bus, card, messages } = bench();
  const made = card(8);
  const table = made.msix(1, 3);
  const capability = bus.readConfig(8, 0x34, 1);
  t.is(bus.readConfig(8, capability, 1), 0x11);
  t.is(bus.readConfig(8, capability + 2, 2), 2);
  const backing = made.regions()[0]?.bar.backing;
  if (backing === undefined || !('handler' in backing)) throw new Error('MSI-X has no table');
  const { handler } = backing;
  table.notify(1);
  bus.writeConfig(8, capability + 2, 2, 0x8000);
  handler.write(16, 4, 0xfee01000);
  handler.write(24, 4, 0x4041);
  table.notify(1);
  t.deepEqual(messages, []);
  t.is(handler.read(0x800, 4), 2);
  handler.write(28, 4, 0);
  t.deepEqual(messages.splice(0), ['fee01000=4041']);
  t.is(handler.read(0x800, 4), 0);
  bus.writeConfig(8, capability + 2, 2, 0xc000);
  table.notify(1);
  t.deepEqual(messages, []);
  bus.writeConfig(8, capability + 2, 2, 0x8000);
  t.deepEqual(messages, ['fee01000=4041']);
});

test('slots: the first free one, no two devices in one place, and all of it gone after an unplug', (t) => {
  const { bus, card } = bench();
  t.is(card(-1).devfn, 0);
  t.is(card(-1).devfn, 8);
  t.throws(() => card(8), {
    code: 'ERR_PCI_SLOT',
    message: /slot 1 function 0 not available for card, in use/,
  });
  const made = card(-1);
  bus.release(made);
  t.is(bus.readConfig(made.devfn, 0, 2), 0xffff);
  t.is(card(-1).devfn, made.devfn);
});

test('a saved bus is restored with its mappings, pins and messages', (t) => {
  const first = bench();
  const made = first.card(8);
  made.bar(0, { kind: 'io', bytes: 16, name: 'ports' }, { handler: HANDLER });
  made.msix(1, 2);
  first.bus.writeConfig(8, BAR0, 4, 0xc001);
  first.bus.writeConfig(8, COMMAND, 2, IO_AND_MEMORY);
  made.intx.set(true);
  const state = structuredClone(first.bus.save());

  const second = bench();
  const other = second.card(8);
  other.bar(0, { kind: 'io', bytes: 16, name: 'ports' }, { handler: HANDLER });
  other.msix(1, 2);
  second.bus.restore(state);
  t.deepEqual(second.addresses(), first.addresses());
  t.deepEqual(second.lines, first.lines);
  t.deepEqual(second.bus.save(), state);
  second.bus.reset();
  t.deepEqual(second.addresses(), []);
  t.deepEqual(second.lines, ['0+', '0-']);
});
