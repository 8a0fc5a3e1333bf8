import { operandsOf, wantsJson } from '../command-words.ts';
import type { ImageCommand } from '../image-command.ts';
import { failed } from '../image-command-error.ts';
import { imageMap, isHidden, mapJson, mapText } from '../image-map.ts';
import { OPEN_OPTIONS, withImage } from '../open-for-command.ts';
import { parseImageSize } from '../size-text.ts';

export const MAP: ImageCommand = {
  name: 'map',
  usage:
    'map [--object objectdef] [--image-opts] [-f fmt] [--start-offset=offset] [--max-length=len] [--output=ofmt] [-U] filename',
  options: ['f:', 'output:', 'start-offset:', 'max-length:', ...OPEN_OPTIONS],
  run: (words, output) => {
    const asJson = wantsJson(words);
    const [start, length] = [words.value('start-offset'), words.value('max-length')];
    const [fileName = ''] = operandsOf(words, 1, 'one image file name');
    const from = start === undefined ? 0 : parseImageSize(start, 'start offset');
    const most = length === undefined ? Number.POSITIVE_INFINITY : parseImageSize(length, 'max length');
    return withImage(words, fileName, { format: words.value('f'), readOnly: true }, async (node) => {
      const extents = await imageMap(node, from, Math.min(node.bytes, from + most));
      output.write(asJson ? mapJson(extents) : mapText(extents));
      if (!asJson && extents.some(isHidden)) {
        throw failed('File contains external, encrypted or compressed clusters.');
      }
      return 0;
    });
  },
};
