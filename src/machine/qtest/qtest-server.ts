/** The qtest protocol on a character device. */
import type { CharacterPort } from '../../devices/character-port.ts';
import type { QtestLog } from './qtest-log.ts';
import { QtestProtocol, type QtestTarget } from './qtest-protocol.ts';

/** Longest line: a `write` of a few MiB. */
const MOST_CHARACTERS = 16 * 1024 * 1024;
const CHUNK_BYTES = 65536;

/** Serves one character device from now on. */
export function serveQtest(port: CharacterPort, target: QtestTarget, log: QtestLog): void {
  const send = (line: string): void => {
    log.note('S', line);
    port.write(Buffer.from(`${line}\n`, 'latin1'));
  };
  const protocol = new QtestProtocol(target, send);
  let text = '';
  port.onReceive(
    (bytes) => {
      text += Buffer.from(bytes).toString('latin1');
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      if (text.length > MOST_CHARACTERS) text = '';
      for (const line of lines) {
        const command = line.replace(/\r$/, '');
        log.note('R', command);
        protocol.execute(command);
      }
    },
    () => CHUNK_BYTES,
  );
}
