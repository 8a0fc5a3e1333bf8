/** Every device class of this version: what -device, device-list-properties and the boards choose from. A line each. */
import type { AnyDeviceClass } from './device-class.ts';

export const DEVICE_CLASSES: readonly AnyDeviceClass[] = [];
