import { reasonOf } from '../../block/block-error.ts';
import { FileNode } from '../../block/file-node.ts';
import { findFormat, PROBE_BYTES } from '../../block/image-formats.ts';
import { hostPath } from '../../block/protocol-names.ts';
import { type CheckReport, checkQcow2, type Repair } from '../../block/qcow2/check-qcow2.ts';
import { Qcow2Node } from '../../block/qcow2/qcow2-node.ts';
import { type CommandWords, operandsOf, wantsJson } from '../command-words.ts';
import type { CommandOutput, ImageCommand } from '../image-command.ts';
import { failed, wrongUsage } from '../image-command-error.ts';
import { imageOptions, OPEN_OPTIONS } from '../open-for-command.ts';

const CORRUPT = 2;
const LEAKS = 3;
const NOT_SUPPORTED = 63;

function repairMode(words: CommandWords): Repair {
  const mode = words.value('r') ?? 'none';
  if (words.has('r') && mode !== 'leaks' && mode !== 'all') {
    throw wrongUsage(`Unknown option value for -r (expecting 'leaks' or 'all'): ${mode}`);
  }
  return mode === 'leaks' || mode === 'all' ? mode : 'none';
}

/** Only what is not nothing, but for the errors of the check itself. */
function reportJson(fileName: string, format: string, report: CheckReport, fixed: CheckReport): string {
  const counts: readonly (readonly [string, number])[] = [
    ['image-end-offset', report.imageEndOffset],
    ['total-clusters', report.totalClusters],
    ['allocated-clusters', report.allocatedClusters],
    ['fragmented-clusters', report.fragmentedClusters],
    ['compressed-clusters', report.compressedClusters],
    ['corruptions', report.corruptions],
    ['leaks', report.leaks],
    ['corruptions-fixed', fixed.corruptionsFixed],
    ['leaks-fixed', fixed.leaksFixed],
  ];
  const facts = {
    ...Object.fromEntries(counts.filter(([, count]) => count !== 0)),
    'check-errors': 0,
    filename: fileName,
    format,
  };
  return `${JSON.stringify(facts, undefined, 4)}\n`;
}

/** Rounded to the even neighbour when it lies in the middle of two, as C's printf does. */
function share(count: number, all: number): string {
  const hundredths = (count / all) * 10000;
  const isTie = hundredths % 1 === 0.5 && Math.floor(hundredths) % 2 === 0;
  return `${((isTie ? Math.floor(hundredths) : Math.round(hundredths)) / 100).toFixed(2)}%`;
}

function reportText(report: CheckReport): string {
  const { corruptions, leaks, allocatedClusters, totalClusters } = report;
  const parts: string[] = [];
  if (corruptions === 0 && leaks === 0) parts.push('No errors were found on the image.\n');
  if (corruptions > 0) {
    parts.push(
      `\n${corruptions} errors were found on the image.\n`,
      'Data may be corrupted, or further writes to the image may corrupt it.\n',
    );
  }
  if (leaks > 0) {
    parts.push(
      `\n${leaks} leaked clusters were found on the image.\n`,
      'This means waste of disk space, but no harm to data.\n',
    );
  }
  if (totalClusters > 0 && allocatedClusters > 0) {
    parts.push(
      `${allocatedClusters}/${totalClusters} = ${share(allocatedClusters, totalClusters)} allocated, `,
      `${share(report.fragmentedClusters, allocatedClusters)} fragmented, `,
      `${share(report.compressedClusters, allocatedClusters)} compressed clusters\n`,
    );
  }
  if (report.imageEndOffset > 0) parts.push(`Image end offset: ${report.imageEndOffset}\n`);
  return parts.join('');
}

function fixedText({ leaksFixed, corruptionsFixed }: CheckReport): string {
  return (
    `The following inconsistencies were found and repaired:\n\n    ${leaksFixed} leaked clusters\n` +
    `    ${corruptionsFixed} corruptions\n\nDouble checking the fixed image now...\n`
  );
}

async function isQcow2(file: FileNode, format: string | undefined): Promise<boolean> {
  if (format !== undefined) return format === 'qcow2';
  const head = new Uint8Array(Math.min(PROBE_BYTES, file.bytes));
  await file.read(0, [head]);
  return findFormat('qcow2').recognises(head, file.fileName);
}

function openFile(name: string, fileName: string, readOnly: boolean): FileNode {
  try {
    return FileNode.open(hostPath(fileName), { readOnly });
  } catch (cause) {
    throw failed(`Could not open '${name}': ${reasonOf(cause)}`, { cause });
  }
}

async function checkFile(file: FileNode, name: string, words: CommandWords, output: CommandOutput) {
  const asJson = wantsJson(words);
  const repair = repairMode(words);
  const write = (text: string) => words.has('q') || output.write(text);
  const header = await Qcow2Node.header(file);
  const say = (line: string) => output.warn(line);
  const { report: first, header: repaired } = await checkQcow2(file, header, repair, say);
  let report = first;
  if (first.leaksFixed + first.corruptionsFixed > 0) {
    if (!asJson) write(fixedText(first));
    report = (await checkQcow2(file, repaired, 'none', say)).report;
  }
  write(asJson ? reportJson(name, 'qcow2', report, first) : reportText(report));
  if (report.corruptions > 0) return CORRUPT;
  return report.leaks > 0 ? LEAKS : 0;
}

export const CHECK: ImageCommand = {
  name: 'check',
  usage:
    'check [--object objectdef] [--image-opts] [-q] [-f fmt] [--output=ofmt] [-r [leaks | all]] [-T src_cache] [-U] filename',
  options: ['f:', 'r:', 'output:', 'q', 'T:', ...OPEN_OPTIONS],
  run: async (words, output) => {
    const readOnly = repairMode(words) === 'none';
    wantsJson(words);
    const [name = ''] = operandsOf(words, 1, 'one image file name');
    const options = words.has('image-opts') ? imageOptions(name) : undefined;
    const file = openFile(name, options?.fileName ?? name, readOnly);
    try {
      if (!(await isQcow2(file, options?.format ?? words.value('f')))) {
        throw failed('This image format does not support checks', { status: NOT_SUPPORTED });
      }
      return await checkFile(file, name, words, output);
    } finally {
      await file.close();
    }
  },
};
