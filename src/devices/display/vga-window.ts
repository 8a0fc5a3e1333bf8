/**
 * The window at A0000H-BFFFFH: where it answers, and when it is plain memory that vCPUs may map.
 */
import type { BoardServices, Region, RegionHandler } from '../board-services.ts';
import * as vga from './vga-registers.ts';
import type { VgaState } from './vga-state.ts';

export const WINDOW_FIRST = 0xa0000;
export const WINDOW_BYTES = 0x20000;
const ALL_PLANES = 0x0f;
const ALL_BITS = 0xff;
const FUNCTION_MASK = 0x18;

/** GR6 bits 2 and 3: which part of the window answers, counted from A0000. */
const PARTS: readonly { readonly first: number; readonly bytes: number }[] = [
  { first: 0x00000, bytes: 0x20000 },
  { first: 0x00000, bytes: 0x10000 },
  { first: 0x10000, bytes: 0x08000 },
  { first: 0x18000, bytes: 0x08000 },
];

/** A part of the window as a piece of video memory. */
export interface WindowMapping {
  /** From A0000 on. */
  readonly first: number;
  readonly bytes: number;
  /** Offset in video memory. */
  readonly offset: number;
}

export function windowPart({ gr }: VgaState): { readonly first: number; readonly bytes: number } {
  const part = PARTS[((gr[vga.GR_MISC] ?? 0) >> vga.GR_MISC_MAP_SHIFT) & vga.GR_MISC_MAP_MASK];
  return part ?? { first: 0, bytes: WINDOW_BYTES };
}

/** Whether reads give bytes as they lie in memory and writes change nothing but the byte written (256-colour modes). */
export function isPlainChain4({ sr, gr }: VgaState): boolean {
  return (
    ((sr[vga.SR_MEMORY_MODE] ?? 0) & vga.MEMORY_MODE_CHAIN_4) !== 0 &&
    (sr[vga.SR_MAP_MASK] ?? 0) === ALL_PLANES &&
    ((gr[vga.GR_MODE] ?? 0) & (vga.MODE_WRITE_MASK | vga.MODE_READ_COMPARE)) === 0 &&
    (gr[vga.GR_ENABLE_SET_RESET] ?? 0) === 0 &&
    ((gr[vga.GR_ROTATE] ?? 0) & FUNCTION_MASK) === 0 &&
    ((gr[vga.GR_ROTATE] ?? 0) & ~FUNCTION_MASK) === 0 &&
    (gr[vga.GR_BIT_MASK] ?? 0) === ALL_BITS
  );
}

/** Pieces of video memory that the guest sees directly somewhere, changed only when they have to. */
export class MappedPiece {
  readonly #ports: BoardServices;
  readonly #host: number;
  #region: Region | undefined;
  #key = '';

  /** @param host of the video memory */
  constructor(ports: BoardServices, host: number) {
    this.#ports = ports;
    this.#host = host;
  }

  /** Maps `bytes` at guest-physical `first` to video memory at `offset`; nothing when undefined. */
  set(piece: { first: number; bytes: number; offset: number } | undefined): void {
    const key = piece === undefined ? '' : `${piece.first} ${piece.bytes} ${piece.offset}`;
    if (key === this.#key) {
      return;
    }
    this.#key = key;
    this.#region?.remove();
    this.#region = piece && this.#ports.mapVideoMemory(piece.first, piece.bytes, this.#host + piece.offset);
  }
}

/** A window whose bytes are read and written one by one, lowest first. */
export function byteHandler(
  read: (offset: number) => number,
  write: (offset: number, value: number) => void,
): RegionHandler {
  return {
    read: (offset, size) => {
      let value = 0;
      for (let index = 0; index < size; index += 1) {
        value += read(offset + index) * 2 ** (8 * index);
      }
      return value;
    },
    write: (offset, size, value) => {
      for (let index = 0; index < size; index += 1) {
        write(offset + index, (value >>> (8 * index)) & 0xff);
      }
    },
  };
}
