/** Making raw images. */
import { stringValue } from '../options/option-values.ts';
import { FileNode } from './file-node.ts';
import { type ImageCreator, SIZE_OPTION } from './image-creator.ts';
import { fillSpace, parsePreallocation } from './preallocation.ts';
import { hostPath } from './protocol-names.ts';

export const RAW_CREATOR: ImageCreator = {
  format: 'raw',
  takesBacking: false,
  options: [
    {
      name: 'preallocation',
      type: 'str',
      help: 'Preallocation mode (allowed values: off, falloc, full)',
    },
    SIZE_OPTION,
  ],
  prepare: ({ fileName, bytes, formatOptions }) => {
    const preallocation = stringValue(formatOptions, 'preallocation');
    const mode = parsePreallocation(preallocation ?? 'off', ['off', 'falloc', 'full']);
    return {
      description: [
        ['size', String(bytes)],
        ...(preallocation === undefined ? [] : [['preallocation', preallocation] as const]),
      ],
      write: async () => {
        const file = FileNode.open(hostPath(fileName), { readOnly: false, create: true });
        try {
          await file.resize(bytes);
          if (mode !== 'off') await fillSpace(file, 0, bytes, mode);
        } finally {
          await file.close();
        }
      },
    };
  },
};
