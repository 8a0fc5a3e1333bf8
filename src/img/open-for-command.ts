/** Opening the images that a command names, by file name or by `--image-opts`. */
import { reasonOf } from '../block/block-error.ts';
import type { BlockNode } from '../block/block-node.ts';
import { openImage } from '../block/open-image.ts';
import { type OptionPair, splitOptionList } from '../options/option-list.ts';
import { stringValue } from '../options/option-values.ts';
import type { CommandWords } from './command-words.ts';
import { failed } from './image-command-error.ts';
import { secretCalled, secretsOf } from './secrets.ts';

/** Options of commands that open images. */
export const OPEN_OPTIONS: readonly string[] = ['object:', 'image-opts', 'force-share'];

export interface OpenRequest {
  readonly format: string | undefined;
  readonly readOnly: boolean;
  /** What the image builds on is left alone. */
  readonly noBacking?: boolean;
  /** Exit status when it cannot be opened; 1 by default. */
  readonly status?: number;
}

const KNOWN_KEYS = ['driver', 'file.driver', 'file.filename', 'filename', 'encrypt.format'];
const KEY_SECRET = /^(backing\.)*encrypt\.key-secret$/;

/** The file, its format and what else `--image-opts` says of it. */
export function imageOptions(text: string) {
  const pairs = splitOptionList(text);
  const unknown = pairs.find(([key]) => !KNOWN_KEYS.includes(key) && !KEY_SECRET.test(key));
  if (unknown !== undefined) throw failed(`Block driver options do not include '${unknown[0]}'`);
  const fileName = stringValue(pairs, 'file.filename') ?? stringValue(pairs, 'filename');
  if (fileName === undefined) throw failed('A block device must be specified for "file"');
  return { fileName, format: stringValue(pairs, 'driver'), pairs };
}

function setKeys(node: BlockNode, pairs: readonly OptionPair[], words: CommandWords): void {
  const secrets = secretsOf(words);
  for (const [key, id] of pairs.filter(([name]) => KEY_SECRET.test(name))) {
    let layer: BlockNode | undefined = node;
    for (let depth = key.split('.').length - 2; depth > 0; depth--) layer = layer?.backing;
    layer?.setKey?.(secretCalled(secrets, id));
  }
}

/** Throws ImageCommandError `Could not open …`. */
export async function openForCommand(
  words: CommandWords,
  name: string,
  request: OpenRequest,
): Promise<BlockNode> {
  const options = words.has('image-opts') ? imageOptions(name) : undefined;
  const fileName = options?.fileName ?? name;
  const { readOnly, noBacking = false } = request;
  const format = options?.format ?? request.format;
  let node: BlockNode;
  try {
    node = await openImage(fileName, { format, readOnly, noBacking, driverOptions: [] });
  } catch (cause) {
    const status = request.status ?? 1;
    throw failed(`Could not open '${name}': ${reasonOf(cause)}`, { cause, status });
  }
  try {
    setKeys(node, options?.pairs ?? [], words);
    return node;
  } catch (error) {
    await node.close();
    throw error;
  }
}

/** Opens an image, and closes it after its use. */
export async function withImage<T>(
  words: CommandWords,
  name: string,
  request: OpenRequest,
  use: (node: BlockNode) => Promise<T>,
): Promise<T> {
  const node = await openForCommand(words, name, request);
  let result: T;
  try {
    result = await use(node);
  } catch (error) {
    await node.close().catch(() => undefined);
    throw error;
  }
  await node.close();
  return result;
}
