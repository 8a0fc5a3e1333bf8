import type { BlockNode } from '../../block/block-node.ts';
import { backingPath } from '../../block/protocol-names.ts';
import { type CommandWords, operandsOf, wantsJson } from '../command-words.ts';
import type { ImageCommand } from '../image-command.ts';
import { failed } from '../image-command-error.ts';
import { imageInfo, imageInfoText, recordedBacking } from '../image-info.ts';
import { OPEN_OPTIONS, withImage } from '../open-for-command.ts';

interface NamedImage {
  readonly fileName: string;
  readonly format: string | undefined;
}

interface Layer {
  readonly facts: object;
  readonly text: string;
  readonly next: NamedImage | undefined;
}

function layerOf(fileName: string, node: BlockNode): Layer {
  const recorded = recordedBacking(node);
  const next =
    recorded === undefined
      ? undefined
      : { fileName: backingPath(recorded.file, fileName), format: recorded.format };
  return { facts: imageInfo(fileName, node), text: imageInfoText(fileName, node), next };
}

/** An image and, if that is asked for, those that it builds on. */
async function layers(words: CommandWords, first: string): Promise<readonly Layer[]> {
  const found: Layer[] = [];
  const seen = new Set<string>();
  let next: NamedImage | undefined = { fileName: first, format: words.value('f') };
  while (next !== undefined) {
    const { fileName, format }: NamedImage = next;
    if (seen.has(fileName)) throw failed(`Backing file '${fileName}' creates an infinite loop.`);
    seen.add(fileName);
    const request = { format, readOnly: true, noBacking: true };
    const layer: Layer = await withImage(words, fileName, request, async (node) => layerOf(fileName, node));
    found.push(layer);
    next = words.has('backing-chain') ? layer.next : undefined;
  }
  return found;
}

export const INFO: ImageCommand = {
  name: 'info',
  usage: 'info [--object objectdef] [--image-opts] [-f fmt] [--output=ofmt] [--backing-chain] [-U] filename',
  options: ['f:', 'output:', 'backing-chain', ...OPEN_OPTIONS],
  run: async (words, output) => {
    const asJson = wantsJson(words);
    const [fileName = ''] = operandsOf(words, 1, 'one image file name');
    const found = await layers(words, fileName);
    if (asJson) {
      const facts = found.map((layer) => layer.facts);
      const shown = words.has('backing-chain') ? facts : facts[0];
      output.write(`${JSON.stringify(shown, undefined, 4)}\n`);
    } else {
      output.write(found.map(({ text }) => text).join('\n'));
    }
    return 0;
  },
};
