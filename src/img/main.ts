/** The process behind `troupe-img`: images without a machine. */
import { TroupeError } from '../errors/troupe-error.ts';
import { runImageCommand } from './image-commands.ts';

try {
  process.exitCode = await runImageCommand(process.argv.slice(2), {
    write: (text) => void process.stdout.write(text),
  });
} catch (error) {
  if (!(error instanceof TroupeError)) throw error;
  process.stderr.write(`troupe-img: ${error.message}\n`);
  process.exitCode = 1;
}
