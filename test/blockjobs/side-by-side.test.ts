/**
 * Sequences of job commands on a stopped machine, given to Debian's QEMU 7.2 too: the same answers, the same events with the same
 * data, and images with the same contents and backing files. Where an answer differs the step says why, and has to differ.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { hasQemu } from '../client/real-machine.ts';
import { scratch } from '../system/process.ts';
import { launchWith, makeChain, record, type Step } from './transcript.ts';

interface Sequence {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Images to compare afterwards. */
  readonly images: readonly string[];
  /** What of the events is this version's own. */
  readonly eventsDiffer?: string;
}

const D = { device: 'd' };
const COMPLETED: Step = { until: 'BLOCK_JOB_COMPLETED' };
const READY: Step = { until: 'BLOCK_JOB_READY' };
const CANCELLED: Step = { until: 'BLOCK_JOB_CANCELLED' };
const QUERY: Step = { say: 'query-block-jobs' };
const MIRROR = { ...D, target: '@target', sync: 'full', format: 'qcow2' };
const LENGTH =
  'behaviour.md §4.4: len of a mirror is the length of the device; QEMU 7.2 counts what there is to copy';

const SEQUENCES: readonly Sequence[] = [
  {
    name: 'stream of everything',
    steps: [{ say: 'block-stream', with: D }, COMPLETED, QUERY],
    images: ['top.qcow2', 'mid.qcow2', 'base.qcow2'],
  },
  {
    name: 'stream above a base, slow, paused, set free',
    steps: [
      { say: 'block-stream', with: { ...D, base: '@base.qcow2', speed: 1024 } },
      { say: 'block-stream', with: D, because: 'schema.json: the text for a drive in use' },
      { say: 'block-job-pause', with: D },
      { say: 'block-job-cancel', with: D },
      { say: 'block-job-resume', with: D },
      {
        say: 'block-job-complete',
        with: D,
        because: 'schema.json: the text for a job that cannot be completed',
      },
      { say: 'block-job-set-speed', with: { ...D, speed: -1 }, because: 'schema.json: Invalid parameter' },
      { say: 'block-job-set-speed', with: { ...D, speed: 0 } },
      COMPLETED,
      { say: 'block-job-pause', with: D, because: 'schema.json: the text where there is no job' },
    ],
    images: ['top.qcow2', 'mid.qcow2', 'base.qcow2'],
  },
  {
    name: 'a stream that is cancelled keeps the chain',
    steps: [
      { say: 'block-stream', with: { ...D, speed: 1024 } },
      { say: 'block-job-cancel', with: D },
      CANCELLED,
      QUERY,
    ],
    images: ['top.qcow2', 'base.qcow2'],
    eventsDiffer: 'how far it came depends on when the cancel met it',
  },
  {
    name: 'commit of the image in the middle',
    steps: [{ say: 'block-commit', with: { ...D, top: '@mid.qcow2' } }, COMPLETED, QUERY],
    images: ['top.qcow2', 'base.qcow2'],
  },
  {
    name: 'commit of the active image, completed',
    steps: [
      { say: 'block-commit', with: { ...D, top: '@top.qcow2', base: '@base.qcow2' } },
      READY,
      { say: 'block-job-complete', with: D },
      COMPLETED,
      QUERY,
    ],
    images: ['base.qcow2'],
    eventsDiffer: LENGTH,
  },
  {
    name: 'commit: what is refused',
    steps: [
      { say: 'block-commit', with: { ...D, top: '@nowhere' } },
      {
        say: 'block-commit',
        with: { ...D, top: '@mid.qcow2', base: '@nowhere' },
        because: 'schema.json: Base not found',
      },
      { say: 'block-commit', with: { device: 'x', top: '@mid.qcow2' } },
    ],
    images: ['top.qcow2', 'mid.qcow2', 'base.qcow2'],
  },
  {
    name: 'mirror, completed',
    steps: [
      { say: 'drive-mirror', with: MIRROR },
      READY,
      { say: 'block-job-complete', with: D },
      COMPLETED,
      QUERY,
    ],
    images: ['target', 'top.qcow2'],
    eventsDiffer: LENGTH,
  },
  {
    name: 'mirror of the top image, cancelled when it is ready',
    steps: [
      { say: 'drive-mirror', with: { ...MIRROR, sync: 'top' } },
      READY,
      { say: 'block-job-cancel', with: D },
      COMPLETED,
    ],
    images: ['target', 'top.qcow2'],
    eventsDiffer: LENGTH,
  },
  {
    name: 'mirror, cancelled before it is ready',
    steps: [
      { say: 'drive-mirror', with: { ...MIRROR, speed: 1024 } },
      {
        say: 'block-job-complete',
        with: D,
        because: 'schema.json: the text for a job that cannot be completed',
      },
      { say: 'block-job-cancel', with: D },
      CANCELLED,
      QUERY,
    ],
    images: ['top.qcow2'],
    eventsDiffer: LENGTH,
  },
  {
    name: 'mirror: what is refused',
    steps: [
      {
        say: 'drive-mirror',
        with: { ...MIRROR, target: '/nowhere/x' },
        because: 'schema.json: error while creating',
      },
      {
        say: 'drive-mirror',
        with: { ...MIRROR, target: '/nowhere/x', mode: 'existing' },
        because: 'schema.json: Could not open',
      },
      {
        say: 'drive-mirror',
        with: { ...MIRROR, granularity: 1000 },
        because: 'schema.json: names the device',
      },
    ],
    images: ['top.qcow2'],
  },
  {
    name: 'backup',
    steps: [{ say: 'drive-backup', with: MIRROR }, COMPLETED, QUERY],
    images: ['target', 'top.qcow2'],
  },
];

function describeImage(file: string): string {
  const info = JSON.parse(
    execFileSync('qemu-img', ['info', '-U', '--output=json', file], { encoding: 'utf8' }),
  );
  return JSON.stringify([
    info.format,
    info['virtual-size'],
    info['backing-filename'],
    info['backing-filename-format'],
  ]);
}

for (const { name, steps, images, eventsDiffer } of hasQemu ? SEQUENCES : []) {
  test.serial(name, async (t) => {
    await using ours = await scratch();
    await using theirs = await scratch();
    const [us, them] = await Promise.all(
      (
        [
          ['troupe', ours.path],
          ['qemu', theirs.path],
        ] as const
      ).map(async ([program, folder]) => {
        makeChain(folder);
        await using machine = await launchWith(program, join(folder, 'top.qcow2'));
        return await record(machine, folder, steps);
      }),
    );
    steps.forEach(({ because, say }, index) => {
      const [mine, other] = [us?.answers[index], them?.answers[index]];
      if (because === undefined) t.is(mine, other, `${index}: ${say}`);
      else t.not(mine, other, `${index}: ${say} answers as QEMU does; was expected not to: ${because}`);
    });
    const kinds = (events: readonly string[] = []) => events.map((event) => event.split(' ')[0]);
    if (eventsDiffer === undefined) t.deepEqual(us?.events, them?.events);
    else t.deepEqual(kinds(us?.events), kinds(them?.events), eventsDiffer);
    for (const image of images) {
      const [mine, other] = [join(ours.path, image), join(theirs.path, image)];
      t.regex(execFileSync('qemu-img', ['check', mine], { encoding: 'utf8' }), /No errors/);
      execFileSync('qemu-img', ['compare', mine, other]);
      t.is(
        describeImage(mine).replaceAll(ours.path, '@'),
        describeImage(other).replaceAll(theirs.path, '@'),
        image,
      );
    }
  });
}
