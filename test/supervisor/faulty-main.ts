/** `bin/troupe` with the actors of `faulty-actors.ts`. */
import { writeSync } from 'node:fs';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { supervise } from '../../src/supervisor/supervise.ts';
import { faultyMachineActor, faultyMonitorActor } from './faulty-actors.ts';

/** Shorter than the default where a hang is what the test is about. */
const heartbeatMs = process.env['TROUPE_TEST_FAULT']?.endsWith(':hang') ? 4_000 : 60_000;

const result = parseCommandLine(process.argv.slice(2));
if (result.action === 'run') {
  process.exitCode = await supervise({
    config: result.config,
    actors: {
      machine: { location: faultyMachineActor, thread: 'machine', heartbeatMs },
      monitor: { location: faultyMonitorActor, thread: 'monitor', heartbeatMs },
    },
    onReady: () => undefined,
    report: (line) => writeSync(2, `troupe: ${line}\n`),
  });
}
