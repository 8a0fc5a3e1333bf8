/** A machine without a board (`-machine none`) as monitors see it: no CPU, no drive, nothing on the bus. */
import { InputRegistry } from '../../devices/input-hub.ts';
import type { DriveAsks } from '../drives/drive-asks.ts';
import { driveNotFound } from '../drives/drive-error.ts';
import type { BusAccess, GuestView } from './guest-commands.ts';
import { GuestError } from './guest-error.ts';

/** Nothing answers: all ones. */
const OPEN_BUS: BusAccess = {
  read: (_address, size) => 2 ** (size * 8) - 1,
  write: () => undefined,
};

export const bareMachine: GuestView = {
  cpus: { ask: async () => undefined, askEach: async () => [] },
  memory: OPEN_BUS,
  ports: OPEN_BUS,
  input: new InputRegistry(() => false),
  clock: {
    now: () => 0,
    timer: () => ({ arm: () => undefined, cancel: () => undefined, expiresAt: undefined }),
  },
  a20: () => true,
  pulseNmi: () => undefined,
  picture: () => undefined,
  pci: () => [],
  setBootOrder: () => false,
  addCpu: () => {
    throw new GuestError('ERR_GUEST_CPU_ADD', 'Not supported');
  },
  balloon: () => undefined,
  setSingleStep: async () => undefined,
  setLog: async () => undefined,
};

export const bareDrives: { [Name in keyof DriveAsks]: DriveAsks[Name] } = {
  queryBlock: () => [],
  queryBlockStatistics: () => [],
  queryImages: () => [],
  ejectMedium: ({ device }) => {
    throw driveNotFound(device);
  },
  changeMedium: ({ device }) => {
    throw driveNotFound(device);
  },
  resizeMedium: ({ device }) => {
    throw driveNotFound(device);
  },
  snapshotMedia: ({ actions }) => {
    for (const { device } of actions) throw driveNotFound(device);
  },
  setLimits: ({ device }) => {
    throw driveNotFound(device);
  },
  addDrive: () => {
    throw new GuestError('ERR_GUEST_NO_BOARD', 'A machine without a board has no drives');
  },
  removeDrive: ({ device }) => {
    throw driveNotFound(device);
  },
  nbdStart: () => {
    throw new GuestError('ERR_GUEST_NO_BOARD', 'A machine without a board has no drives to export');
  },
  nbdAdd: () => {
    throw new GuestError('ERR_GUEST_NO_BOARD', 'NBD server not running');
  },
  nbdStop: () => undefined,
  setMediumPassword: ({ device }) => {
    throw driveNotFound(device);
  },
};
