import { errnoOf, reasonOf } from '../../block/block-error.ts';
import { firstDifference, firstStatusDifference } from '../../block/copy-image.ts';
import { checkCacheModes, operandsOf } from '../command-words.ts';
import type { ImageCommand } from '../image-command.ts';
import { failed, ImageCommandError } from '../image-command-error.ts';
import { OPEN_OPTIONS, withImage } from '../open-for-command.ts';
import { progressOf } from '../progress.ts';

const DIFFERENT = 1;
const FAILED_TO_OPEN = 2;
const FAILED_TO_READ = 4;

export const COMPARE: ImageCommand = {
  name: 'compare',
  usage:
    'compare [--object objectdef] [--image-opts] [-f fmt] [-F fmt] [-T src_cache] [-p] [-q] [-s] [-U] filename1 filename2',
  options: ['f:', 'F:', 'T:', 'p', 'q', 's', ...OPEN_OPTIONS],
  run: async (words, output) => {
    checkCacheModes(words);
    const [first = '', second = ''] = operandsOf(words, 2, 'two image file names');
    const say = (text: string) => words.has('q') || output.write(`${text}\n`);
    const request = (format: string | undefined) => ({ format, readOnly: true, status: FAILED_TO_OPEN });
    try {
      return await withImage(words, first, request(words.value('f')), (one) =>
        withImage(words, second, request(words.value('F')), async (other) => {
          const isStrict = words.has('s');
          if (one.bytes !== other.bytes && isStrict) {
            say('Strict mode: Image size mismatch!');
            return DIFFERENT;
          }
          const progress = progressOf(words, output);
          const status = isStrict ? await firstStatusDifference(one, other) : undefined;
          if (status !== undefined) {
            say(`Strict mode: Offset ${status} block status mismatch!`);
            return DIFFERENT;
          }
          const difference = await firstDifference(one, other, progress.step);
          if (difference !== undefined) {
            say(`Content mismatch at offset ${difference}!`);
            return DIFFERENT;
          }
          progress.end();
          if (one.bytes !== other.bytes) say('Warning: Image size mismatch!');
          say('Images are identical.');
          return 0;
        }),
      );
    } catch (cause) {
      if (cause instanceof ImageCommandError || errnoOf(cause) === 0) throw cause;
      throw failed(`Error while reading: ${reasonOf(cause)}`, { cause, status: FAILED_TO_READ });
    }
  },
};
