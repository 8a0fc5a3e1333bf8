import { BlockError, reasonOf } from '../../block/block-error.ts';
import { Qcow2Node } from '../../block/qcow2/qcow2-node.ts';
import { snapshotLines } from '../../block/snapshot-listing.ts';
import { operandsOf } from '../command-words.ts';
import type { CommandOutput, ImageCommand } from '../image-command.ts';
import { failed, wrongUsage } from '../image-command-error.ts';
import { OPEN_OPTIONS, withImage } from '../open-for-command.ts';
import { sizeText } from '../size-text.ts';

const ACTIONS = ['l', 'a', 'c', 'd'] as const;
type Action = (typeof ACTIONS)[number];
const VERBS = { l: 'list', a: 'apply', c: 'create', d: 'delete' } as const;

/** What a new snapshot notes of the moment. */
function now() {
  const ms = Date.now();
  return {
    dateSeconds: Math.floor(ms / 1000),
    dateNanoseconds: (ms % 1000) * 1_000_000,
    vmClockNs: 0n,
    vmStateBytes: 0,
    icount: 0n,
  };
}

async function act(node: Qcow2Node, action: Action, name: string, output: CommandOutput): Promise<void> {
  switch (action) {
    case 'l':
      if (node.snapshots.length > 0) {
        output.write(`${['Snapshot list:', ...snapshotLines(node.snapshots, sizeText)].join('\n')}\n`);
      }
      break;
    case 'c':
      await node.createSnapshot({ name, ...now() });
      break;
    case 'a':
      await node.applySnapshot(name);
      break;
    case 'd':
      await node.deleteSnapshot(name);
  }
}

export const SNAPSHOT: ImageCommand = {
  name: 'snapshot',
  usage:
    'snapshot [--object objectdef] [--image-opts] [-U] [-q] [-l | -a snapshot | -c snapshot | -d snapshot] filename',
  options: ['l', 'a:', 'c:', 'd:', 'q', 'f:', ...OPEN_OPTIONS],
  run: (words, output) => {
    const given = ACTIONS.filter((letter) => words.has(letter));
    if (given.length > 1) throw wrongUsage("Cannot mix '-l', '-a', '-c', '-d'");
    const [fileName = ''] = operandsOf(words, 1, 'one image file name');
    const [action = 'l'] = given;
    const name = words.value(action) ?? '';
    const request = { format: words.value('f'), readOnly: action === 'l' };
    return withImage(words, fileName, request, async (node) => {
      if (!(node instanceof Qcow2Node)) {
        if (action === 'l') return 0;
        throw failed(
          `Could not ${VERBS[action]} snapshot '${name}': Block driver does not support snapshots`,
        );
      }
      try {
        await act(node, action, name, output);
      } catch (cause) {
        const isMissing = cause instanceof BlockError && cause.code === 'ERR_BLOCK_NO_SNAPSHOT';
        const reason = isMissing ? 'snapshot not found' : reasonOf(cause);
        throw failed(`Could not ${VERBS[action]} snapshot '${name}': ${reason}`, { cause });
      }
      return 0;
    });
  },
};
