/** Where the contents of a disk come from: which image of a chain holds them, and at which place of its file. */
import type { BlockNode } from '../block/block-node.ts';

export interface MapExtent {
  readonly start: number;
  readonly length: number;
  /** 0: the image itself; 1: its backing file, and so on. */
  readonly depth: number;
  /** Held by one of the images. */
  readonly present: boolean;
  readonly zero: boolean;
  readonly data: boolean;
  /** Place in the file that holds it, where it lies there as it is. */
  readonly offset: number | undefined;
  readonly fileName: string;
}

const NOTHING = { present: false, zero: true, data: false, offset: undefined } as const;

async function extentAt(node: BlockNode, start: number, end: number): Promise<MapExtent> {
  let layer = node;
  let depth = 0;
  let status = await layer.status(start, end - start);
  let length = status.bytes;
  while (!status.allocated && layer.backing !== undefined) {
    layer = layer.backing;
    depth += 1;
    // A shorter image shows zeros behind its end.
    const there = Math.min(length, layer.bytes - start);
    if (there <= 0) return { ...NOTHING, start, length, depth: depth - 1, fileName: layer.fileName };
    status = await layer.status(start, there);
    length = Math.min(length, status.bytes);
  }
  const data = status.allocated && !status.zero;
  return {
    start,
    length,
    depth,
    present: status.allocated,
    zero: !data,
    data,
    offset: data ? status.hostOffset : undefined,
    fileName: layer.fileName,
  };
}

/** Whether `next` goes on with what `before` is. */
function continues(before: MapExtent, next: MapExtent): boolean {
  if (before.depth !== next.depth || before.data !== next.data || before.present !== next.present)
    return false;
  if (before.offset === undefined || next.offset === undefined) return before.offset === next.offset;
  return before.offset + before.length === next.offset;
}

/** The extents of a part of a disk, in order; neighbours that belong together are one. */
export async function imageMap(node: BlockNode, from: number, end: number): Promise<readonly MapExtent[]> {
  const extents: MapExtent[] = [];
  for (let start = from; start < end; ) {
    const next = await extentAt(node, start, end);
    const before = extents.at(-1);
    if (before !== undefined && continues(before, next)) {
      extents[extents.length - 1] = { ...before, length: before.length + next.length };
    } else {
      extents.push(next);
    }
    start += next.length;
  }
  return extents;
}

export function mapJson(extents: readonly MapExtent[]): string {
  const lines = extents.map(({ start, length, depth, present, zero, data, offset }) => {
    const place = offset === undefined ? '' : `, "offset": ${offset}`;
    return `{ "start": ${start}, "length": ${length}, "depth": ${depth}, "present": ${present}, "zero": ${zero}, "data": ${data}${place}}`;
  });
  return `[${lines.join(',\n')}]\n`;
}

const COLUMN = 16;

/** Whether an extent is data that does not lie in the file as it is. */
export function isHidden({ data, offset }: MapExtent): boolean {
  return data && offset === undefined;
}

/** Only what is data, as people read it, up to the first extent that does not lie in its file as it is. */
export function mapText(extents: readonly MapExtent[]): string {
  const hex = (value: number) => (value === 0 ? '0' : `0x${value.toString(16)}`);
  const line = (...columns: readonly string[]) =>
    columns.map((column, index) => (index < columns.length - 1 ? column.padEnd(COLUMN) : column)).join('');
  const hidden = extents.findIndex(isHidden);
  const rows = extents
    .slice(0, hidden < 0 ? extents.length : hidden)
    .filter(({ data }) => data)
    .map(({ start, length, offset = 0, fileName }) => line(hex(start), hex(length), hex(offset), fileName));
  return `${[line('Offset', 'Length', 'Mapped to', 'File'), ...rows].join('\n')}\n`;
}
