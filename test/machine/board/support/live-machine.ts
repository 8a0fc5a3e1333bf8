/** A machine in this process, from its command line to its exit code, with a QMP session. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCommandLine } from '../../../../src/cli/command-line.ts';
import { connect, type QmpClient } from '../../../../src/client/troupe.ts';
import { supervise } from '../../../../src/supervisor/supervise.ts';

const POLL_MS = 5;

export interface LiveMachine extends AsyncDisposable {
  readonly qmp: QmpClient;
  readonly folder: string;
  /** Resolves with the exit code. */
  readonly ended: Promise<number>;
  /** Lines for people that the supervisor wrote. */
  readonly reports: string[];
  /** What the guest has written to port E9H so far. */
  report(): string;
  /** Resolves once the report is `text`. */
  reported(text: string): Promise<void>;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

/** Starts a machine from a ROM. */
export async function startMachine(rom: Uint8Array, args: readonly string[]): Promise<LiveMachine> {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-board-'));
  const bios = join(folder, 'rom.bin');
  const report = join(folder, 'report');
  const socket = join(folder, 'qmp');
  writeFileSync(bios, rom);
  const result = parseCommandLine([
    ...['-nodefaults', '-display', 'none', '-bios', bios, '-debugcon', `file:${report}`],
    ...['-qmp', `unix:${socket},server,nowait`, ...args],
  ]);
  if (result.action === 'print') throw new Error('the command line only prints');
  const { config } = result;
  const reports: string[] = [];
  const ready = Promise.withResolvers<void>();
  const ended = supervise({ config, onReady: ready.resolve, report: (line) => reports.push(line) });
  await Promise.race([ready.promise, ended]);
  const qmp = await connect({ path: socket });
  const read = (): string => (existsSync(report) ? readFileSync(report, 'latin1') : '');
  return {
    qmp,
    folder,
    ended,
    reports,
    report: read,
    reported: (text) => until(() => read() === text),
    [Symbol.asyncDispose]: async () => {
      await qmp.execute('quit').catch(() => undefined);
      await ended.catch(() => undefined);
      await qmp[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
