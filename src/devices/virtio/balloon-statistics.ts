/** What a guest reports of its memory (VIRTIO 1.1, 5.5.6.3), and the properties that clients read it by. */
import { TroupeError } from '../../errors/troupe-error.ts';
import type { QmpJson } from '../../qapi/json-value.ts';
import type { DeviceState } from '../device-class.ts';
import { integerFromJson, integerToJson } from '../property-type.ts';
import { fieldsOf } from './saved-fields.ts';

/** By tag; a guest may report more, which is passed over. */
const NAMES = [
  'stat-swap-in',
  'stat-swap-out',
  'stat-major-faults',
  'stat-minor-faults',
  'stat-free-memory',
  'stat-total-memory',
] as const;
/** struct virtio_balloon_stat: tag and value, packed. */
const ENTRY_BYTES = 10;
const ENTRY_VALUE = 2;
/** What the guest has not reported. */
const UNKNOWN = -1n;
const LONGEST_INTERVAL_S = 0xffffffffn;
const S64_BITS = 64;

/** Bytes of a report that are looked at. */
export const MOST_REPORT_BYTES = ENTRY_BYTES * 64;

export class BalloonStatistics {
  readonly #values: bigint[] = NAMES.map(() => UNKNOWN);
  /** Seconds since the Unix epoch; 0: never. */
  #lastUpdate = 0;

  /** @param seconds since the Unix epoch */
  update(report: Uint8Array, seconds: number): void {
    this.#values.fill(UNKNOWN);
    const view = new DataView(report.buffer, report.byteOffset, report.length);
    for (let at = 0; at + ENTRY_BYTES <= report.length; at += ENTRY_BYTES) {
      const tag = view.getUint16(at, true);
      if (tag < NAMES.length) {
        this.#values[tag] = view.getBigUint64(at + ENTRY_VALUE, true);
      }
    }
    this.#lastUpdate = seconds;
  }

  /** @throws TroupeError `ERR_BALLOON_STATISTICS` before the first report */
  toJson(): QmpJson {
    if (this.#lastUpdate === 0) {
      throw new TroupeError('ERR_BALLOON_STATISTICS', "guest hasn't updated any stats yet");
    }
    const stats = Object.fromEntries(
      NAMES.map((name, tag) => [name, integerToJson(BigInt.asIntN(S64_BITS, this.#values[tag] ?? UNKNOWN))]),
    );
    return { stats, 'last-update': this.#lastUpdate };
  }

  reset(): void {
    this.#values.fill(UNKNOWN);
    this.#lastUpdate = 0;
  }

  save(): DeviceState {
    return { values: [...this.#values], lastUpdate: this.#lastUpdate };
  }

  restore(state: DeviceState): void {
    const saved = fieldsOf(state);
    for (const [tag, value] of saved.list('values').entries()) {
      this.#values[tag] = typeof value === 'bigint' ? value : UNKNOWN;
    }
    this.#lastUpdate = saved.number('lastUpdate');
  }
}

/**
 * Seconds between two requests for statistics; 0 for none.
 * @throws TroupeError `ERR_BALLOON_STATISTICS` out of range, PropertyError when it is no integer
 */
export function pollingInterval(value: QmpJson): number {
  const seconds = integerFromJson(value, {
    typeName: 'virtio-balloon-pci',
    property: 'guest-stats-polling-interval',
  });
  if (seconds < 0n) {
    throw new TroupeError('ERR_BALLOON_STATISTICS', 'timer value must be greater than zero');
  }
  if (seconds > LONGEST_INTERVAL_S) {
    throw new TroupeError('ERR_BALLOON_STATISTICS', 'timer value is too big');
  }
  return Number(seconds);
}
