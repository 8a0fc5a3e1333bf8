/** Where the contents of a disk come from: which image of a chain holds them, and at which place of its file. */
import type { BlockNode } from '../block/block-node.ts';

export interface MapExtent {
  readonly start: number;
  readonly length: number;
  /** 0: the image itself; 1: its backing file, and so on. */
  readonly depth: number;
  readonly zero: boolean;
  readonly data: boolean;
  /** Place in the file that holds it, where it lies there as it is. */
  readonly offset: number | undefined;
  readonly fileName: string;
}

async function extentAt(node: BlockNode, start: number): Promise<MapExtent> {
  let layer = node;
  let depth = 0;
  let status = await layer.status(start, node.bytes - start);
  while (!status.allocated && layer.backing !== undefined && start < layer.backing.bytes) {
    layer = layer.backing;
    depth += 1;
    status = await layer.status(start, Math.min(status.bytes, layer.bytes - start));
  }
  const data = status.allocated && !status.zero;
  return {
    start,
    length: status.bytes,
    depth,
    zero: !data,
    data,
    offset: data ? status.hostOffset : undefined,
    fileName: layer.fileName,
  };
}

/** Whether `next` goes on with what `before` is. */
function continues(before: MapExtent, next: MapExtent): boolean {
  if (before.depth !== next.depth || before.data !== next.data) return false;
  if (before.offset === undefined || next.offset === undefined) return before.offset === next.offset;
  return before.offset + before.length === next.offset;
}

/** The extents of a disk, in order; neighbours that belong together are one. */
export async function imageMap(node: BlockNode): Promise<readonly MapExtent[]> {
  const extents: MapExtent[] = [];
  for (let start = 0; start < node.bytes; ) {
    const next = await extentAt(node, start);
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
  const lines = extents.map(({ start, length, depth, zero, data, offset }) =>
    JSON.stringify({ start, length, depth, zero, data, ...(offset === undefined ? {} : { offset }) }),
  );
  return `[${lines.join(',\n')}]\n`;
}

const COLUMN = 16;

/** Only what is data, as people read it. */
export function mapText(extents: readonly MapExtent[]): string {
  const hex = (value: number) => `0x${value.toString(16)}`;
  const line = (...columns: string[]) =>
    columns
      .map((column) => column.padEnd(COLUMN))
      .join('')
      .trimEnd();
  const rows = extents
    .filter(({ data }) => data)
    .map(({ start, length, offset, fileName }) =>
      line(hex(start), hex(length), offset === undefined ? '-' : hex(offset), fileName),
    );
  return `${[line('Offset', 'Length', 'Mapped to', 'File'), ...rows].join('\n')}\n`;
}
