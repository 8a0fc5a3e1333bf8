/** -rtc: the clock that the real-time clock advances by, and what it shows. */
import type { DeviceClock, DeviceClocks } from '../../devices/board-services.ts';
import type { RtcConfig } from '../machine-config.ts';

const NS_PER_MS = 1e6;
const MS_PER_MINUTE = 60_000;

export interface RtcSource {
  readonly clock: DeviceClock;
  /** Milliseconds since 1970 that are shown when the clock is at 0. */
  readonly offsetMs: number;
}

/** @param zoneMinutes what has to be added to local time for UTC, at a time in ms since 1970 */
export function rtcSource(
  { base, clock }: RtcConfig,
  clocks: DeviceClocks,
  zoneMinutes: (ms: number) => number = (ms) => new Date(ms).getTimezoneOffset(),
): RtcSource {
  const source = { host: clocks.host, rt: clocks.realtime, vm: clocks.virtual }[clock];
  const now = clocks.host.now() / NS_PER_MS;
  const shown = {
    utc: () => now,
    localtime: () => now - zoneMinutes(now) * MS_PER_MINUTE,
    date: () => (base.kind === 'date' ? base.epochMs : now),
  }[base.kind]();
  return { clock: source, offsetMs: Math.round(shown - source.now() / NS_PER_MS) };
}
