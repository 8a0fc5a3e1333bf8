/** GET CONFIGURATION of a drive that reads CDs and DVDs (MMC-5, 5.2 and 6.6). */
import { field } from './big-endian.ts';

export const PROFILE_NONE = 0x0000;
export const PROFILE_CD_ROM = 0x0008;
export const PROFILE_DVD_ROM = 0x0010;

const CURRENT = 0x01;
const PERSISTENT = 0x02;
const VERSION_1 = 0x04;
const VERSION_2 = 0x08;
const ATAPI_INTERFACE = 2;
/** Tray that the drive can open, lock, and that is not locked after power-on. */
const TRAY = 0x29;
const BLOCK_BYTES = 2048;

interface Feature {
  readonly code: number;
  readonly flags: number;
  readonly current: boolean;
  readonly body: readonly number[];
}

function features(profile: number): Feature[] {
  const hasMedium = profile !== PROFILE_NONE;
  const isCd = profile === PROFILE_CD_ROM;
  const isDvd = profile === PROFILE_DVD_ROM;
  const listed = (code: number, current: boolean) => [...field(code, 2), current ? CURRENT : 0, 0];
  return [
    {
      code: 0x0000,
      flags: PERSISTENT,
      current: true,
      body: [...listed(PROFILE_DVD_ROM, isDvd), ...listed(PROFILE_CD_ROM, isCd)],
    },
    {
      code: 0x0001,
      flags: PERSISTENT | VERSION_2,
      current: true,
      body: [...field(ATAPI_INTERFACE, 4), 0, 0, 0, 0],
    },
    { code: 0x0002, flags: PERSISTENT | VERSION_1, current: true, body: [0, 0, 0, 0] },
    { code: 0x0003, flags: PERSISTENT, current: true, body: [TRAY, 0, 0, 0] },
    {
      code: 0x0010,
      flags: 0,
      current: hasMedium,
      body: [...field(BLOCK_BYTES, 4), ...field(1, 2), 0, 0],
    },
    { code: 0x001e, flags: VERSION_2, current: isCd, body: [0, 0, 0, 0] },
    { code: 0x001f, flags: VERSION_1, current: isDvd, body: [0, 0, 0, 0] },
  ];
}

/**
 * The features from `first` on.
 * @param selection RT: 0 all, 1 those that are current, 2 that one only
 */
export function configuration(profile: number, first: number, selection: number): Uint8Array {
  const chosen = features(profile).filter(({ code, current }) => {
    if (selection === 2) return code === first;
    return code >= first && (selection !== 1 || current);
  });
  const descriptors = chosen.flatMap(({ code, flags, current, body }) => [
    ...field(code, 2),
    flags | (current ? CURRENT : 0),
    body.length,
    ...body,
  ]);
  const header = [0, 0, ...field(profile, 2)];
  return Uint8Array.from([...field(header.length + descriptors.length, 4), ...header, ...descriptors]);
}
