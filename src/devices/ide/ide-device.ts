/** What a channel knows of the devices on it, and what it gives them. */
import type { DeviceState } from '../device-class.ts';
import type { BusMaster } from './bus-master.ts';
import type { PioPort } from './pio-port.ts';
import type { TaskFile } from './task-file.ts';

/** A device on the cable: disk or packet device. */
export interface IdeDevice {
  readonly taskFile: TaskFile;
  /** The host has written a command code. */
  execute(command: number): void;
  /** SRST, or the diagnostics: signature, and what the standard keeps over it. */
  softReset(): void;
  /** Power-on, or the machine's reset. */
  reset(): void;
  /** The host has stopped the bus master in the middle of a transfer. */
  dmaAborted(): void;
  save(): DeviceState;
  restore(state: DeviceState): void;
}

/** A device's end of the cable. */
export interface IdeConnection {
  readonly pio: PioPort;
  /** Undefined on a controller without DMA. */
  readonly busMaster: BusMaster | undefined;
  /** Number among all IDE devices of the board: bus × 2 + unit. */
  readonly index: number;
  /** Asserts INTRQ. Reading the status register, or a new command, ends it. */
  interrupt(): void;
  disconnect(): void;
}
