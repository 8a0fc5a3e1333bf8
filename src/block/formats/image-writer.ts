/** What making images of the formats has in common. */

import type { OptionPair } from '../../options/option-list.ts';
import { booleanValue } from '../../options/option-values.ts';
import { BlockError, ENOTSUP } from '../block-error.ts';
import { FileNode } from '../file-node.ts';
import type { SizedImageOptions } from '../image-creator.ts';
import { hostPath } from '../protocol-names.ts';

/** Makes a file, empty at first, and closes it when `write` has filled it. Throws HostError. */
export async function writeFile(fileName: string, write: (file: FileNode) => Promise<void>): Promise<void> {
  const file = FileNode.open(hostPath(fileName), { readOnly: false, create: true });
  try {
    await write(file);
  } finally {
    await file.close();
  }
}

/** What qemu-img tells of a yes or no option: `off` when it was not given. */
export function flagPair(pairs: readonly OptionPair[], name: string): OptionPair {
  return [name, booleanValue(pairs, name) === true ? 'on' : 'off'];
}

export function sizePair({ bytes }: Pick<SizedImageOptions, 'bytes'>): OptionPair {
  return ['size', String(bytes)];
}

/** Throws BlockError for a disk that is longer than images of a format can be. */
export function checkMost(format: string, bytes: number, most: number): void {
  if (bytes <= most) return;
  const message = `Unsupported ${format} image size (size is ${bytes} bytes, max supported is ${most} bytes)`;
  throw new BlockError('ERR_BLOCK_CREATE', message, { errno: ENOTSUP });
}

/** An ASCII text in a header. */
export function putText(view: DataView, offset: number, text: string): void {
  new Uint8Array(view.buffer, view.byteOffset).set(Buffer.from(text, 'latin1'), offset);
}

/** Text in a header, up to a zero byte. */
export function textAt(view: DataView, offset: number, bytes: number): string {
  const text = Buffer.from(view.buffer, view.byteOffset + offset, Math.min(bytes, view.byteLength - offset));
  const end = text.indexOf(0);
  return text.toString('latin1', 0, end < 0 ? text.length : end);
}
