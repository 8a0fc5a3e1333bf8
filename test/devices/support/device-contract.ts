/**
 * What every device owes the board, whatever it does: it never throws at a guest, its reset is one, and its state is plain
 * data from which an equal device is built on another board.
 */
import type { TestFn } from 'ava';
import type { Device } from '../../../src/devices/device-class.ts';
import type { Claim, FakeAddressSpace } from './fake-address-space.ts';
import { createFakeBoard, type FakeBoard } from './fake-board.ts';

export interface DeviceContractOptions {
  /** For the titles. */
  readonly name: string;
  /** A fresh board with what the device needs (drives, media). A plain one when absent. */
  readonly board?: () => FakeBoard;
  readonly create: (board: FakeBoard) => Device;
  /** Brings a fresh device into a state worth keeping: registers programmed, interrupts pending, timers running. */
  readonly exercise: (board: FakeBoard) => void;
  /** Ports or addresses that the suite leaves alone, because reading or writing them ends more than the device. */
  readonly skip?: (space: 'ports' | 'memory', address: number) => boolean;
}

const SIZES = [1, 2, 4] as const;
/** Of a large region only its beginning is swept. */
const SWEPT_BYTES = 4096;
const LATER_NS = 1_500_000_000;

/** A small linear congruential generator: the same bytes in every run. */
function pseudoRandom(): () => number {
  let seed = 12345;
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed;
  };
}

function addresses(claims: readonly Claim[]): number[] {
  const swept = claims.flatMap(({ first, bytes }) =>
    Array.from({ length: Math.min(bytes, SWEPT_BYTES) }, (_, offset) => first + offset),
  );
  return [...new Set(swept)].sort((a, b) => a - b);
}

/** Registers the shared tests for one device. */
export function testDeviceContract(test: TestFn, options: DeviceContractOptions): void {
  const { name, create, exercise } = options;
  const makeBoard = options.board ?? (() => createFakeBoard());
  const spaces = (board: FakeBoard): [space: 'ports' | 'memory', FakeAddressSpace][] => [
    ['ports', board.ports],
    ['memory', board.memory],
  ];
  const skipped = (space: 'ports' | 'memory', address: number): boolean =>
    options.skip?.(space, address) ?? false;

  /** Reads everything that the device has claimed. */
  const sweep = (board: FakeBoard): number[] =>
    spaces(board).flatMap(([kind, space]) =>
      addresses(space.claims)
        .filter((address) => !skipped(kind, address))
        .map((address) => space.read(address, 1)),
    );
  const levels = (board: FakeBoard): [name: string, level: boolean][] =>
    [...board.wires]
      .map(([wire, { level }]): [string, boolean] => [wire, level])
      .filter(([, level]) => level)
      .sort();

  test(`${name}: a second reset changes nothing`, (t) => {
    const board = makeBoard();
    const device = create(board);
    device.reset();
    exercise(board);
    device.reset();
    const once = device.save();
    device.reset();
    t.deepEqual(device.save(), once);
  });

  test(`${name}: a device built from the state of another is its equal, then and later`, (t) => {
    const board = makeBoard();
    const device = create(board);
    device.reset();
    exercise(board);
    const saved = structuredClone(device.save());

    const otherBoard = makeBoard();
    otherBoard.advance(board.clocks.virtual.now());
    const other = create(otherBoard);
    other.reset();
    otherBoard.guest.bytes.set(board.guest.bytes);
    other.restore(structuredClone(saved));

    t.deepEqual(other.save(), saved);
    t.deepEqual(levels(otherBoard), levels(board));
    t.deepEqual(sweep(otherBoard), sweep(board));
    board.advance(LATER_NS);
    otherBoard.advance(LATER_NS);
    t.deepEqual(levels(otherBoard), levels(board));
    t.deepEqual(other.save(), device.save());
  });

  test(`${name}: no access makes it throw`, (t) => {
    const board = makeBoard();
    const device = create(board);
    device.reset();
    const random = pseudoRandom();
    for (const [kind, space] of spaces(board)) {
      for (const address of addresses(space.claims)) {
        for (const size of SIZES) {
          const span = Array.from({ length: size }, (_, index) => address + index);
          if (span.some((touched) => skipped(kind, touched))) continue;
          t.notThrows(() => {
            space.write(address, size, random());
            space.read(address, size);
            space.write(address, size, 0xffffffff);
            space.write(address, size, 0);
          });
          board.advance(random() % 1_000_000);
        }
      }
    }
    t.notThrows(() => device.restore(structuredClone(device.save())));
  });

  test(`${name}: what is unrealized is gone`, (t) => {
    const board = makeBoard();
    const device = create(board);
    device.reset();
    exercise(board);
    device.unrealize?.();
    t.deepEqual(board.ports.claims, []);
    t.deepEqual(board.memory.claims, []);
    const { virtual, host, realtime } = board.clocks;
    t.is(virtual.armed + host.armed + realtime.armed, 0);
  });
}
