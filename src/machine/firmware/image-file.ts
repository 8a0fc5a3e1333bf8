/** A kernel or an initrd on the host: kept open, so that a reset loads what the machine was started with. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { FirmwareError } from './firmware-error.ts';

export class ImageFile {
  readonly path: string;
  readonly bytes: number;
  readonly #fd: number;

  /** `option` is the option that names the file, for messages. Throws `ERR_FIRMWARE_FILE`. */
  constructor(option: string, path: string) {
    this.path = path;
    try {
      this.#fd = openSync(path, 'r');
    } catch (cause) {
      throw new FirmwareError('ERR_FIRMWARE_FILE', `${option} ${path}: cannot be opened: ${reason(cause)}`, {
        cause,
      });
    }
    const status = fstatSync(this.#fd);
    if (!status.isFile()) {
      closeSync(this.#fd);
      throw new FirmwareError('ERR_FIRMWARE_FILE', `${option} ${path}: expected a regular file`);
    }
    this.bytes = status.size;
  }

  /** Fills `target`, which may be shared memory, from `offset`. Throws `ERR_FIRMWARE_FILE` if the file has become shorter. */
  readInto(offset: number, target: Uint8Array): void {
    for (let done = 0; done < target.length; ) {
      const count = readSync(this.#fd, target, done, target.length - done, offset + done);
      if (count === 0) {
        throw new FirmwareError(
          'ERR_FIRMWARE_FILE',
          `${this.path} ends at byte ${offset + done}; ${target.length} bytes from ${offset} were expected`,
        );
      }
      done += count;
    }
  }

  /** At most `bytes` bytes from `offset`: fewer at the end of the file. */
  read(offset: number, bytes: number): Uint8Array {
    const target = new Uint8Array(Math.max(0, Math.min(bytes, this.bytes - offset)));
    this.readInto(offset, target);
    return target;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
