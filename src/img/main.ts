/** The process behind `troupe-img`: images without a machine. */
import { TroupeError } from '../errors/troupe-error.ts';
import { ImageCommandError } from './image-command-error.ts';
import { runImageCommand } from './image-commands.ts';

const complain = (text: string) => void process.stderr.write(`troupe-img: ${text}\n`);

try {
  process.exitCode = await runImageCommand(process.argv.slice(2), {
    write: (text) => void process.stdout.write(text),
    warn: complain,
  });
} catch (error) {
  if (!(error instanceof TroupeError)) throw error;
  complain(error.message);
  if (error.code === 'ERR_IMAGE_USAGE') {
    process.stderr.write("Try 'troupe-img --help' for more information\n");
  }
  process.exitCode = error instanceof ImageCommandError ? error.status : 1;
}
