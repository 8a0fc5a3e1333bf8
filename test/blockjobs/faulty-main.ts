/** `bin/troupe` with the block jobs of `faulty-job-actor.ts`. */
import { writeSync } from 'node:fs';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { DEFAULT_ACTORS, DEFAULT_GUEST_ACTORS } from '../../src/supervisor/placement.ts';
import { supervise } from '../../src/supervisor/supervise.ts';
import { faultyJobActor } from './faulty-job-actor.ts';

/** Shorter than the default where a hang is what the test is about. */
const heartbeatMs = process.env['TROUPE_TEST_FAULT'] === 'hang' ? 3_000 : 60_000;

const result = parseCommandLine(process.argv.slice(2));
if (result.action === 'run') {
  process.exitCode = await supervise({
    config: result.config,
    actors: {
      ...DEFAULT_ACTORS,
      guest: { ...DEFAULT_GUEST_ACTORS, blockJob: { location: faultyJobActor, heartbeatMs } },
    },
    onReady: () => undefined,
    report: (line) => writeSync(2, `troupe: ${line}\n`),
  });
}
