/** What GET EVENT STATUS NOTIFICATION tells of the medium (MMC-5, 6.7.2.4). Each event is told once. */
import { field } from './big-endian.ts';

const EVENT_EJECT_REQUEST = 1;
const EVENT_NEW_MEDIUM = 2;
const EVENT_MEDIUM_REMOVED = 3;
const CLASS_MEDIA = 4;
const MEDIA_BIT = 1 << CLASS_MEDIA;
const NO_EVENT_AVAILABLE = 0x80;
const TRAY_OPEN = 0x01;
const MEDIUM_PRESENT = 0x02;

export interface MediaEventState {
  pending: number;
}

export class MediaEvents {
  readonly state: MediaEventState = { pending: 0 };

  ejectRequested(): void {
    this.state.pending = EVENT_EJECT_REQUEST;
  }

  mediumCame(): void {
    this.state.pending = EVENT_NEW_MEDIUM;
  }

  mediumWent(): void {
    this.state.pending = EVENT_MEDIUM_REMOVED;
  }

  /** The answer to a poll for some classes of events. */
  poll(classes: number, drive: { readonly hasMedium: boolean; readonly trayOpen: boolean }): Uint8Array {
    if ((classes & MEDIA_BIT) === 0) {
      return Uint8Array.from([...field(2, 2), NO_EVENT_AVAILABLE, MEDIA_BIT]);
    }
    const event = this.state.pending;
    this.state.pending = 0;
    const status = (drive.trayOpen ? TRAY_OPEN : 0) | (drive.hasMedium ? MEDIUM_PRESENT : 0);
    return Uint8Array.from([...field(6, 2), CLASS_MEDIA, MEDIA_BIT, event, status, 0, 0]);
  }
}
