/** Internal snapshots as people read them: `troupe-img snapshot -l`, `info` and the monitor's `info snapshots`. */
import type { Qcow2Snapshot } from './qcow2/snapshot-table.ts';

const NS_A_MS = 1_000_000n;

function two(value: number | bigint): string {
  return String(value).padStart(2, '0');
}

/** In the host's time zone. */
function dateText(seconds: number): string {
  const date = new Date(seconds * 1000);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function clockText(ns: bigint): string {
  const ms = ns / NS_A_MS;
  const seconds = ms / 1000n;
  const clock = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`;
  return `${clock}.${String(ms % 1000n).padStart(3, '0')}`;
}

/** A head line and one for each snapshot. @param sizeText how a number of bytes is written */
export function snapshotLines(
  snapshots: readonly Qcow2Snapshot[],
  sizeText: (bytes: number) => string,
): readonly string[] {
  const line = (columns: readonly [string, string, string, string, string, string]) => {
    const [id, tag, size, date, clock, icount] = columns;
    const left = `${id.padEnd(9)} ${tag.padEnd(16)} `;
    return left + size.padStart(8) + date.padStart(20) + clock.padStart(13) + icount.padStart(11);
  };
  return [
    line(['ID', 'TAG', 'VM SIZE', 'DATE', 'VM CLOCK', 'ICOUNT']),
    ...snapshots.map(({ id, name, vmStateBytes, dateSeconds, vmClockNs, icount }) =>
      line([
        id,
        name,
        sizeText(vmStateBytes),
        dateText(dateSeconds),
        clockText(vmClockNs),
        icount === undefined ? '' : String(icount),
      ]),
    ),
  ];
}
