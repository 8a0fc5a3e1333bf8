/** `memory` (newer command lines: `ringbuf`): keeps the newest bytes that were written, for `ringbuf-read`. */
import { CharDeviceBase } from './char-device-base.ts';
import { ChardevError } from './chardev-error.ts';
import { RingBuffer } from './ring-buffer.ts';

/** Capacity in bytes beyond which a ring buffer is refused: filled, it must not end the thread for want of memory. */
export const LARGEST_RING_BYTES = 2 ** 30;

export class MemoryDevice extends CharDeviceBase {
  readonly buffer: RingBuffer;

  /** @param size capacity in bytes. Throws `ERR_CHARDEV_CONFIG` unless it is a power of two within the limit. */
  constructor(label: string, filename: string, size: number) {
    super(label, filename);
    if (size < 1 || !Number.isSafeInteger(Math.log2(size))) {
      throw new ChardevError('ERR_CHARDEV_CONFIG', 'size of memory chardev must be power of two');
    }
    if (size > LARGEST_RING_BYTES) {
      const message = `size of memory chardev must be at most ${LARGEST_RING_BYTES} bytes, not ${size}`;
      throw new ChardevError('ERR_CHARDEV_CONFIG', message);
    }
    this.buffer = new RingBuffer(size);
  }

  write(bytes: Uint8Array): void {
    this.buffer.write(bytes);
  }
}
