/** The time bytes of an MC146818 and what they mean, in the modes of register B (data sheet, table 3). */

const SECONDS_PER_DAY = 86400;
const MS_PER_SECOND = 1000;
const PM = 0x80;
const NOON = 12;
/** An alarm byte with both high bits set matches every value. */
const ANY = 0xc0;

/** How bytes are written. */
export interface RtcFormat {
  readonly binary: boolean;
  readonly hours24: boolean;
}

/** Values as people write them: month and day from 1, Sunday is weekday 1, hours 0 to 23, the full year. */
export interface RtcDate {
  readonly second: number;
  readonly minute: number;
  readonly hour: number;
  readonly weekday: number;
  readonly day: number;
  readonly month: number;
  readonly year: number;
}

export function encode(value: number, { binary }: RtcFormat): number {
  return binary ? value & 0xff : (Math.floor(value / 10) << 4) | (value % 10);
}

export function decode(byte: number, { binary }: RtcFormat): number {
  return binary ? byte : (byte >> 4) * 10 + (byte & 0x0f);
}

export function encodeHour(hour: number, format: RtcFormat): number {
  if (format.hours24) return encode(hour, format);
  return encode(hour % NOON === 0 ? NOON : hour % NOON, format) | (hour >= NOON ? PM : 0);
}

export function decodeHour(byte: number, format: RtcFormat): number {
  if (format.hours24) return decode(byte, format);
  return (decode(byte & ~PM, format) % NOON) + ((byte & PM) === 0 ? 0 : NOON);
}

/** The calendar of a time in seconds since 1970. */
export function dateOf(seconds: number): RtcDate {
  const date = new Date(seconds * MS_PER_SECOND);
  return {
    second: date.getUTCSeconds(),
    minute: date.getUTCMinutes(),
    hour: date.getUTCHours(),
    weekday: date.getUTCDay() + 1,
    day: date.getUTCDate(),
    month: date.getUTCMonth() + 1,
    year: date.getUTCFullYear(),
  };
}

/** Seconds since 1970 of a date; values out of range carry over, as the guest wrote them. The weekday says nothing. */
export function secondsOf({ year, month, day, hour, minute, second }: Omit<RtcDate, 'weekday'>): number {
  return Date.UTC(year, month - 1, day, hour, minute, second) / MS_PER_SECOND;
}

/** What an alarm byte asks for; undefined: any value. */
function wanted(byte: number, value: (byte: number) => number): number | undefined {
  return (byte & ANY) === ANY ? undefined : value(byte);
}

/**
 * The first second after `after` (both since 1970) that the alarm bytes match; undefined if they never do.
 * @param alarm bytes for seconds, minutes, hours
 */
export function nextAlarm(
  after: number,
  alarm: readonly [second: number, minute: number, hour: number],
  format: RtcFormat,
): number | undefined {
  const second = wanted(alarm[0], (byte) => decode(byte, format));
  const minute = wanted(alarm[1], (byte) => decode(byte, format));
  const hour = wanted(alarm[2], (byte) => decodeHour(byte, format));
  const candidates = (value: number | undefined, count: number): number[] =>
    value === undefined ? Array.from({ length: count }, (_, each) => each) : value < count ? [value] : [];
  const times = candidates(hour, 24).flatMap((h) => candidates(minute, 60).map((m) => h * 3600 + m * 60));
  const [first] = times;
  const seconds = candidates(second, 60);
  if (first === undefined || seconds[0] === undefined) return undefined;
  const timeOfDay = after % SECONDS_PER_DAY;
  for (const time of times) {
    if (time + 59 <= timeOfDay) continue;
    const match = seconds.find((each) => time + each > timeOfDay);
    if (match !== undefined) return after - timeOfDay + time + match;
  }
  return after - timeOfDay + SECONDS_PER_DAY + first + seconds[0];
}
