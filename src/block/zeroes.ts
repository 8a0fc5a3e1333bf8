import type { Views } from './block-node.ts';

export function zeroViews(views: Views): void {
  for (const view of views) {
    view.fill(0);
  }
}

const ZEROES = new Uint8Array(64 * 1024);

/** Whether all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  for (let start = 0; start < bytes.length; start += ZEROES.length) {
    const part = bytes.subarray(start, start + ZEROES.length);
    if (Buffer.compare(part, ZEROES.subarray(0, part.length)) !== 0) return false;
  }
  return true;
}
