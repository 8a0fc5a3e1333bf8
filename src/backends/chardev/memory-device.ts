/** `memory` (newer command lines: `ringbuf`): keeps the newest bytes that were written, for `ringbuf-read`. */
import { CharDeviceBase } from './char-device-base.ts';
import { ChardevError } from './chardev-error.ts';
import { RingBuffer } from './ring-buffer.ts';

export class MemoryDevice extends CharDeviceBase {
  readonly buffer: RingBuffer;

  /** @param size capacity in bytes. Throws `ERR_CHARDEV_CONFIG` unless it is a power of two that can be had. */
  constructor(label: string, filename: string, size: number) {
    super(label, filename);
    if (!Number.isSafeInteger(size) || size < 1 || !Number.isInteger(Math.log2(size))) {
      throw new ChardevError('ERR_CHARDEV_CONFIG', 'size of memory chardev must be power of two');
    }
    try {
      this.buffer = new RingBuffer(size);
    } catch (cause) {
      throw new ChardevError('ERR_CHARDEV_OPEN', 'Failed to create chardev', { cause });
    }
  }

  write(bytes: Uint8Array): void {
    this.buffer.write(bytes);
  }
}
