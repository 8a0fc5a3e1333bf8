/** Making vmdk images by qemu-img's options. */
import { randomInt } from 'node:crypto';
import { basename } from 'node:path';
import type { OptionPair } from '../../../options/option-list.ts';
import { booleanValue, stringValue } from '../../../options/option-values.ts';
import {
  type ImageCreator,
  invalidOption,
  SIZE_OPTION,
  type SizedImageOptions,
} from '../../image-creator.ts';
import { openImage } from '../../open-image.ts';
import { backingPath, hostPath } from '../../protocol-names.ts';
import { sizePair, writeFile } from '../image-writer.ts';
import { type DescribedExtent, descriptorText, NO_PARENT } from './descriptor.ts';
import { DESCRIPTOR_SECTORS, writeSparseExtent } from './sparse-header.ts';
import { VmdkNode } from './vmdk-node.ts';

const SUBFORMATS = [
  'monolithicSparse',
  'monolithicFlat',
  'twoGbMaxExtentSparse',
  'twoGbMaxExtentFlat',
  'streamOptimized',
];
const ADAPTERS = ['ide', 'buslogic', 'lsilogic', 'legacyESX'];
const SPLIT_BYTES = 2 * 1024 ** 3;
const SECTOR_BYTES = 512;
const NO_VERSION = 'undefined';
const TOOLS_VERSION = '2147483647';

interface VmdkOptions {
  readonly subformat: string;
  readonly flat: boolean;
  readonly split: boolean;
  readonly zeroGrains: boolean;
  readonly adapterType: string;
  readonly hardwareVersion: string;
  readonly toolsVersion: string;
}

function parseOptions({ formatOptions: pairs, backingFile, backingFormat }: SizedImageOptions): VmdkOptions {
  const choice = (name: string, values: readonly string[]) => {
    const value = stringValue(pairs, name) ?? (values[0] as string);
    if (!values.includes(value)) throw invalidOption(`invalid parameter value: ${value}`);
    return value;
  };
  const subformat = choice('subformat', SUBFORMATS);
  const flat = subformat.endsWith('Flat');
  const zeroGrains = booleanValue(pairs, 'zeroed_grain') === true;
  const compat6 = booleanValue(pairs, 'compat6') === true;
  const version = stringValue(pairs, 'hwversion') ?? NO_VERSION;
  if (compat6 && version !== NO_VERSION) throw invalidOption('compat6 cannot be enabled with hwversion set');
  if (flat && backingFile !== undefined) throw invalidOption("Flat image can't have backing file");
  if (flat && zeroGrains) throw invalidOption("Flat image can't enable zeroed grain");
  if (backingFormat !== undefined && backingFormat !== 'vmdk') {
    throw invalidOption(`Invalid backing file format: ${backingFormat}. Must be 'vmdk' if present`);
  }
  return {
    subformat,
    flat,
    split: subformat.startsWith('twoGb'),
    zeroGrains,
    adapterType: choice('adapter_type', ADAPTERS),
    hardwareVersion: version !== NO_VERSION ? version : compat6 ? '6' : '4',
    toolsVersion: stringValue(pairs, 'toolsversion') ?? TOOLS_VERSION,
  };
}

function describe(options: SizedImageOptions): readonly OptionPair[] {
  const { formatOptions: pairs, backingFile, backingFormat } = options;
  const optional = (name: string, value: string | undefined): readonly OptionPair[] =>
    value === undefined ? [] : [[name, value]];
  const given = (name: string) => optional(name, stringValue(pairs, name));
  const flag = (name: string) => (booleanValue(pairs, name) === true ? 'on' : 'off');
  return [
    sizePair(options),
    ...given('adapter_type'),
    ...optional('backing_file', backingFile),
    ...optional('backing_fmt', backingFormat),
    ['compat6', flag('compat6')],
    ['hwversion', stringValue(pairs, 'hwversion') ?? NO_VERSION],
    ...given('toolsversion'),
    ...given('subformat'),
    ...optional(
      'zeroed_grain',
      booleanValue(pairs, 'zeroed_grain') === undefined ? undefined : flag('zeroed_grain'),
    ),
  ];
}

/** The files of an image's extents, beside the descriptor. */
function extentsOf(path: string, bytes: number, { flat, split }: VmdkOptions): readonly DescribedExtent[] {
  const kind = flat ? 'flat' : 'sparse';
  if (!flat && !split) return [{ kind, bytes, fileName: basename(path), offset: 0 }];
  const name = basename(path);
  const dot = name.lastIndexOf('.');
  const [stem, suffix] = dot < 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot)];
  if (!split) return [{ kind, bytes, fileName: `${stem}-flat${suffix}`, offset: 0 }];
  return Array.from({ length: Math.max(1, Math.ceil(bytes / SPLIT_BYTES)) }, (_, index) => ({
    kind,
    bytes: Math.min(SPLIT_BYTES, bytes - index * SPLIT_BYTES),
    fileName: `${stem}-${flat ? 'f' : 's'}${String(index + 1).padStart(3, '0')}${suffix}`,
    offset: 0,
  }));
}

/** The number of the parent's contents as they are now. */
async function parentContentId({ backingFile, fileName }: SizedImageOptions): Promise<number> {
  if (backingFile === undefined) return NO_PARENT;
  const path = backingPath(backingFile, fileName);
  const parent = await openImage(path, {
    format: undefined,
    readOnly: true,
    noBacking: true,
    driverOptions: [],
  });
  await parent.close();
  if (parent instanceof VmdkNode) return parent.contentId;
  throw invalidOption(`Invalid backing file format: ${parent.driver}. Must be 'vmdk'`);
}

async function write(options: SizedImageOptions, parsed: VmdkOptions): Promise<void> {
  const { bytes, backingFile, fileName } = options;
  const { flat, split, subformat, zeroGrains } = parsed;
  const path = hostPath(fileName);
  const extents = extentsOf(path, bytes, parsed);
  const text = Buffer.from(
    descriptorText({
      ...parsed,
      createType: subformat,
      contentId: randomInt(NO_PARENT),
      parentContentId: await parentContentId(options),
      parent: backingFile,
      extents,
      bytes,
    }),
    'latin1',
  );
  const packed = subformat === 'streamOptimized';
  if (!flat && !split) {
    if (text.length > DESCRIPTOR_SECTORS * SECTOR_BYTES) throw invalidOption('The descriptor is too long');
    await writeFile(path, async (file) => {
      await writeSparseExtent(file, { bytes, packed, zeroGrains });
      await file.write(SECTOR_BYTES, [text]);
    });
    return;
  }
  for (const extent of extents) {
    await writeFile(backingPath(extent.fileName, path), (file) =>
      flat ? file.resize(extent.bytes) : writeSparseExtent(file, { bytes: extent.bytes, packed, zeroGrains }),
    );
  }
  await writeFile(path, (file) => file.write(0, [text]));
}

export const VMDK_CREATOR: ImageCreator = {
  format: 'vmdk',
  takesBacking: true,
  options: [
    {
      name: 'adapter_type',
      type: 'str',
      help: 'Virtual adapter type, can be one of ide (default), lsilogic, buslogic or legacyESX',
    },
    { name: 'backing_file', type: 'str', help: 'File name of a base image' },
    { name: 'backing_fmt', type: 'str', help: "Must be 'vmdk' if present" },
    { name: 'compat6', type: 'bool', help: 'VMDK version 6 image' },
    { name: 'hwversion', type: 'str', help: 'VMDK hardware version' },
    SIZE_OPTION,
    {
      name: 'subformat',
      type: 'str',
      help: 'VMDK flat extent format, can be one of {monolithicSparse (default) | monolithicFlat | twoGbMaxExtentSparse | twoGbMaxExtentFlat | streamOptimized} ',
    },
    { name: 'toolsversion', type: 'str', help: 'VMware guest tools version' },
    {
      name: 'zeroed_grain',
      type: 'bool',
      help: 'Enable efficient zero writes using the zeroed-grain GTE feature',
    },
  ],
  prepare: (options) => {
    const parsed = parseOptions(options);
    return { description: describe(options), write: () => write(options, parsed) };
  },
};
