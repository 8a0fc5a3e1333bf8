/** The image formats by name, how each is recognised, and which of them this version can open. */
import { booleanValue } from '../options/option-values.ts';
import { BlockError, EPERM } from './block-error.ts';
import type { BlockNode, OpenOptions, Views } from './block-node.ts';
import { checkOptions } from './driver-options.ts';
import { openBochs } from './formats/bochs.ts';
import { CLOOP_MAGIC, openCloop } from './formats/cloop.ts';
import { openCow } from './formats/cow.ts';
import { openDmg } from './formats/dmg.ts';
import { openParallels } from './formats/parallels.ts';
import { openQcow } from './formats/qcow.ts';
import { openVdi } from './formats/vdi.ts';
import { isDescriptor } from './formats/vmdk/descriptor.ts';
import { openVmdk } from './formats/vmdk/open-vmdk.ts';
import { openVpc } from './formats/vpc.ts';
import { Qcow2Node } from './qcow2/qcow2-node.ts';
import { RawNode } from './raw-node.ts';

export interface ImageFormat {
  readonly name: string;
  /** Whether an image that begins with these bytes (as many as there are, at least up to PROBE_BYTES) is of the format. */
  readonly recognises: (head: Uint8Array, fileName: string) => boolean;
  /** Keys of -drive that it knows. */
  readonly options?: readonly string[];
  /** Absent: the format is known by name only. Takes `file` over; its caller closes it when this rejects. */
  readonly open?: (file: BlockNode, options: OpenOptions, openBacking: OpenBacking) => Promise<BlockNode>;
}

/**
 * Opens the image that another one builds on. @param format guessed when undefined
 * @returns undefined when who opens the image wants it without
 */
export type OpenBacking = (fileName: string, format: string | undefined) => Promise<BlockNode | undefined>;

/** How much of a file is looked at to tell its format. */
export const PROBE_BYTES = 2048;

function ascii(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length));
}

const startsWith =
  (...words: readonly string[]) =>
  (head: Uint8Array) =>
    words.some((word) => ascii(head, 0, word.length) === word);

const LAZY_REFCOUNTS = 'lazy-refcounts';
const QCOW_MAGIC = 'QFI\xfb';
const VDI_SIGNATURE = '\x7f\x10\xda\xbe';
const VDI_SIGNATURE_OFFSET = 0x40;

function qcowVersion(head: Uint8Array): number {
  return startsWith(QCOW_MAGIC)(head) && head.length >= 8
    ? new DataView(head.buffer, head.byteOffset).getUint32(4)
    : 0;
}

async function openQcow2(
  file: BlockNode,
  { driverOptions }: OpenOptions,
  openBacking: OpenBacking,
): Promise<BlockNode> {
  const lazyRefcounts = booleanValue(driverOptions, LAZY_REFCOUNTS);
  const header = await Qcow2Node.header(file);
  const { backingFile, backingFormat } = header;
  const backing = backingFile === undefined ? undefined : await openBacking(backingFile, backingFormat);
  try {
    return await Qcow2Node.open(file, backing, header, { lazyRefcounts });
  } catch (error) {
    await backing?.close();
    throw error;
  }
}

/** In the order in which they are tried; `raw` is what nothing else is. */
const FORMATS: readonly ImageFormat[] = [
  {
    name: 'qcow2',
    recognises: (head) => qcowVersion(head) >= 2,
    options: [LAZY_REFCOUNTS],
    open: openQcow2,
  },
  { name: 'qcow', recognises: (head) => qcowVersion(head) === 1, open: openQcow },
  { name: 'qed', recognises: startsWith('QED\0') },
  {
    name: 'vmdk',
    recognises: (head) => startsWith('KDMV', 'COWD')(head) || isDescriptor(ascii(head, 0, PROBE_BYTES)),
    open: openVmdk,
  },
  {
    name: 'vdi',
    recognises: (head) => ascii(head, VDI_SIGNATURE_OFFSET, VDI_SIGNATURE.length) === VDI_SIGNATURE,
    open: openVdi,
  },
  { name: 'vpc', recognises: startsWith('conectix'), open: openVpc },
  { name: 'vhdx', recognises: startsWith('vhdxfile') },
  { name: 'parallels', recognises: startsWith('WithoutFreeSpace', 'WithouFreSpacExt'), open: openParallels },
  { name: 'bochs', recognises: startsWith('Bochs Virtual HD Image'), open: openBochs },
  { name: 'cloop', recognises: startsWith(CLOOP_MAGIC), open: openCloop },
  { name: 'cow', recognises: startsWith('OOOM'), open: openCow },
  { name: 'dmg', recognises: (_head, fileName) => fileName.endsWith('.dmg'), open: openDmg },
  { name: 'vvfat', recognises: () => false },
  { name: 'raw', recognises: () => true, open: async (file) => new RawNode(file) },
];

/** The format called `name`. Throws BlockError `Invalid block format 'x'`. */
export function findFormat(name: string): ImageFormat {
  const format = FORMATS.find((each) => each.name === name);
  if (format === undefined) {
    throw new BlockError('ERR_BLOCK_FORMAT', `Invalid block format '${name}'`);
  }
  return format;
}

function formatOf(head: Uint8Array, fileName: string): ImageFormat {
  return FORMATS.find((format) => format.recognises(head, fileName)) ?? findFormat('raw');
}

/**
 * A raw disk whose format was guessed: its guest may not turn it into an image of another format, which the next guess would
 * then open, backing files on the host included.
 */
class GuessedRawNode extends RawNode {
  override async write(offset: number, views: Views): Promise<void> {
    if (offset < PROBE_BYTES) {
      await this.#refuseOtherFormat(offset, views);
    }
    await super.write(offset, views);
  }

  async #refuseOtherFormat(offset: number, views: Views): Promise<void> {
    const head = new Uint8Array(PROBE_BYTES);
    await super.read(0, [head]);
    let position = offset;
    for (const view of views) {
      if (position >= PROBE_BYTES) break;
      head.set(view.subarray(0, PROBE_BYTES - position), position);
      position += view.byteLength;
    }
    const format = formatOf(head, this.fileName);
    if (format.name !== 'raw') {
      throw new BlockError(
        'ERR_BLOCK_FORMAT',
        `'${this.fileName}' was opened without format=, guessed to be raw, and would look like ${format.name} after this write; ` +
          'give format=raw to allow it',
        { errno: EPERM },
      );
    }
  }
}

/**
 * Puts the format over a protocol node.
 * @param name the format; guessed from the contents when undefined
 * Throws BlockError for a format that does not exist, or that this version cannot open.
 */
export async function openFormat(
  file: BlockNode,
  name: string | undefined,
  options: OpenOptions,
  openBacking: OpenBacking,
): Promise<BlockNode> {
  let format: ImageFormat;
  if (name === undefined) {
    const head = new Uint8Array(Math.min(PROBE_BYTES, file.bytes));
    await file.read(0, [head]);
    format = formatOf(head, file.fileName);
    if (format.name === 'raw') {
      checkOptions(options.driverOptions, [], { format: 'raw', device: options.device });
      return new GuessedRawNode(file);
    }
  } else {
    format = findFormat(name);
  }
  if (format.open === undefined) {
    throw new BlockError('ERR_BLOCK_UNAVAILABLE', `${format.name}: not available in this version`);
  }
  checkOptions(options.driverOptions, format.options ?? [], { format: format.name, device: options.device });
  return format.open(file, options, openBacking);
}
