/** What Debian's QEMU says of a CPU model: a second opinion, asked through QMP. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export type ModelProperties = Readonly<Record<string, unknown>>;

interface Reply {
  readonly return?: { readonly model?: { readonly props: ModelProperties } };
  readonly error?: { readonly desc: string };
}

const commandLine = (machine: string): string[] => [
  '-machine',
  `${machine},accel=tcg`,
  '-nodefaults',
  '-display',
  'none',
  '-S',
  '-qmp',
  'stdio',
];

/** QEMU is killed if it has not answered everything by then. */
const TIMEOUT_MS = 60_000;

/** The properties of each model under a machine type, before anything is masked. Throws if QEMU refuses one. */
export async function expandModels(
  machine: string,
  models: readonly string[],
): Promise<ReadonlyMap<string, ModelProperties>> {
  const child = spawn('qemu-system-x86_64', commandLine(machine), {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (execute: string, args?: object): Promise<Reply> => {
    child.stdin.write(`${JSON.stringify({ execute, ...(args === undefined ? {} : { arguments: args }) })}\n`);
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error('QEMU ended');
      const reply = JSON.parse(String(value)) as Reply;
      if (reply.return !== undefined || reply.error !== undefined) return reply;
    }
  };
  try {
    await ask('qmp_capabilities');
    const found = new Map<string, ModelProperties>();
    for (const name of models) {
      const reply = await ask('query-cpu-model-expansion', { type: 'full', model: { name } });
      const props = reply.return?.model?.props;
      if (props === undefined) throw new Error(`${name}: ${reply.error?.desc}`);
      found.set(name, props);
    }
    return found;
  } finally {
    child.kill();
  }
}
