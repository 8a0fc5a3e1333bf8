/** From the first file of a vmdk image to its node. */
import { dirname, isAbsolute, join } from 'node:path';
import { BlockError } from '../../block-error.ts';
import type { BlockNode, OpenOptions } from '../../block-node.ts';
import { openProtocol } from '../../open-protocol.ts';
import { hostPath } from '../../protocol-names.ts';
import { checkLength, damaged, readTable, unknownKind } from '../block-map.ts';
import {
  type DescribedExtent,
  type Descriptor,
  isDescriptor,
  MOST_DESCRIPTOR_BYTES,
  NO_PARENT,
  parseDescriptor,
} from './descriptor.ts';
import { readSparseHeader, type SparseHeader } from './sparse-header.ts';
import { type OpenedExtent, VmdkNode } from './vmdk-node.ts';

const SPLIT_TYPES = ['monolithicFlat', 'vmfs', 'vmfsSparse', 'twoGbMaxExtentSparse', 'twoGbMaxExtentFlat'];
const SINGLE_TYPES = ['monolithicSparse', 'streamOptimized'];

export type OpenParent = (fileName: string, format: string | undefined) => Promise<BlockNode | undefined>;

async function readDescriptor(file: BlockNode, offset: number, bytes: number): Promise<Descriptor> {
  if (bytes > MOST_DESCRIPTOR_BYTES) throw damaged(file.fileName, 'vmdk', `a descriptor of ${bytes} bytes`);
  const view = await readTable(file, 'vmdk', { offset, bytes, what: 'descriptor' });
  const text = Buffer.from(view.buffer).toString('latin1');
  const end = text.indexOf('\0');
  return parseDescriptor(end < 0 ? text : text.slice(0, end), file.fileName);
}

/** Where the file of an extent is: beside the descriptor's. */
function extentPath(name: string, descriptorFile: string): string {
  return isAbsolute(name) ? name : join(dirname(hostPath(descriptorFile)), name);
}

async function extentOf(file: BlockNode, described: DescribedExtent): Promise<OpenedExtent> {
  const { kind, bytes, offset } = described;
  if (kind === 'sparse') {
    const header = await readSparseHeader(file);
    if (header === undefined) throw damaged(file.fileName, 'vmdk', 'it is no sparse extent');
    if (header.bytes < bytes) {
      throw damaged(file.fileName, 'vmdk', `its descriptor says ${bytes} bytes, and itself ${header.bytes}`);
    }
    return { file, bytes, header, offset: 0 };
  }
  if (offset + bytes > file.bytes) {
    throw damaged(file.fileName, 'vmdk', `${bytes} bytes from ${offset} on in a file of ${file.bytes}`);
  }
  return { file, bytes, header: undefined, offset };
}

async function openExtents(
  file: BlockNode,
  descriptor: Descriptor,
  options: OpenOptions,
  opened: BlockNode[],
): Promise<readonly OpenedExtent[]> {
  if (!SPLIT_TYPES.includes(descriptor.createType)) {
    throw unknownKind(file.fileName, 'vmdk', `a descriptor of its own for '${descriptor.createType}'`);
  }
  const extents: OpenedExtent[] = [];
  for (const described of descriptor.extents) {
    const node = await openProtocol(extentPath(described.fileName, file.fileName), {
      readOnly: options.readOnly,
      direct: options.direct === true,
      device: options.device,
      keys: [],
    });
    opened.push(node);
    extents.push(await extentOf(node, described));
  }
  const bytes = extents.reduce((sum, extent) => sum + extent.bytes, 0);
  checkLength(file.fileName, 'vmdk', bytes);
  return extents;
}

async function openParent(
  file: BlockNode,
  descriptor: Descriptor,
  open: OpenParent,
): Promise<BlockNode | undefined> {
  const { parent, parentContentId } = descriptor;
  if (parentContentId === NO_PARENT) return undefined;
  if (parent === undefined)
    throw damaged(file.fileName, 'vmdk', 'it has a parentCID, but no parentFileNameHint');
  const backing = await open(parent, 'vmdk');
  if (backing instanceof VmdkNode && backing.contentId !== parentContentId) {
    await backing.close();
    const [found, wanted] = [backing.contentId, parentContentId].map((id) => id.toString(16));
    throw new BlockError(
      'ERR_BLOCK_OPEN',
      `'${file.fileName}' builds on '${parent}' as it was with CID ${wanted}, but that has changed (CID ${found})`,
    );
  }
  return backing;
}

function checkSingle(file: BlockNode, descriptor: Descriptor, header: SparseHeader): void {
  if (!SINGLE_TYPES.includes(descriptor.createType)) {
    throw unknownKind(file.fileName, 'vmdk', `'${descriptor.createType}' in one file`);
  }
  if (header.bytes === 0) throw unknownKind(file.fileName, 'vmdk', 'no data, but a descriptor in a header');
}

/** An extent by itself has no descriptor. */
const LONE_EXTENT: Descriptor = {
  createType: 'monolithicSparse',
  contentId: NO_PARENT,
  parentContentId: NO_PARENT,
  parent: undefined,
  extents: [],
  contentIdAt: -1,
};

/** Takes `file` over. Throws BlockError or HostError. */
export async function openVmdk(file: BlockNode, options: OpenOptions, open: OpenParent): Promise<VmdkNode> {
  const header = await readSparseHeader(file);
  const opened: BlockNode[] = [];
  let backing: BlockNode | undefined;
  try {
    let descriptor = LONE_EXTENT;
    let extents: readonly OpenedExtent[];
    if (header === undefined) {
      const head = new Uint8Array(Math.min(file.bytes, 2048));
      if (head.length > 0) await file.read(0, [head]);
      if (!isDescriptor(Buffer.from(head).toString('latin1'))) {
        throw damaged(file.fileName, 'vmdk', 'it begins neither with a sparse header nor with a descriptor');
      }
      descriptor = await readDescriptor(file, 0, file.bytes);
      extents = await openExtents(file, descriptor, options, opened);
    } else {
      if (header.descriptor.offset > 0) {
        descriptor = await readDescriptor(file, header.descriptor.offset, header.descriptor.bytes);
        checkSingle(file, descriptor, header);
      }
      extents = [{ file, bytes: header.bytes, header, offset: 0 }];
    }
    backing = await openParent(file, descriptor, open);
    const descriptorOffset = header?.descriptor.offset ?? 0;
    return await VmdkNode.open({ file, descriptor, descriptorOffset, extents, backing });
  } catch (error) {
    for (const node of opened) await node.close();
    await backing?.close();
    throw error;
  }
}
