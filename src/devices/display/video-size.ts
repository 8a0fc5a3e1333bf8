import { TroupeError } from '../../errors/troupe-error.ts';

const MIB = 1024 * 1024;
const MOST_MIB = 256;

/**
 * Bytes of video memory from a `vgamem_mb` property: rounded up to a power of two, at least 1 MiB.
 * @throws TroupeError `ERR_DEVICE_VIDEO_MEMORY` past 256 MiB
 */
export function videoBytes(device: string, mebibytes: number): number {
  if (mebibytes > MOST_MIB) {
    throw new TroupeError(
      'ERR_DEVICE_VIDEO_MEMORY',
      `${device}.vgamem_mb is ${mebibytes}; expected at most ${MOST_MIB}`,
    );
  }
  return MIB * 2 ** Math.ceil(Math.log2(Math.max(1, mebibytes)));
}
