import { SYNTAX_ERROR } from '../../../src/qapi/json-parser.ts';
import { JsonReader } from '../../../src/qapi/json-reader.ts';
import { serialize } from '../../../src/qapi/json-serializer.ts';

/** Every message of `input`, cut into pieces of the given sizes (the last size repeats), as text; mistakes as 'error'. */
export function readAll(input: Uint8Array | string, sizes: readonly number[] = []): string[] {
  const bytes = typeof input === 'string' ? Buffer.from(input) : input;
  const reader = new JsonReader();
  const messages: string[] = [];
  let offset = 0;
  for (let piece = 0; offset < bytes.length; piece += 1) {
    const size = Math.max(1, sizes[piece] ?? sizes.at(-1) ?? bytes.length);
    // A private copy that is wiped afterwards shows it when the reader keeps what it was only lent.
    const copy = Uint8Array.prototype.slice.call(bytes, offset, offset + size);
    reader.push(copy);
    for (let message = reader.next(); message !== undefined; message = reader.next()) {
      messages.push(message === SYNTAX_ERROR ? 'error' : serialize(message));
    }
    copy.fill(0);
    offset += size;
  }
  return messages;
}
