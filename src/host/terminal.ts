/** Terminal attributes (termios(3)): raw mode, and back. `struct termios` is kept as the bytes it is. */
import { lastError } from './host-error.ts';
import { libc } from './libc.ts';

const TERMIOS_BYTES = 60;
const TCSANOW = 0;
const IFLAG = 0;
const OFLAG = 1;
const CFLAG = 2;
const LFLAG = 3;
const CC_OFFSET = 17;
const VTIME = 5;
const VMIN = 6;

// Octal, as in <bits/termios.h>.
const IGNBRK = 0o1;
const BRKINT = 0o2;
const PARMRK = 0o10;
const ISTRIP = 0o40;
const INLCR = 0o100;
const IGNCR = 0o200;
const ICRNL = 0o400;
const IXON = 0o2000;
const OPOST = 0o1;
const CSIZE = 0o60;
const CS8 = 0o60;
const PARENB = 0o400;
const ISIG = 0o1;
const ICANON = 0o2;
const ECHO = 0o10;
const ECHONL = 0o100;
const IEXTEN = 0o100000;

/** The present attributes, or undefined when `fd` is no terminal. */
export function terminalAttributes(fd: number): Uint8Array | undefined {
  const termios = new Uint8Array(TERMIOS_BYTES);
  return libc().tcgetattr(fd, termios) === 0 ? termios : undefined;
}

/** Whether `fd` is the terminal that this process is in the foreground of. */
export function isForegroundTerminal(fd: number): boolean {
  return libc().tcgetpgrp(fd) === libc().getpgrp();
}

/** Throws HostError. */
export function setTerminalAttributes(fd: number, termios: Uint8Array): void {
  if (libc().tcsetattr(fd, TCSANOW, termios) < 0) {
    throw lastError(`set terminal attributes of descriptor ${fd}`);
  }
}

/**
 * Attributes that pass every key through unechoed, a byte at a time.
 * @param signals whether ctrl-c and its like still raise signals
 * @param postProcess whether line feeds are still shown as carriage return and line feed
 */
export function rawAttributes(
  from: Uint8Array,
  options: { readonly signals: boolean; readonly postProcess: boolean },
): Uint8Array {
  const raw = from.slice();
  const view = new DataView(raw.buffer);
  const change = (word: number, clear: number, set: number) =>
    view.setUint32(word * 4, (view.getUint32(word * 4, true) & ~clear) | set, true);
  change(IFLAG, IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON, 0);
  change(OFLAG, OPOST, options.postProcess ? OPOST : 0);
  change(CFLAG, CSIZE | PARENB, CS8);
  change(LFLAG, ECHO | ECHONL | ICANON | IEXTEN | ISIG, options.signals ? ISIG : 0);
  raw[CC_OFFSET + VMIN] = 1;
  raw[CC_OFFSET + VTIME] = 0;
  return raw;
}

/** Signals reach the main thread only; who uses the terminal may live on any. */
const CONTINUATION_CHANNEL = 'troupe:process-continued';

/** On the main thread: from now on tells all threads when the process goes on after it was stopped (SIGCONT). */
export function announceContinuation(): void {
  process.on('SIGCONT', () => {
    const channel = new BroadcastChannel(CONTINUATION_CHANNEL);
    channel.postMessage(undefined);
    channel.close();
  });
}

/**
 * Calls back whenever the process goes on after it was stopped: ctrl-z and `fg`. The shell has changed the terminal
 * meanwhile.
 */
export function onContinuation(callback: () => void): Disposable {
  const channel = new BroadcastChannel(CONTINUATION_CHANNEL);
  channel.onmessage = callback;
  channel.unref();
  return { [Symbol.dispose]: () => channel.close() };
}
