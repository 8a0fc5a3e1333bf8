/** The board as its firmware sees it. */
import type { Platform } from '../firmware/firmware-contract.ts';
import { bootPaths } from './boot-paths.ts';
import type { PcBoard } from './pc-board.ts';

export function platformOf(board: PcBoard): Platform {
  const { ports, guest, memory, presentCpus } = board.hardware;
  return {
    readPort: (port, size) => ports.read(port, size),
    writePort: (port, size, value) => ports.write(port, size, value),
    readMemory: (address, bytes) => guest.read(address, bytes),
    writeMemory: (address, bytes) => guest.write(address, bytes),
    ram: (address, bytes) => {
      const [piece, ...more] = guest.pieces(address, bytes, true) ?? [];
      if (piece === undefined || more.length > 0) return undefined;
      return new Uint8Array(memory.buffer, piece.host, piece.bytes);
    },
    noteWrite: (address, bytes) => guest.noteWrite(guest.pieces(address, bytes, true) ?? []),
    isCpuPresent: (index) => presentCpus.has(index),
    bootPaths: () => bootPaths(board.factory),
    removableSlots: () => board.removableSlots(),
  };
}
