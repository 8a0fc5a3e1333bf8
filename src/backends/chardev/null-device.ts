/** `null`: takes everything, gives nothing. */
import { CharDeviceBase } from './char-device-base.ts';

export class NullDevice extends CharDeviceBase {
  write(): void {}
}
