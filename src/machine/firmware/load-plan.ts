/** What a boot protocol wants in memory, and how the kernel is entered. */
import type { ImageFile } from './image-file.ts';

export interface FileRange {
  readonly file: ImageFile;
  readonly offset: number;
}

/** `bytes` bytes at a guest-physical address. Ranges without contents are zeros. */
export interface LoadPiece {
  readonly address: number;
  readonly bytes: number;
  readonly contents: Uint8Array | FileRange | undefined;
}

/** 32-bit protected mode, flat segments, interrupts and paging off. */
export interface KernelEntry {
  readonly eip: number;
  readonly eax: number;
  readonly ebx: number;
  readonly esi: number;
}

export interface LoadPlan {
  readonly pieces: readonly LoadPiece[];
  readonly entry: KernelEntry;
}

export function bytesPiece(address: number, contents: Uint8Array): LoadPiece {
  return { address, bytes: contents.length, contents };
}

export function filePiece(address: number, file: ImageFile, offset: number, bytes: number): LoadPiece {
  return { address, bytes, contents: { file, offset } };
}
