/** What becomes of a failed request (behaviour.md §4.1). */
import type { DriveConfig, Outcome } from '../../block/storage-contract.ts';

export type ErrorAction = 'report' | 'ignore' | 'stop';
/** schema.json, BlockDeviceIoStatus. */
export type IoStatus = 'ok' | 'failed' | 'nospace';

const ENOSPC = 28;

type Policy = Pick<DriveConfig, 'rerror' | 'werror'>;

export function errorAction(policy: Policy, writing: boolean, outcome: Outcome): ErrorAction {
  const chosen = writing ? policy.werror : policy.rerror;
  if (chosen === 'enospc') {
    return outcome === ENOSPC ? 'stop' : 'report';
  }
  return chosen;
}

export function ioStatusOf(outcome: Outcome): IoStatus {
  return outcome === ENOSPC ? 'nospace' : 'failed';
}

/** Whether a failure can stop the machine, so that there is an io-status to show. */
export function canStop({ rerror, werror }: Policy): boolean {
  return rerror === 'stop' || werror === 'stop' || werror === 'enospc';
}
