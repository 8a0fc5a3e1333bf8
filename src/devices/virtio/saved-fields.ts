/** Reading saved state whose lists have any length: fields by name and type (`stateLike` is for state of one shape). */
import type { DeviceState } from '../device-class.ts';
import { DeviceStateError } from '../saved-state.ts';

export interface SavedFields {
  number(name: string): number;
  boolean(name: string): boolean;
  text(name: string): string;
  bigint(name: string): bigint;
  bytes(name: string): Uint8Array;
  numbers(name: string): readonly number[];
  list(name: string): readonly DeviceState[];
  state(name: string): DeviceState;
}

/** @throws DeviceStateError, as its members do, when the state is not what is read from it */
export function fieldsOf(state: DeviceState): SavedFields {
  if (typeof state !== 'object' || Array.isArray(state) || state instanceof Uint8Array) {
    throw notA('.', 'record');
  }
  const fields = new Map(Object.entries(state));
  const field = <T extends DeviceState>(
    name: string,
    expected: string,
    matches: (value: DeviceState) => value is T,
  ): T => {
    const value = fields.get(name);
    if (value === undefined || !matches(value)) {
      throw notA(name, expected);
    }
    return value;
  };
  const isList = (value: DeviceState): value is readonly DeviceState[] => Array.isArray(value);
  const isNumber = (value: DeviceState): value is number => typeof value === 'number';
  return {
    number: (name) => field(name, 'number', isNumber),
    boolean: (name) => field(name, 'boolean', (value): value is boolean => typeof value === 'boolean'),
    text: (name) => field(name, 'text', (value): value is string => typeof value === 'string'),
    bigint: (name) => field(name, '64-bit integer', (value): value is bigint => typeof value === 'bigint'),
    bytes: (name) =>
      field(name, 'string of bytes', (value): value is Uint8Array => value instanceof Uint8Array),
    numbers: (name) =>
      field(
        name,
        'list of numbers',
        (value): value is readonly number[] => isList(value) && value.every(isNumber),
      ),
    list: (name) => field(name, 'list', isList),
    state: (name) => field(name, 'state', (value): value is DeviceState => value !== undefined),
  };
}

function notA(field: string, expected: string): DeviceStateError {
  return new DeviceStateError('ERR_DEVICE_STATE', `Field '${field}' of the saved state is not a ${expected}`);
}
