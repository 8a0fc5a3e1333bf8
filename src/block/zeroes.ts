import type { Views } from './block-node.ts';

export function zeroViews(views: Views): void {
  for (const view of views) {
    view.fill(0);
  }
}

/** Whether all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
