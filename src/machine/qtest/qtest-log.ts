/** -qtest-log: every line received (R) and sent (S), with the seconds since the protocol began. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { TroupeError } from '../../errors/troupe-error.ts';

const NS_PER_SECOND = 1e9;
const DIGITS = 6;

export interface QtestLog {
  note(direction: 'R' | 'S', line: string): void;
  close(): void;
}

const NO_LOG: QtestLog = { note: () => undefined, close: () => undefined };
/** The name that stands for no file. */
const NO_FILE = 'none';

/**
 * @param path undefined or `none`: nothing is logged
 * @param now a monotonic clock in ns
 * @throws TroupeError `ERR_QTEST_LOG` when the file cannot be opened
 */
export function openQtestLog(path: string | undefined, now: () => number): QtestLog {
  if (path === undefined || path === NO_FILE) return NO_LOG;
  let fd: number;
  try {
    fd = openSync(path, 'w');
  } catch (cause) {
    throw new TroupeError('ERR_QTEST_LOG', `The qtest log '${path}' cannot be opened`, { cause });
  }
  const began = now();
  return {
    note: (direction, line) => {
      const seconds = ((now() - began) / NS_PER_SECOND).toFixed(DIGITS);
      writeSync(fd, `[${direction} +${seconds}] ${line}\n`);
    },
    close: () => closeSync(fd),
  };
}
