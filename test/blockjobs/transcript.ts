/** One sequence of job commands given to this machine or to Debian's QEMU, and what came back. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { QmpCommandError } from '../../src/client/client-error.ts';
import { launch } from '../../src/client/launch.ts';
import type { Machine } from '../../src/client/machine.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export const DISK_BYTES = 4 * 1024 * 1024;

export interface Step {
  readonly say?: string;
  readonly with?: Record<string, unknown>;
  /** Waits for this event instead. */
  readonly until?: string;
  /** Why the answer is another than QEMU 7.2's: behaviour.md, schema.json. It must be one. */
  readonly because?: string;
}

/** A stopped machine with the drive `d` on the first IDE channel. */
export function launchWith(
  program: 'troupe' | 'qemu',
  file: string,
  ...more: readonly string[]
): Promise<Machine> {
  const drive = ['-S', '-nodefaults', '-display', 'none', '-drive', `file=${file},format=qcow2,if=ide,id=d`];
  return program === 'qemu'
    ? launch({ command: '/usr/bin/qemu-system-x86_64', args: ['-m', '32', ...drive, ...more] })
    : launch({
        command: process.execPath,
        args: ['--import=tsx', '--disable-warning=ExperimentalWarning', MAIN, '-m', '32', ...drive, ...more],
      });
}

/** Three images above each other, whose top is `top.qcow2`. All of them hold data. */
export function makeChain(folder: string): void {
  const run = (tool: string, ...args: string[]) => execFileSync(tool, args, { cwd: folder, stdio: 'ignore' });
  const names = ['base.qcow2', 'mid.qcow2', 'top.qcow2'];
  names.forEach((name, index) => {
    const below = names[index - 1];
    const backing = below === undefined ? [] : ['-b', below, '-F', 'qcow2'];
    run('qemu-img', 'create', '-f', 'qcow2', ...backing, name, String(DISK_BYTES));
    run('qemu-io', '-f', 'qcow2', '-c', `write -P ${index + 1} ${index}M 1M`, name);
  });
}

const SHOWN = [
  'type',
  'device',
  'len',
  'offset',
  'speed',
  'error',
  'operation',
  'action',
  'paused',
  'io-status',
];

function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => SHOWN.includes(key));
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export interface Transcript {
  /** One for each step. */
  readonly answers: string[];
  /** The BLOCK_JOB events in their order. */
  readonly events: string[];
}

export async function record(machine: Machine, folder: string, steps: readonly Step[]): Promise<Transcript> {
  const events: string[] = [];
  const waiting: { readonly name: string; readonly done: () => void }[] = [];
  const seen: string[] = [];
  const notice = (name: string): void => {
    const index = waiting.findIndex((each) => each.name === name);
    const [found] = index < 0 ? [] : waiting.splice(index, 1);
    if (found === undefined) seen.push(name);
    else found.done();
  };
  const inbox = (async () => {
    for await (const { event, data } of machine.qmp.events()) {
      if (!event.startsWith('BLOCK_JOB')) continue;
      events.push(`${event} ${JSON.stringify(shown(data))}`);
      notice(event);
    }
  })().catch(() => undefined);
  const answers: string[] = [];
  for (const step of steps) {
    const { say, until } = step;
    if (until !== undefined) {
      const index = seen.indexOf(until);
      if (index >= 0) seen.splice(index, 1);
      else await new Promise<void>((done) => waiting.push({ name: until, done }));
      answers.push('');
      continue;
    }
    const text = JSON.stringify(step.with ?? {}).replaceAll('@', `${folder}/`);
    try {
      const result = await machine.qmp.execute(say ?? 'query-block-jobs', JSON.parse(text));
      answers.push(`${say} ${JSON.stringify(shown(result))}`);
    } catch (error) {
      if (!(error instanceof QmpCommandError)) throw error;
      answers.push(`${say} ${error.desc.replaceAll(`${folder}/`, '@')}`);
    }
  }
  await machine.quit();
  await inbox;
  return { answers, events };
}
