/** A floppy drive: its head, the disk in it, and the line that tells of another disk. */
import type { BlockBackend } from '../block-backend.ts';
import { type FloppyFormat, floppyFormat } from './floppy-geometry.ts';

export interface FloppyDriveState {
  track: number;
  head: number;
  changed: boolean;
}

export class FloppyDrive {
  readonly backend: BlockBackend | undefined;
  readonly state: FloppyDriveState = { track: 0, head: 0, changed: true };

  /** @param backend undefined: no drive is connected */
  constructor(backend: BlockBackend | undefined) {
    this.backend = backend;
    backend?.describeFrontEnd({ removable: true, tray: false, ioStatus: false });
    backend?.onMedium(() => {
      this.state.changed = true;
    });
  }

  /** Undefined without a disk. */
  get format(): FloppyFormat | undefined {
    const medium = this.backend?.medium;
    return medium === undefined ? undefined : floppyFormat(medium.bytes);
  }

  get writeProtected(): boolean {
    return this.backend?.medium?.readOnly ?? false;
  }

  /** A step with a disk in the drive ends the change line (82078 data sheet, 2.1.8). */
  seek(track: number): void {
    this.state.track = track;
    if (this.format !== undefined) this.state.changed = false;
  }

  reset(): void {
    Object.assign(this.state, { track: 0, head: 0, changed: true });
  }
}
