/** Commands about block jobs. */
import type { BackupRequest } from '../../machine/jobs/job-asks.ts';
import type { QmpCommands } from '../../qapi/qmp-types.generated.ts';
import { askMachine } from '../ask-machine.ts';
import { type CommandEntry, defineCommand } from '../command-definition.ts';

/** Targets may be large files on slow disks, and some formats are written in full. */
const NO_DEADLINE = { deadlineMs: Number.POSITIVE_INFINITY };

function copyRequest(args: QmpCommands['drive-backup']['arguments']): BackupRequest {
  return {
    device: args.device,
    target: args.target,
    format: args.format,
    sync: args.sync,
    mode: args.mode ?? 'absolute-paths',
    speed: Number(args.speed ?? 0),
    onSourceError: args['on-source-error'] ?? 'report',
    onTargetError: args['on-target-error'] ?? 'report',
  };
}

export const blockJobCommands: readonly CommandEntry[] = [
  defineCommand('block-stream', async (args, { services }) => {
    const { device, base, speed, 'on-error': onError = 'report' } = args;
    const request = { device, base, speed: Number(speed ?? 0), onError };
    await askMachine(services, 'blockStream', request, NO_DEADLINE);
    return {};
  }),

  defineCommand('block-commit', async ({ device, top, base, speed }, { services }) => {
    const request = { device, top, base, speed: Number(speed ?? 0) };
    await askMachine(services, 'blockCommit', request, NO_DEADLINE);
    return {};
  }),

  defineCommand('drive-mirror', async (args, { services }) => {
    const { granularity, 'buf-size': bufferBytes } = args;
    const request = {
      ...copyRequest(args),
      granularity: granularity ?? 0,
      bufferBytes: bufferBytes === undefined ? undefined : Number(bufferBytes),
    };
    await askMachine(services, 'driveMirror', request, NO_DEADLINE);
    return {};
  }),

  defineCommand('drive-backup', async (args, { services }) => {
    await askMachine(services, 'driveBackup', copyRequest(args), NO_DEADLINE);
    return {};
  }),

  defineCommand('block-job-set-speed', async ({ device, speed }, { services }) => {
    await askMachine(services, 'setJobSpeed', { device, speed: Number(speed) });
    return {};
  }),

  defineCommand('block-job-cancel', async ({ device, force }, { services }) => {
    await askMachine(services, 'cancelJob', { device, force: force ?? false });
    return {};
  }),

  defineCommand('block-job-pause', async ({ device }, { services }) => {
    await askMachine(services, 'pauseJob', { device });
    return {};
  }),

  defineCommand('block-job-resume', async ({ device }, { services }) => {
    await askMachine(services, 'resumeJob', { device });
    return {};
  }),

  defineCommand('block-job-complete', async ({ device }, { services }) => {
    await askMachine(services, 'completeJob', { device });
    return {};
  }),

  defineCommand('query-block-jobs', async (_args, { services }) => {
    const jobs = await askMachine(services, 'queryJobs', undefined);
    return jobs.map(({ type, device, length, offset, busy, paused, speed, ioStatus }) => ({
      type,
      device,
      len: length,
      offset,
      busy,
      paused,
      speed,
      'io-status': ioStatus,
    }));
  }),
];
