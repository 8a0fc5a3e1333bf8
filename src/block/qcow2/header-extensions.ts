/** What follows the fields of a qcow2 header: its extensions, and the name of the backing file (qcow2.txt, "Header extensions"). */
import { BlockError, EINVAL } from '../block-error.ts';

const EXTENSION_END = 0;
export const EXTENSION_BACKING_FORMAT = 0xe2792aca;

const BACKING_PLACE_OFFSET = 8;
const BACKING_LENGTH_OFFSET = 16;
export const MOST_BACKING_NAME = 1023;

export interface HeaderExtension {
  readonly type: number;
  readonly data: Uint8Array;
}

export interface BackingName {
  readonly file: string;
  readonly format: string | undefined;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** The extensions that lie from `start` on; what does not fit before `end` is none. */
export function readExtensions(head: Uint8Array, start: number, end: number): readonly HeaderExtension[] {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const extensions: HeaderExtension[] = [];
  for (let at = start; at + 8 <= end; ) {
    const type = view.getUint32(at);
    const length = view.getUint32(at + 4);
    if (type === EXTENSION_END || at + 8 + length > end) break;
    extensions.push({ type, data: head.slice(at + 8, at + 8 + length) });
    at += 8 + padded(length);
  }
  return extensions;
}

/** The backing format's name. */
export function backingFormatOf(extensions: readonly HeaderExtension[]): string | undefined {
  const extension = extensions.find(({ type }) => type === EXTENSION_BACKING_FORMAT);
  return extension === undefined ? undefined : Buffer.from(extension.data).toString('utf8');
}

/**
 * A header's whole cluster.
 * @param fields the fields, with those of the backing file's name still to be filled in
 * @param others extensions beside that of the backing format
 * Throws BlockError `ERR_BLOCK_CREATE` when they do not fit.
 */
export function headerCluster(
  fields: Uint8Array,
  others: readonly HeaderExtension[],
  backing: BackingName | undefined,
  clusterBytes: number,
): Uint8Array {
  const format = backing?.format;
  const extensions = [
    ...(format === undefined ? [] : [{ type: EXTENSION_BACKING_FORMAT, data: Buffer.from(format) }]),
    ...others,
  ];
  const name = Buffer.from(backing?.file ?? '');
  // The end of the extensions is eight bytes of zeros.
  const nameAt = extensions.reduce((at, { data }) => at + 8 + padded(data.length), fields.length) + 8;
  if (name.length > MOST_BACKING_NAME || nameAt + name.length > clusterBytes) {
    throw new BlockError('ERR_BLOCK_CREATE', 'Backing file name too long', { errno: EINVAL });
  }
  const cluster = new Uint8Array(clusterBytes);
  const view = new DataView(cluster.buffer);
  cluster.set(fields);
  let at = fields.length;
  for (const { type, data } of extensions) {
    view.setUint32(at, type);
    view.setUint32(at + 4, data.length);
    cluster.set(data, at + 8);
    at += 8 + padded(data.length);
  }
  cluster.set(name, nameAt);
  view.setBigUint64(BACKING_PLACE_OFFSET, BigInt(backing === undefined ? 0 : nameAt));
  view.setUint32(BACKING_LENGTH_OFFSET, name.length);
  return cluster;
}

/** A header's cluster that names another backing file and is otherwise as it was. */
export function withBacking(
  cluster: Uint8Array,
  headerBytes: number,
  extensions: readonly HeaderExtension[],
  backing: BackingName | undefined,
): Uint8Array {
  const others = extensions.filter(({ type }) => type !== EXTENSION_BACKING_FORMAT);
  return headerCluster(cluster.subarray(0, headerBytes), others, backing, cluster.length);
}
