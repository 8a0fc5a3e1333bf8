/** What `bin/troupe` runs: command line in, machine, exit code out. Nothing else writes to standard error here. */
import { writeSync } from 'node:fs';
import { TroupeError } from '../errors/troupe-error.ts';
import { announceContinuation } from '../host/terminal.ts';
import type { MachineConfig } from '../machine/machine-config.ts';
import { announceReady, isDaemon, startDaemon } from '../supervisor/daemon.ts';
import { writePidFile } from '../supervisor/pid-file.ts';
import { supervise } from '../supervisor/supervise.ts';
import { parseCommandLine } from './command-line.ts';

const EXIT_FAILURE = 1;
const STANDARD_OUTPUT = 1;
const STANDARD_ERROR = 2;

function report(line: string): void {
  writeSync(STANDARD_ERROR, `troupe: ${line}\n`);
}

async function run(config: MachineConfig): Promise<number> {
  if (config.daemonize && !isDaemon()) {
    return await startDaemon(config.inheritedDescriptors.map(({ fd }) => fd));
  }
  if (config.pidFile !== undefined) {
    writePidFile(config.pidFile);
  }
  if (config.processTitle !== undefined) {
    process.title = config.processTitle;
  }
  announceContinuation();
  return await supervise({ config, report, onReady: () => config.daemonize && announceReady() });
}

async function main(argv: readonly string[]): Promise<number> {
  try {
    const result = parseCommandLine(argv);
    if (result.action === 'print') {
      writeSync(STANDARD_OUTPUT, typeof result.text === 'string' ? result.text : await result.text());
      return result.exitCode;
    }
    if (!isDaemon()) {
      result.warnings.forEach(report);
    }
    return await run(result.config);
  } catch (error) {
    if (!(error instanceof TroupeError)) {
      throw error;
    }
    report(error.message);
    return EXIT_FAILURE;
  }
}

process.on('uncaughtException', (error) => {
  report(`internal error: ${error.message}`);
  process.exit(EXIT_FAILURE);
});

process.exitCode = await main(process.argv.slice(2));
