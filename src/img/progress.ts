/** `-p`: how far a command has come, in a line that overwrites itself. */
import type { Progress } from '../block/copy-image.ts';
import type { CommandWords } from './command-words.ts';
import type { CommandOutput } from './image-command.ts';

/** Percent between two lines. */
const STEP = 2;

/** @returns told of the bytes done and in all; its last call has both alike, or comes by `end` */
export function progressOf(words: CommandWords, output: CommandOutput): { step: Progress; end(): void } {
  if (!words.has('p') || words.has('q')) return { step: () => undefined, end: () => undefined };
  let shown = Number.NEGATIVE_INFINITY;
  const show = (percent: number) => {
    shown = percent;
    output.write(`    (${percent.toFixed(2)}/100%)\r`);
  };
  show(0);
  return {
    step: (done, total) => {
      const percent = total === 0 ? 100 : (done / total) * 100;
      if (percent - shown >= STEP) show(percent);
    },
    end: () => {
      show(100);
      output.write('\n');
    },
  };
}
