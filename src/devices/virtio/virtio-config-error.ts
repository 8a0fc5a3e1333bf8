import { TroupeError } from '../../errors/troupe-error.ts';

/** Properties that do not make a working virtio device. */
export class VirtioConfigError extends TroupeError {
  override readonly name: string = 'VirtioConfigError';

  constructor(message: string) {
    super('ERR_VIRTIO_CONFIG', message);
  }
}
