/** Block jobs, and the older `commit`. */
import { strerror } from '../../../host/host-error.ts';
import type { BlockJobInfo } from '../../../qapi/qmp-types.generated.ts';
import { askMachine } from '../../ask-machine.ts';
import { defineHumanCommand, type HumanCommand, type HumanContext } from '../command.ts';
import { HmpError } from '../hmp-error.ts';

const NO_DEADLINE = { deadlineMs: Number.POSITIVE_INFINITY };

async function driveNames({ services, caller }: HumanContext): Promise<string[]> {
  const drives = await services.executeQmp('query-block', {}, caller);
  return drives.map(({ device }) => device);
}

const DEVICE = { name: 'device', kind: 'block-device', candidates: driveNames } as const;

async function commitOne({ services }: HumanContext, device: string, shownAs: string): Promise<void> {
  const outcome = await askMachine(services, 'commitDrive', { device }, NO_DEADLINE);
  if (outcome !== 0) {
    throw new HmpError('ERR_HMP_REFUSED', `'commit' error for '${shownAs}': ${strerror(outcome)}`);
  }
}

const commit = defineHumanCommand({
  name: 'commit',
  arguments: [{ name: 'device', kind: 'block-device', candidates: driveNames }],
  params: 'device|all',
  help: 'write what an image holds, or each of them, into the one that it builds on',
  async run(context, { device }) {
    if (device !== 'all') {
      await commitOne(context, device, device);
      return '';
    }
    const drives = await context.services.executeQmp('query-block', {}, context.caller);
    for (const { device: each, inserted } of drives) {
      if (inserted !== undefined && Number(inserted.backing_file_depth) > 0)
        await commitOne(context, each, 'all');
    }
    return '';
  },
});

const blockStream = defineHumanCommand({
  name: 'block_stream',
  arguments: [
    DEVICE,
    { name: 'speed', kind: 'size', presence: 'optional' },
    { name: 'base', kind: 'string', presence: 'optional' },
  ],
  params: 'device [speed [base]]',
  help: 'copy data of backing files into an image',
  async run({ services, caller }, { device, speed, base }) {
    const args = {
      device,
      ...(speed === undefined ? {} : { speed }),
      ...(base === undefined ? {} : { base }),
    };
    await services.executeQmp('block-stream', args, caller);
    return '';
  },
});

const setSpeed = defineHumanCommand({
  name: 'block_job_set_speed',
  arguments: [DEVICE, { name: 'speed', kind: 'size' }],
  params: 'device speed',
  help: 'limit the speed of a block job, in MiB a second without a suffix; 0 is no limit',
  async run({ services, caller }, { device, speed }) {
    await services.executeQmp('block-job-set-speed', { device, speed }, caller);
    return '';
  },
});

const cancel = defineHumanCommand({
  name: 'block_job_cancel',
  arguments: [{ name: 'force', kind: 'flag', letter: 'f' }, DEVICE],
  params: '[-f] device',
  help: 'end a block job; -f even if it is paused',
  async run({ services, caller }, { force, device }) {
    await services.executeQmp('block-job-cancel', { device, force }, caller);
    return '';
  },
});

const pause = defineHumanCommand({
  name: 'block_job_pause',
  arguments: [DEVICE],
  params: 'device',
  help: 'let a block job rest',
  async run({ services, caller }, { device }) {
    await services.executeQmp('block-job-pause', { device }, caller);
    return '';
  },
});

const resume = defineHumanCommand({
  name: 'block_job_resume',
  arguments: [DEVICE],
  params: 'device',
  help: 'let a paused block job go on',
  async run({ services, caller }, { device }) {
    await services.executeQmp('block-job-resume', { device }, caller);
    return '';
  },
});

const complete = defineHumanCommand({
  name: 'block_job_complete',
  arguments: [DEVICE],
  params: 'device',
  help: 'let a block job that is ready switch the drive to its target',
  async run({ services, caller }, { device }) {
    await services.executeQmp('block-job-complete', { device }, caller);
    return '';
  },
});

const COPY_ARGUMENTS = [
  { name: 'reuse', kind: 'flag', letter: 'n' },
  { name: 'full', kind: 'flag', letter: 'f' },
  DEVICE,
  { name: 'target', kind: 'filename' },
  { name: 'format', kind: 'string', presence: 'optional' },
] as const;

interface CopyValues {
  readonly reuse: boolean;
  readonly full: boolean;
  readonly device: string;
  readonly target: string;
  readonly format: string | undefined;
}

function copyArguments({ reuse, full, device, target, format }: CopyValues) {
  return {
    device,
    target,
    sync: full ? 'full' : 'top',
    mode: reuse ? 'existing' : 'absolute-paths',
    ...(format === undefined ? {} : { format }),
  } as const;
}

const driveMirror = defineHumanCommand({
  name: 'drive_mirror',
  arguments: COPY_ARGUMENTS,
  params: '[-n] [-f] device target [format]',
  help: 'keep a target the same as a drive; -n if it has been made already, -f with what the backing files hold',
  async run({ services, caller }, values) {
    await services.executeQmp('drive-mirror', copyArguments(values), caller);
    return '';
  },
});

const driveBackup = defineHumanCommand({
  name: 'drive_backup',
  arguments: COPY_ARGUMENTS,
  params: '[-n] [-f] device target [format]',
  help: 'copy a drive as it is now; -n if the target has been made already, -f with what the backing files hold',
  async run({ services, caller }, values) {
    await services.executeQmp('drive-backup', copyArguments(values), caller);
    return '';
  },
});

function describeJob({ type, device, offset, len, speed }: BlockJobInfo): string {
  const what = type === 'stream' ? `Streaming device ${device}` : `Type ${type}, device ${device}`;
  return `${what}: Completed ${offset} of ${len} bytes, speed limit ${speed} bytes/s\n`;
}

/** `info block-jobs` */
export const blockJobInformation = defineHumanCommand({
  name: 'block-jobs',
  help: 'block jobs that are under way',
  async run({ services, caller }) {
    const jobs = await services.executeQmp('query-block-jobs', {}, caller);
    return jobs.length === 0 ? 'No active jobs\n' : jobs.map(describeJob).join('');
  },
});

export const blockJobCommands: readonly HumanCommand[] = [
  commit,
  blockStream,
  setSpeed,
  cancel,
  pause,
  resume,
  complete,
  driveMirror,
  driveBackup,
];
