/** Every device class of this version: what -device, device-list-properties and the boards choose from. A line each. */
import type { AnyDeviceClass } from './device-class.ts';
import { isaParallel } from './isa/isa-parallel.ts';
import { isaSerial } from './isa/isa-serial.ts';

export const DEVICE_CLASSES: readonly AnyDeviceClass[] = [isaSerial, isaParallel];
