import { TroupeError } from '../errors/troupe-error.ts';

/** Something was asked of a vCPU that it cannot do now, or a state that is not its own. */
export class VcpuError extends TroupeError {
  override readonly name = 'VcpuError';
}
