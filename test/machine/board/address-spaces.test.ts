import test from 'ava';
import type { RegionHandler } from '../../../src/devices/board-services.ts';
import { SHADOW_SEGMENTS } from '../../../src/devices/pci/chipset-contract.ts';
import { MappedGuestMemory } from '../../../src/machine/board/guest-memory.ts';
import { MemorySpace, PRIORITY } from '../../../src/machine/board/memory-space.ts';
import { PortSpace } from '../../../src/machine/board/port-space.ts';
import { ShadowMemory } from '../../../src/machine/board/shadow-memory.ts';
import { CPU_GROUPS_BASE, CPU_PENDING, GLOBAL_SMRAM, PENDING_FLUSH_TLB } from '../../../src/memory/layout.ts';
import { allocateMemory, planMemory } from '../../../src/memory/memory-plan.ts';
import { PhysicalMap } from '../../../src/memory/physical-map.ts';
import { Stillness } from '../../../src/memory/stillness.ts';

const MIB = 1024 * 1024;

/** Remembers accesses; reads give the offset in every byte. */
function recorder(log: string[], name: string): RegionHandler {
  return {
    read: (offset, size) => {
      log.push(`${name} r${size}@${offset}`);
      return (offset * 0x01010101) & (size === 4 ? 0xffffffff : 2 ** (size * 8) - 1);
    },
    write: (offset, size, value) => {
      log.push(`${name} w${size}@${offset}=${value.toString(16)}`);
    },
  };
}

function ports() {
  const log: string[] = [];
  let changes = 0;
  const space = new PortSpace(() => {
    changes += 1;
  });
  return { log, space, changes: () => changes, take: () => log.splice(0) };
}

test('nothing reads as ones, and the latest claim wins until it is removed', (t) => {
  const { space, log, take, changes } = ports();
  t.is(space.read(0x100, 4), 0xffffffff);
  space.claim(0x100, 8, recorder(log, 'old'), { name: 'old' });
  const region = space.claim(0x102, 1, recorder(log, 'new'), { name: 'new' });
  t.is(space.read(0x102, 1), 0);
  t.deepEqual(take(), ['new r1@0']);
  region.remove();
  t.is(space.read(0x102, 1), 2);
  t.deepEqual(take(), ['old r1@2']);
  t.is(changes(), 3);
});

test('an access belongs whole to the claim at its first byte, though another one lies over a part of it', (t) => {
  const { space, log, take } = ports();
  space.claim(0xcf8, 4, recorder(log, 'address'), { name: 'address' });
  space.claim(0xcf9, 1, recorder(log, 'reset'), { name: 'reset' });
  space.write(0xcf8, 4, 0x80000000);
  space.write(0xcf9, 1, 6);
  t.deepEqual(take(), ['address w4@0=80000000', 'reset w1@0=6']);
});

test('an access that leaves its claim is split', (t) => {
  const { space, log, take } = ports();
  space.claim(0x200, 2, recorder(log, 'a'), { name: 'a' });
  space.write(0x200, 4, 0x44332211);
  t.is(space.read(0x200, 4), 0xffff0000);
  t.deepEqual(take(), ['a w2@0=2211', 'a r2@0']);
});

test('accesses are split to the widest that a device takes, and widened to the narrowest', (t) => {
  const { space, log, take } = ports();
  space.claim(0x300, 8, recorder(log, 'byte'), { name: 'byte', widest: 1 });
  t.is(space.read(0x300, 4), 0x03020100);
  space.write(0x304, 2, 0xbbaa);
  t.deepEqual(take(), ['byte r1@0', 'byte r1@1', 'byte r1@2', 'byte r1@3', 'byte w1@4=aa', 'byte w1@5=bb']);
  space.claim(0x400, 8, recorder(log, 'dword'), { name: 'dword', narrowest: 4 });
  t.is(space.read(0x406, 1), 4);
  space.write(0x405, 1, 0x7f);
  t.deepEqual(take(), ['dword r4@4', 'dword w4@4=7f00']);
});

test('fast and posted parts are told as far as they are seen', (t) => {
  const { space, log } = ports();
  const answer = { kind: 'word', word: 0x92000 } as const;
  space.claim(0x70, 4, recorder(log, 'a'), {
    name: 'a',
    posted: true,
    fast: [
      { offset: 0, size: 1, answer },
      { offset: 2, size: 2, answer },
    ],
  });
  space.claim(0x72, 1, recorder(log, 'b'), { name: 'b' });
  t.deepEqual(space.ioEntries(), [
    { kind: 'posted', space: 'ports', first: 0x70, last: 0x71 },
    { kind: 'fast', space: 'ports', address: 0x70, size: 1, answer },
    { kind: 'posted', space: 'ports', first: 0x73, last: 0x73 },
  ]);
});

test('a claim outside the ports is refused', (t) => {
  const { space, log } = ports();
  t.throws(() => space.claim(0xffff, 2, recorder(log, 'x'), { name: 'x' }), { code: 'ERR_PORT_RANGE' });
});

/** 2 MiB of RAM with the legacy hole left out, and 128 KiB of ROM of ones before 1 MiB. */
function pc() {
  const plan = planMemory({ cpus: 1, ramBytes: 2 * MIB, romBytes: 0x20000 });
  const memory = allocateMemory(plan);
  const map = new PhysicalMap(memory);
  map.initialise(1);
  const stillness = new Stillness(memory);
  const space = new MemorySpace({ memory, map, stillness, changed: () => undefined });
  const ram = { name: 'ram', type: 'ram', priority: PRIORITY.ram } as const;
  space.back(0, 0xa0000, plan.ramBase, ram);
  space.back(MIB, MIB, plan.ramBase + MIB, ram);
  new Uint8Array(memory.buffer, plan.romBase, 0x20000).fill(0x11);
  const rom = { first: 0xe0000, last: 0xfffff, host: plan.romBase };
  space.back(rom.first, 0x20000, rom.host, { name: 'bios', type: 'rom', priority: PRIORITY.ram });
  const shadow = new ShadowMemory({ memory, space, stillness, ramHost: plan.ramBase, rom });
  const guest = new MappedGuestMemory(memory, map);
  const words = new Uint32Array(memory.buffer);
  return { plan, memory, map, space, shadow, guest, words };
}

test('RAM and ROM are mapped for vCPUs, device registers are not; a change flushes translations', (t) => {
  const { plan, map, space, words } = pc();
  t.is(map.hostAddress(0x9ffff), plan.ramBase + 0x9ffff);
  t.is(map.hostAddress(0xa0000), undefined);
  t.is(map.hostAddress(0xe0010), plan.romBase + 0x10);
  words[(CPU_GROUPS_BASE + CPU_PENDING) >> 2] = 0;
  const log: string[] = [];
  const region = space.claim(0x180000, 0x10, recorder(log, 'device'), { name: 'device' });
  t.is((words[(CPU_GROUPS_BASE + CPU_PENDING) >> 2] ?? 0) & PENDING_FLUSH_TLB, PENDING_FLUSH_TLB);
  t.is(map.hostAddress(0x180000), undefined);
  // The rest of the page is RAM still, by way of the machine.
  space.write(0x180020, 4, 0xdeadbeef);
  t.is(space.read(0x180020, 4), 0xdeadbeef);
  t.is(space.read(0x180004, 1), 4);
  t.deepEqual(log, ['device r1@4']);
  region.remove();
  t.is(map.hostAddress(0x180020), plan.ramBase + 0x180020);
});

test('shadow RAM: each of the four states of a segment', (t) => {
  const { plan, map, space, shadow, guest, memory } = pc();
  const ram = new Uint8Array(memory.buffer, plan.ramBase + 0xf0000, 0x10000);
  t.is(guest.readU8(0xf0000), 0x11);
  // Write only: the ROM is copied onto itself.
  shadow.setSegment(0, false, true);
  t.is(guest.readU8(0xf0000), 0x11);
  space.write(0xf0000, 4, 0x22222222);
  t.is(ram[0], 0x22);
  t.is(guest.readU8(0xf0000), 0x11);
  shadow.setSegment(0, true, true);
  t.is(guest.readU8(0xf0000), 0x22);
  guest.writeU8(0xf0000, 0x33);
  t.is(ram[0], 0x33);
  shadow.setSegment(0, true, false);
  t.is(guest.readU8(0xf0000), 0x33);
  guest.writeU8(0xf0000, 0x44);
  space.write(0xf0000, 1, 0x44);
  t.is(ram[0], 0x33);
  shadow.setSegment(0, false, false);
  t.is(guest.readU8(0xf0000), 0x11);
  t.is(map.hostAddress(0xf0000), plan.romBase + 0x10000);
});

test('the segments cover C0000H to FFFFFH once', (t) => {
  const { shadow, plan, map } = pc();
  for (let segment = 0; segment < SHADOW_SEGMENTS; segment++) shadow.setSegment(segment, true, true);
  for (let address = 0xc0000; address < MIB; address += 4096) {
    t.is(map.hostAddress(address), plan.ramBase + address);
  }
});

test('SMRAM is shown to everybody only while it is open', (t) => {
  const { shadow, plan, map, words } = pc();
  shadow.setSmram(true, true);
  t.is(map.hostAddress(0xb0000), plan.ramBase + 0xb0000);
  shadow.setSmram(false, true);
  t.is(map.hostAddress(0xb0000), undefined);
  t.is(words[GLOBAL_SMRAM >> 2], plan.ramBase + 0xa0000);
  shadow.setSmram(false, false);
  t.is(words[GLOBAL_SMRAM >> 2], 0);
});

test('DMA reads ones where there is no memory, crosses pages, and gives pieces that join', (t) => {
  const { guest, plan, space } = pc();
  guest.writeU64(0x9fffc, 0x1122334455667788n);
  t.is(guest.readU32(0x9fffc), 0x55667788);
  t.is(guest.readU64(0x9fffc), 0xffffffff55667788n);
  t.deepEqual(guest.read(0xa0000, 2), Uint8Array.of(0xff, 0xff));
  t.deepEqual(guest.pieces(0x1ff0, 0x2020, true), [{ host: plan.ramBase + 0x1ff0, bytes: 0x2020 }]);
  t.is(guest.pieces(0x9f000, 0x2000, false), undefined);
  t.is(guest.pieces(0xe0000, 16, true), undefined);
  t.deepEqual(guest.pieces(0xe0000, 16, false), [{ host: plan.romBase, bytes: 16 }]);
  // Two ranges of RAM that are neighbours for the guest alone.
  space.back(0x200000, 4096, plan.ramBase, { name: 'far', type: 'ram', priority: PRIORITY.ram });
  t.deepEqual(guest.pieces(0x1ffff0, 0x20, true), [
    { host: plan.ramBase + 0x1ffff0, bytes: 0x10 },
    { host: plan.ramBase, bytes: 0x10 },
  ]);
});
