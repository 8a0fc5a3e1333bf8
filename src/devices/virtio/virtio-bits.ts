/** Numbers that every virtio device shares (Virtual I/O Device 1.1; older ones from the 0.9.5 draft). */

/** PCI vendor of all virtio devices (4.1.2). */
export const VIRTIO_VENDOR = 0x1af4;

/** Device types (chapter 5). */
export const TYPE_BLOCK = 2;
export const TYPE_CONSOLE = 3;
export const TYPE_ENTROPY = 4;
export const TYPE_BALLOON = 5;

/** Bits of the device status that the device looks at (2.1). */
export const STATUS_DRIVER_OK = 4;
export const STATUS_FEATURES_OK = 8;
export const STATUS_NEEDS_RESET = 0x40;

/** Bits of the features that belong to no device type (chapter 6). */
export const F_NOTIFY_ON_EMPTY = 24;
export const F_ANY_LAYOUT = 27;
export const F_INDIRECT_DESC = 28;
export const F_EVENT_IDX = 29;
export const F_VERSION_1 = 32;

/** What a legacy driver alone is offered (6.3). */
export const LEGACY_FEATURES = featureBits(F_NOTIFY_ON_EMPTY, F_ANY_LAYOUT);

/** A vector register that names no MSI-X vector (4.1.5.1.2). */
export const NO_VECTOR = 0xffff;

/** The set of features with these bit numbers. */
export function featureBits(...bits: readonly number[]): bigint {
  return bits.reduce((set, bit) => set | (1n << BigInt(bit)), 0n);
}

export function hasBit(features: bigint, bit: number): boolean {
  return ((features >> BigInt(bit)) & 1n) === 1n;
}
