import { TroupeError } from '../errors/troupe-error.ts';

/** A CPU model, one of its keys or one of its features that cannot be had. Codes: ERR_CPU_MODEL, ERR_CPU_KEY, ERR_CPU_FEATURE. */
export class CpuModelError extends TroupeError {
  override readonly name = 'CpuModelError';
}
