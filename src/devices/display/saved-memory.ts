/** Video memory in a saved state: most of it is usually zeros, so it is packed. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { DeviceState } from '../device-class.ts';
import { DeviceStateError } from '../saved-state.ts';

const FASTEST = 1;

export function packMemory(view: Uint8Array): Uint8Array {
  // A copy: other threads write shared memory meanwhile.
  return Uint8Array.from(deflateRawSync(Uint8Array.from(view), { level: FASTEST }));
}

/** @throws DeviceStateError when it is no packed memory of that size */
export function unpackMemory(view: Uint8Array, packed: DeviceState | undefined, device: string): void {
  const bytes = packed instanceof Uint8Array ? inflateRawSync(packed) : undefined;
  if (bytes?.length !== view.length) {
    throw new DeviceStateError(
      'ERR_DEVICE_STATE',
      `The saved state of ${device} has ${bytes?.length ?? 'no'} bytes of video memory, expected: ${view.length}`,
    );
  }
  view.set(bytes);
}

/** The fields of a saved state; none when it is no record. */
export function fieldsOf(state: DeviceState): { readonly [field: string]: DeviceState } {
  const isRecord = typeof state === 'object' && !Array.isArray(state) && !(state instanceof Uint8Array);
  return isRecord ? (state as { readonly [field: string]: DeviceState }) : {};
}
