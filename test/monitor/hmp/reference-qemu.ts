/** The human monitor of an installed QEMU, as an oracle. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

const ESC = '\x1b';
const BINARY = 'qemu-system-x86_64';

export const hasReferenceQemu = spawnSync(BINARY, ['-version']).status === 0;

/** A line whose answer cannot be mistaken for another's: behind it everything has been answered. */
export const LAST_LINE = 'p/x 0x5e4713e1\n';
/** What `LAST_LINE` is answered with, and the prompt behind it. */
export const LAST_ANSWER = '\r\n0x5e4713e1\r\n(qemu) ';

/**
 * Sends the bytes, an Enter and `LAST_LINE` to a monitor on its standard input.
 * @param machine options of its command line
 * @returns what it wrote up to the prompt behind that
 */
export async function referenceTranscript(
  input: string,
  machine: readonly string[] = ['-machine', 'none'],
): Promise<string> {
  const qemu = spawn(BINARY, ['-S', '-nodefaults', '-display', 'none', '-monitor', 'stdio', ...machine], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = once(qemu, 'close');
  let output = '';
  qemu.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    // It drops output that is not yet read when it ends, so it is asked to only now.
    if (output.endsWith(LAST_ANSWER)) qemu.kill();
  });
  qemu.stdin.write(`${input}\n${LAST_LINE}`);
  await ended;
  return output;
}

/** `stop|s` before a colon, and the line's last echo before it. */
const COMMAND_NAMES = new RegExp(
  `(?<=(?<echo>[^${ESC}\\r\\n]*)${ESC}\\[K\\r\\n)[\\w?]+(?:\\|[\\w?]+)+(?=: )`,
  'g',
);

/**
 * Takes out of the newer QEMU's text what version 1.5.50 (hmp.md) has otherwise:
 * - the version in the banner
 * - the hint where to find help, which came later
 * - `Error: ` before descriptions, which came later
 * - the name of a command in messages: all its names there, the one that was typed in 1.5.50
 * - the character in `invalid char in expression`, which came later
 * - what it says of quoted strings to its own standard output, where that is not the monitor: it shows here in some runs
 */
export function asOldVersion(text: string): string {
  return text
    .replace(/^QEMU \S+ monitor/, 'QEMU 1.5.50 monitor')
    .replace(/(?:unterminated string|unsupported escape code: '\\.')\n/g, '')
    .replace(/Try "help [^"\n]*" for more information\r\n/g, '')
    .replaceAll('\r\nError: ', '\r\n')
    .replace(COMMAND_NAMES, (names, ...rest) => {
      const { echo } = rest.at(-1) as { echo: string };
      const typed = echo.replace(/^\[D/, '').trimStart();
      return names.split('|').find((name) => typed.split(/[ /]/)[0] === name) ?? names;
    })
    .replace(/invalid char '[^\r]*' in expression/g, 'invalid char in expression');
}
