/** The board as the qtest protocol drives it. */
import { beat } from '../../actors/this-thread.ts';
import type { PcBoard } from '../board/pc-board.ts';
import type { QtestTarget } from './qtest-protocol.ts';

const HALF = 4;
const LOW_HALF = 0xffffffffn;

export function boardTarget(board: PcBoard): QtestTarget {
  const { ports, space, guest, clock, timers } = board.hardware;
  const readByte = (address: number): number => space.read(address, 1);
  return {
    readPort: (port, size) => ports.read(port, size),
    writePort: (port, size, value) => ports.write(port, size, value),
    readMemory: (address, bytes) =>
      guest.pieces(address, bytes, false) === undefined
        ? Uint8Array.from({ length: bytes }, (_, i) => readByte(address + i))
        : guest.read(address, bytes),
    writeMemory: (address, bytes) => {
      if (guest.pieces(address, bytes.length, true) !== undefined) guest.write(address, bytes);
      else bytes.forEach((byte, i) => void space.write(address + i, 1, byte));
    },
    readWord: (address, size) =>
      size === 8
        ? BigInt(space.read(address, HALF)) | (BigInt(space.read(address + HALF, HALF)) << 32n)
        : BigInt(space.read(address, size)),
    writeWord: (address, size, value) => {
      space.write(address, Math.min(size, HALF), Number(value & LOW_HALF));
      if (size === 8) space.write(address + HALF, HALF, Number(value >> 32n));
    },
    now: () => clock.now(),
    nextDeadline: () => {
      const next = timers.virtual.nextExpiry();
      return next === Number.POSITIVE_INFINITY ? undefined : next;
    },
    advanceTo: (ns) => {
      while (timers.virtual.nextExpiry() <= ns) {
        clock.set(Math.max(clock.now(), timers.virtual.nextExpiry()));
        timers.virtual.runDue();
        beat();
      }
      clock.set(ns);
    },
    intercept: (direction, path, changed) => board.intercept(direction, path, changed),
  };
}
