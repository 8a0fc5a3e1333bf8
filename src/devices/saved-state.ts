/** Taking over a saved state that may come from anywhere: a snapshot, a stream, another version. */
import { TroupeError } from '../errors/troupe-error.ts';
import type { DeviceState } from './device-class.ts';

/** A saved state that does not fit its device. */
export class DeviceStateError extends TroupeError {
  override readonly name: string = 'DeviceStateError';
}

function kindOf(value: DeviceState | undefined): string {
  if (value instanceof Uint8Array) return 'bytes';
  if (Array.isArray(value)) return 'list';
  return typeof value;
}

function checked(template: DeviceState, saved: DeviceState | undefined, path: string): DeviceState {
  const expected = kindOf(template);
  const found = kindOf(saved);
  if (saved === undefined || found !== expected) {
    throw new DeviceStateError(
      'ERR_DEVICE_STATE',
      `The saved state has ${saved === undefined ? 'nothing' : `a ${found}`} for '${path}', expected: ${expected}`,
    );
  }
  if (template instanceof Uint8Array && saved instanceof Uint8Array) {
    if (template.length !== saved.length) throw wrongLength(path, template.length, saved.length);
    return saved.slice();
  }
  if (isList(template) && isList(saved)) {
    if (template.length !== saved.length) throw wrongLength(path, template.length, saved.length);
    return template.map((entry, index) => checked(entry, saved[index], `${path}[${index}]`));
  }
  if (isRecord(template) && isRecord(saved)) {
    return Object.fromEntries(
      Object.entries(template).map(([field, value]) => [
        field,
        checked(value, saved[field], `${path}.${field}`),
      ]),
    );
  }
  return saved;
}

function wrongLength(path: string, expected: number, found: number): DeviceStateError {
  return new DeviceStateError(
    'ERR_DEVICE_STATE',
    `The saved state has ${found} entries for '${path}', expected: ${expected}`,
  );
}

function isList(value: DeviceState): value is readonly DeviceState[] {
  return Array.isArray(value);
}

function isRecord(value: DeviceState): value is { readonly [field: string]: DeviceState } {
  return kindOf(value) === 'object';
}

/**
 * A fresh copy of `saved`, which must have every field of `template` with the same type; lists and byte arrays the same
 * length.
 * @param device for the message: the class's name
 * @throws DeviceStateError `ERR_DEVICE_STATE` naming the first field that does not fit
 */
export function stateLike<T extends object>(template: T, saved: DeviceState, device: string): T {
  return checked({ ...template } as unknown as DeviceState, saved, device) as unknown as T;
}

/** A copy of a record of plain fields, as a device's saved state. */
export function stateOf(record: object): DeviceState {
  return structuredClone(record) as DeviceState;
}
