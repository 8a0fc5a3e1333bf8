/** Making qcow2 images by qemu-img's options. */
import type { OptionPair } from '../../options/option-list.ts';
import { booleanValue, sizeValue, stringValue } from '../../options/option-values.ts';
import { BlockError, ENOTSUP } from '../block-error.ts';
import { FileNode } from '../file-node.ts';
import {
  type CreateOption,
  type ImageCreator,
  invalidOption,
  type PreparedImage,
  SIZE_OPTION,
  type SizedImageOptions,
} from '../image-creator.ts';
import { fillSpace, type Preallocation, parsePreallocation } from '../preallocation.ts';
import { hostPath } from '../protocol-names.ts';
import { checkCreateOptions, createQcow2, QCOW2_DEFAULTS, type Qcow2CreateOptions } from './create-qcow2.ts';
import { Qcow2Node } from './qcow2-node.ts';

const OPTIONS: readonly CreateOption[] = [
  { name: 'backing_file', type: 'str', help: 'File name of a base image' },
  { name: 'backing_fmt', type: 'str', help: 'Image format of the base image' },
  { name: 'cluster_size', type: 'size', help: 'qcow2 cluster size' },
  { name: 'compat', type: 'str', help: 'Compatibility level (v2 [0.10] or v3 [1.1])' },
  { name: 'compression_type', type: 'str', help: 'Compression method used for image cluster compression' },
  { name: 'encrypt.format', type: 'str', help: "Encrypt the image, format choices: 'aes'" },
  { name: 'encrypt.key-secret', type: 'str', help: 'ID of secret providing qcow AES key' },
  {
    name: 'encryption',
    type: 'bool',
    help: "Encrypt the image with format 'aes'. (Deprecated in favor of encrypt.format=aes)",
  },
  { name: 'extended_l2', type: 'bool', help: 'Extended L2 tables' },
  { name: 'lazy_refcounts', type: 'bool', help: 'Postpone refcount updates' },
  {
    name: 'preallocation',
    type: 'str',
    help: 'Preallocation mode (allowed values: off, metadata, falloc, full)',
  },
  { name: 'refcount_bits', type: 'num', help: 'Width of a reference count entry in bits' },
  SIZE_OPTION,
];

const VERSIONS: Readonly<Record<string, 2 | 3>> = { '0.10': 2, v2: 2, '1.1': 3, v3: 3 };
const ALL_MODES: readonly Preallocation[] = ['off', 'metadata', 'falloc', 'full'];

function isEncrypted(pairs: readonly OptionPair[]): boolean {
  const format = stringValue(pairs, 'encrypt.format');
  if (format !== undefined && format !== 'aes') {
    throw new BlockError('ERR_BLOCK_UNAVAILABLE', `encrypt.format=${format}: not available in this version`, {
      errno: ENOTSUP,
    });
  }
  return format === 'aes' || booleanValue(pairs, 'encryption') === true;
}

function createOptions(options: SizedImageOptions): Qcow2CreateOptions {
  const { formatOptions: pairs, bytes, backingFile, backingFormat } = options;
  const compat = stringValue(pairs, 'compat') ?? '1.1';
  const version = VERSIONS[compat];
  if (version === undefined) throw invalidOption(`Parameter 'version' does not accept value '${compat}'`);
  const compression = stringValue(pairs, 'compression_type') ?? 'zlib';
  if (compression !== 'zlib' && compression !== 'zstd') {
    throw invalidOption(`Parameter 'compression-type' does not accept value '${compression}'`);
  }
  if (booleanValue(pairs, 'extended_l2') === true) {
    throw new BlockError('ERR_BLOCK_UNAVAILABLE', 'extended_l2=on: not available in this version', {
      errno: ENOTSUP,
    });
  }
  if (backingFormat !== undefined && backingFile === undefined) {
    throw invalidOption('Backing format cannot be used without backing file');
  }
  return {
    bytes,
    backingFile,
    backingFormat,
    version,
    compression,
    clusterBytes: sizeValue(pairs, 'cluster_size') ?? QCOW2_DEFAULTS.clusterBytes,
    refcountBits: sizeValue(pairs, 'refcount_bits') ?? QCOW2_DEFAULTS.refcountBits,
    lazyRefcounts: booleanValue(pairs, 'lazy_refcounts') === true,
    encrypted: isEncrypted(pairs),
  };
}

/**
 * qemu-img tells what was asked for, and of some options the default.
 * Throws OptionError for values that are not of their option's type.
 */
function describe({
  bytes,
  formatOptions: pairs,
  backingFile,
  backingFormat,
}: SizedImageOptions): readonly OptionPair[] {
  const optional = (name: string, value: string | undefined): readonly OptionPair[] =>
    value === undefined ? [] : [[name, value]];
  const given = (name: string) => optional(name, stringValue(pairs, name));
  const flag = (name: string) => (booleanValue(pairs, name) === true ? 'on' : 'off');
  return [
    ...given('encryption'),
    ...given('encrypt.format'),
    ...given('encrypt.key-secret'),
    ['cluster_size', String(sizeValue(pairs, 'cluster_size') ?? QCOW2_DEFAULTS.clusterBytes)],
    ['extended_l2', flag('extended_l2')],
    ...given('preallocation'),
    ['compression_type', stringValue(pairs, 'compression_type') ?? 'zlib'],
    ['size', String(BigInt(bytes))],
    ...given('compat'),
    ...optional('backing_file', backingFile),
    ...optional('backing_fmt', backingFormat),
    ['lazy_refcounts', flag('lazy_refcounts')],
    ['refcount_bits', String(sizeValue(pairs, 'refcount_bits') ?? QCOW2_DEFAULTS.refcountBits)],
  ];
}

async function preallocate(path: string, mode: Preallocation): Promise<void> {
  const file = FileNode.open(path, { readOnly: false });
  let node: Qcow2Node | undefined;
  try {
    node = await Qcow2Node.open(file, undefined, await Qcow2Node.header(file));
    if (node.bytes > 0) {
      await node.preallocate(0, node.bytes, (place, bytes) => fillSpace(file, place, bytes, mode));
    }
  } finally {
    await (node ?? file).close();
  }
}

async function write(options: SizedImageOptions): Promise<void> {
  const own = createOptions(options);
  const preallocation = stringValue(options.formatOptions, 'preallocation') ?? 'off';
  const mode = parsePreallocation(preallocation, ALL_MODES);
  checkCreateOptions(own);
  if (mode !== 'off' && own.backingFile !== undefined) {
    throw invalidOption(
      'Backing file and preallocation can only be used at the same time if extended_l2 is on',
    );
  }
  const path = hostPath(options.fileName);
  const file = FileNode.open(path, { readOnly: false, create: true });
  try {
    await createQcow2(file, own);
  } finally {
    await file.close();
  }
  if (mode !== 'off') await preallocate(path, mode);
}

function prepare(options: SizedImageOptions): PreparedImage {
  return { description: describe(options), write: () => write(options) };
}

export const QCOW2_CREATOR: ImageCreator = { format: 'qcow2', takesBacking: true, options: OPTIONS, prepare };
