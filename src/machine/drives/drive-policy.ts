/** How a drive treats its data: caching, discarding, errors, limits (keys of -drive, cli.md §2). */
import type { DriveConfig } from '../../block/storage-contract.ts';
import type { OptionPair } from '../../options/option-list.ts';
import { numberValue, stringValue } from '../../options/option-values.ts';
import type { DriveInterface } from '../machine-config.ts';
import { wrongOption as wrong } from './drive-error.ts';

export type DiskPolicy = Pick<DriveConfig, 'cache' | 'aio' | 'discard' | 'rerror' | 'werror' | 'throttle'>;

type Values = readonly OptionPair[];

/** Interfaces whose front ends obey rerror and werror. */
const ERROR_POLICY_INTERFACES: readonly DriveInterface[] = ['ide', 'scsi', 'virtio', 'none'];
const DISCARD: Readonly<Record<string, DriveConfig['discard']>> = {
  ignore: 'ignore',
  off: 'ignore',
  unmap: 'unmap',
  on: 'unmap',
};

/** The value at `key` if it is one of `choices`. Throws `complaint`. */
function choose<const T extends string>(
  values: Values,
  key: string,
  choices: readonly T[],
  complaint: (value: string) => string,
): T | undefined {
  const value = stringValue(values, key);
  if (value === undefined) {
    return undefined;
  }
  const choice = choices.find((each) => each === value);
  if (choice === undefined) {
    throw wrong(complaint(value));
  }
  return choice;
}

function errorPolicy(values: Values, kind: DriveInterface): Pick<DriveConfig, 'rerror' | 'werror'> {
  for (const key of ['werror', 'rerror']) {
    if (stringValue(values, key) !== undefined && !ERROR_POLICY_INTERFACES.includes(kind)) {
      throw wrong(`${key} is not supported by this bus type`);
    }
  }
  const complaint = (direction: string) => (value: string) => `'${value}' invalid ${direction} error action`;
  return {
    werror: choose(values, 'werror', ['ignore', 'report', 'stop', 'enospc'], complaint('write')) ?? 'enospc',
    rerror: choose(values, 'rerror', ['ignore', 'report', 'stop'], complaint('read')) ?? 'report',
  };
}

function limits(values: Values): DriveConfig['throttle'] {
  const limit = (key: string) => numberValue(values, key) ?? 0;
  const throttle = {
    bps: limit('bps'),
    bpsRead: limit('bps_rd'),
    bpsWrite: limit('bps_wr'),
    iops: limit('iops'),
    iopsRead: limit('iops_rd'),
    iopsWrite: limit('iops_wr'),
  };
  const bothBytes = throttle.bps > 0 && throttle.bpsRead + throttle.bpsWrite > 0;
  const bothOperations = throttle.iops > 0 && throttle.iopsRead + throttle.iopsWrite > 0;
  if (bothBytes || bothOperations) {
    throw wrong('bps(iops) and bps_rd/bps_wr(iops_rd/iops_wr) cannot be used at the same time');
  }
  return throttle;
}

/** Throws CommandLineError with the reference's texts. */
export function diskPolicy(values: Values, kind: DriveInterface): DiskPolicy {
  const discard = choose(values, 'discard', Object.keys(DISCARD), () => 'invalid discard option');
  return {
    discard: DISCARD[discard ?? 'ignore'] ?? 'ignore',
    cache:
      choose(
        values,
        'cache',
        ['none', 'writeback', 'writethrough', 'directsync', 'unsafe'],
        () => 'invalid cache option',
      ) ?? 'writeback',
    aio: choose(values, 'aio', ['threads', 'native'], () => 'invalid aio option') ?? 'threads',
    ...errorPolicy(values, kind),
    throttle: limits(values),
  };
}
