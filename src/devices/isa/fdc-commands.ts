/** The commands of the 82078 (data sheet 290475, section 5): how many bytes each takes, and what it does. */
import {
  CMD_CONFIGURE,
  CMD_DUMPREG,
  CMD_FORMAT,
  CMD_LOCK,
  CMD_PART_ID,
  CMD_PERPENDICULAR,
  CMD_POWERDOWN,
  CMD_READ,
  CMD_READ_DELETED,
  CMD_READ_ID,
  CMD_RECALIBRATE,
  CMD_SEEK,
  CMD_SENSE_DRIVE,
  CMD_SENSE_INTERRUPT,
  CMD_SPECIFY,
  CMD_VERIFY,
  CMD_VERSION,
  CMD_WRITE,
  CMD_WRITE_DELETED,
  PART_ID,
  ST0_INVALID,
  ST0_READY_CHANGED,
  ST3_ALWAYS,
  ST3_TRACK0,
  ST3_WRITE_PROTECTED,
  VERSION_ENHANCED,
} from './fdc-registers.ts';
import type { FloppyController } from './floppy-controller.ts';

export interface FloppyCommand {
  /** Its own byte included. */
  readonly bytes: number;
  readonly run: (controller: FloppyController, bytes: readonly number[]) => void;
  /** Bits of its own byte that say how it is to be done: MT, MFM, SK. */
  readonly modifiers?: number;
}

const LOCK_BIT = 0x80;
const MT_MFM = 0xc0;
const MT_MFM_SK = 0xe0;
const MFM = 0x40;
const LOCK_RESULT = 0x10;
const RESET_INTERRUPTS = 4;

const INVALID_COMMAND: FloppyCommand = {
  bytes: 1,
  run: (controller) => controller.result([ST0_INVALID]),
};

function senseDrive(controller: FloppyController, [, select = 0]: readonly number[]): void {
  const drive = controller.drive(select);
  const isTrack0 = (drive?.state.track ?? 0) === 0;
  controller.result([
    ST3_ALWAYS |
      (select & 0x07) |
      (isTrack0 ? ST3_TRACK0 : 0) |
      (drive?.writeProtected === true ? ST3_WRITE_PROTECTED : 0),
  ]);
}

/** After a reset it answers once for each possible drive; without a cause it is not valid (5.2.12). */
function senseInterrupt(controller: FloppyController): void {
  const { state } = controller;
  controller.lower();
  if (state.resetInterrupts > 0) {
    const unit = RESET_INTERRUPTS - state.resetInterrupts;
    state.resetInterrupts -= 1;
    controller.result([ST0_READY_CHANGED | unit, controller.drive(unit)?.state.track ?? 0]);
  } else if (state.senses) {
    state.senses = false;
    controller.result([state.status0, controller.drive(state.unit)?.state.track ?? 0]);
  } else {
    controller.result([ST0_INVALID]);
  }
}

function dumpRegisters(controller: FloppyController): void {
  const { timer0, timer1, lastSector, locked, perpendicular, config, precompensation } = controller.state;
  const tracks = [0, 1, 2, 3].map((unit) => controller.drive(unit)?.state.track ?? 0);
  const flags = (locked ? LOCK_BIT : 0) | (perpendicular << 2);
  controller.result([...tracks, timer0, timer1, lastSector, flags, config, precompensation]);
}

const COMMANDS: ReadonlyMap<number, FloppyCommand> = new Map<number, FloppyCommand>([
  [
    CMD_SPECIFY,
    {
      bytes: 3,
      run: (controller, [, timer0 = 0, timer1 = 0]) => {
        Object.assign(controller.state, { timer0, timer1 });
        controller.result([]);
      },
    },
  ],
  [CMD_SENSE_DRIVE, { bytes: 2, run: senseDrive }],
  [
    CMD_WRITE,
    { bytes: 9, modifiers: MT_MFM, run: (controller, bytes) => controller.transfer('write', bytes) },
  ],
  [
    CMD_WRITE_DELETED,
    { bytes: 9, modifiers: MT_MFM, run: (controller, bytes) => controller.transfer('write', bytes) },
  ],
  [
    CMD_READ,
    { bytes: 9, modifiers: MT_MFM_SK, run: (controller, bytes) => controller.transfer('read', bytes) },
  ],
  [
    CMD_READ_DELETED,
    { bytes: 9, modifiers: MT_MFM_SK, run: (controller, bytes) => controller.transfer('read', bytes) },
  ],
  [
    CMD_VERIFY,
    { bytes: 9, modifiers: MT_MFM_SK, run: (controller, bytes) => controller.transfer('verify', bytes) },
  ],
  [CMD_RECALIBRATE, { bytes: 2, run: (controller, [, select = 0]) => controller.seek(select, 0) }],
  [CMD_SEEK, { bytes: 3, run: (controller, [, select = 0, track = 0]) => controller.seek(select, track) }],
  [CMD_SENSE_INTERRUPT, { bytes: 1, run: senseInterrupt }],
  [CMD_READ_ID, { bytes: 2, modifiers: MFM, run: (controller, [, select = 0]) => controller.readId(select) }],
  [CMD_FORMAT, { bytes: 6, modifiers: MFM, run: (controller, bytes) => controller.format(bytes) }],
  [CMD_DUMPREG, { bytes: 1, run: dumpRegisters }],
  [CMD_VERSION, { bytes: 1, run: (controller) => controller.result([VERSION_ENHANCED]) }],
  [
    CMD_PERPENDICULAR,
    {
      bytes: 2,
      run: (controller, [, mode = 0]) => {
        // OW says whether the drives' bits are to be taken over.
        if ((mode & LOCK_BIT) !== 0) controller.state.perpendicular = mode & 0x07;
        controller.result([]);
      },
    },
  ],
  [
    CMD_CONFIGURE,
    {
      bytes: 4,
      run: (controller, [, , config = 0, precompensation = 0]) => {
        Object.assign(controller.state, { config, precompensation });
        controller.result([]);
      },
    },
  ],
  [
    CMD_LOCK,
    {
      bytes: 1,
      modifiers: LOCK_BIT,
      run: (controller, [command = 0]) => {
        controller.state.locked = (command & LOCK_BIT) !== 0;
        controller.result([controller.state.locked ? LOCK_RESULT : 0]);
      },
    },
  ],
  [CMD_POWERDOWN, { bytes: 2, run: (controller, [, mode = 0]) => controller.result([mode]) }],
  [CMD_PART_ID, { bytes: 1, run: (controller) => controller.result([PART_ID]) }],
]);

/** The command that begins with this byte. */
export function floppyCommand(code: number): FloppyCommand {
  for (const [command, entry] of COMMANDS) {
    if ((code & ~(entry.modifiers ?? 0)) === command) return entry;
  }
  return INVALID_COMMAND;
}
