/** What `info` tells of an image (schema.json, ImageInfo). */
import { statSync } from 'node:fs';
import type { BlockNode } from '../block/block-node.ts';
import { MappedNode, type RecordedBacking } from '../block/formats/mapped-node.ts';
import { VmdkNode } from '../block/formats/vmdk/vmdk-node.ts';
import { backingPath, hostPath } from '../block/protocol-names.ts';
import { COMPATIBLE_LAZY_REFCOUNTS, FEATURE_CORRUPT, FEATURE_DIRTY } from '../block/qcow2/qcow2-header.ts';
import { Qcow2Node } from '../block/qcow2/qcow2-node.ts';
import { snapshotLines } from '../block/snapshot-listing.ts';
import { sizeText } from './size-text.ts';

const BLOCK_BYTES = 512;
const NS_A_SECOND = 1_000_000_000n;

type Json = { readonly [key: string]: unknown };

function actualBytes(fileName: string): number | undefined {
  try {
    return statSync(hostPath(fileName)).blocks * BLOCK_BYTES;
  } catch {
    return undefined;
  }
}

function qcow2Facts({ header }: Qcow2Node): Json {
  const isV3 = header.version === 3;
  return {
    compat: isV3 ? '1.1' : '0.10',
    'compression-type': header.compression,
    ...(isV3 ? { 'lazy-refcounts': (header.compatible & COMPATIBLE_LAZY_REFCOUNTS) !== 0 } : {}),
    'refcount-bits': 2 ** header.refcountOrder,
    ...(header.cryptMethod === 0 ? {} : { encrypt: { format: 'aes' } }),
    ...(isV3 ? { corrupt: (header.incompatible & FEATURE_CORRUPT) !== 0, 'extended-l2': false } : {}),
  };
}

function snapshotFacts(node: Qcow2Node): readonly Json[] {
  return node.snapshots.map((snapshot) => ({
    id: snapshot.id,
    name: snapshot.name,
    'vm-state-size': snapshot.vmStateBytes,
    'date-sec': snapshot.dateSeconds,
    'date-nsec': snapshot.dateNanoseconds,
    'vm-clock-sec': Number(snapshot.vmClockNs / NS_A_SECOND),
    'vm-clock-nsec': Number(snapshot.vmClockNs % NS_A_SECOND),
    ...(snapshot.icount === undefined ? {} : { icount: Number(snapshot.icount) }),
  }));
}

/** What the image itself says that it builds on, opened or not. */
export function recordedBacking(node: BlockNode): RecordedBacking | undefined {
  if (node instanceof MappedNode || node instanceof VmdkNode) return node.recordedBacking;
  if (!(node instanceof Qcow2Node)) return undefined;
  const { backingFile, backingFormat } = node.header;
  return backingFile === undefined ? undefined : { file: backingFile, format: backingFormat };
}

function backingFacts(fileName: string, node: BlockNode): Json {
  const recorded = recordedBacking(node);
  if (recorded === undefined) return {};
  const { file, format } = recorded;
  return {
    'backing-filename': file,
    'full-backing-filename': backingPath(file, fileName),
    ...(format === undefined ? {} : { 'backing-filename-format': format }),
  };
}

/** @param fileName the image as it was named */
export function imageInfo(fileName: string, node: BlockNode): Json {
  const qcow2 = node instanceof Qcow2Node ? node : undefined;
  const actual = actualBytes(node.fileName);
  return {
    'virtual-size': node.bytes,
    filename: fileName,
    ...(node.clusterBytes === undefined ? {} : { 'cluster-size': node.clusterBytes }),
    format: node.driver,
    ...(actual === undefined ? {} : { 'actual-size': actual }),
    ...(node.encrypted ? { encrypted: true } : {}),
    ...(qcow2 === undefined || qcow2.snapshots.length === 0 ? {} : { snapshots: snapshotFacts(qcow2) }),
    ...backingFacts(fileName, node),
    ...(qcow2 === undefined ? {} : { 'format-specific': { type: 'qcow2', data: qcow2Facts(qcow2) } }),
    'dirty-flag': qcow2 !== undefined && (qcow2.header.incompatible & FEATURE_DIRTY) !== 0,
  };
}

function nested(facts: object, indent: string): readonly string[] {
  return Object.entries(facts).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null
      ? [`${indent}${key}:`, ...nested(value, `${indent}    `)]
      : [`${indent}${key.replaceAll('-', ' ')}: ${value}`],
  );
}

/** The same as text of several lines. */
export function imageInfoText(fileName: string, node: BlockNode): string {
  const facts = imageInfo(fileName, node);
  const actual = facts['actual-size'];
  const lines = [
    `image: ${fileName}`,
    `file format: ${node.driver}`,
    `virtual size: ${sizeText(node.bytes)} (${node.bytes} bytes)`,
    `disk size: ${typeof actual === 'number' ? sizeText(actual) : 'unavailable'}`,
  ];
  if (node.encrypted) lines.push('encrypted: yes');
  if (node.clusterBytes !== undefined) lines.push(`cluster_size: ${node.clusterBytes}`);
  if (facts['dirty-flag'] === true) lines.push('cleanly shut down: no');
  const backing = facts['backing-filename'];
  if (backing !== undefined) {
    const full = facts['full-backing-filename'];
    lines.push(`backing file: ${backing}${full === backing ? '' : ` (actual path: ${full})`}`);
  }
  if (facts['backing-filename-format'] !== undefined) {
    lines.push(`backing file format: ${facts['backing-filename-format']}`);
  }
  if (node instanceof Qcow2Node) {
    if (node.snapshots.length > 0) lines.push('Snapshot list:', ...snapshotLines(node.snapshots, sizeText));
    lines.push('Format specific information:', ...nested(qcow2Facts(node), '    '));
  }
  return `${lines.join('\n')}\n`;
}
