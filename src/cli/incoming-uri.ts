/** The URI of -incoming: where a migration stream comes from (behaviour.md §5). */
import { badOptionValue } from './command-line-error.ts';

export type IncomingUri =
  | { readonly type: 'tcp'; readonly host: string; readonly port: string }
  | { readonly type: 'unix'; readonly path: string }
  /** A command for `/bin/sh -c` whose standard output is the stream. */
  | { readonly type: 'exec'; readonly command: string }
  | { readonly type: 'fd'; readonly fd: number };

/** `tcp:[HOST]:PORT`, `unix:PATH`, `exec:COMMAND` or `fd:N`. */
export function parseIncomingUri(text: string): IncomingUri {
  const colon = text.indexOf(':');
  const rest = text.slice(colon + 1);
  switch (text.slice(0, colon)) {
    case 'tcp': {
      const address = /^(\[[^\]]+\]|[^:]*):(\d{1,5})$/.exec(rest);
      if (address === null) {
        throw badOptionValue(`tcp:[HOST]:PORT; error parsing address '${rest}'`);
      }
      return { type: 'tcp', host: (address[1] ?? '').replace(/^\[|\]$/g, ''), port: address[2] ?? '' };
    }
    case 'unix':
      if (rest !== '') {
        return { type: 'unix', path: rest };
      }
      break;
    case 'exec':
      if (rest !== '') {
        return { type: 'exec', command: rest };
      }
      break;
    case 'fd':
      if (/^\d{1,9}$/.test(rest)) {
        return { type: 'fd', fd: Number(rest) };
      }
      break;
  }
  throw badOptionValue('a migration source: tcp:[HOST]:PORT, unix:PATH, exec:COMMAND or fd:N');
}
