/** One IDE cable: two places for devices behind one set of registers (ATA/ATAPI-6, clauses 7 and 9). */
import type { RegionHandler, Wire } from '../board-services.ts';
import {
  CMD_DEVICE_RESET,
  CMD_DIAGNOSTIC,
  CONTROL_HOB,
  CONTROL_NIEN,
  CONTROL_SRST,
  DEVICE_DEV1,
  REG_DEVICE,
  REG_STATUS,
  STATUS_BSY,
  STATUS_DRQ,
} from './ata-registers.ts';
import type { BusMaster } from './bus-master.ts';
import type { IdeConnection, IdeDevice } from './ide-device.ts';
import { type PioMemory, PioPort } from './pio-port.ts';

export const UNITS = 2;

export interface IdeChannelState {
  control: number;
  unit: number;
  interrupt: boolean;
}

export interface IdeChannelOptions {
  /** 0 for the primary channel. */
  readonly number: number;
  readonly irq: Wire;
  /** Claims the data register, once there is a device with memory for it. */
  readonly claimData: (pio: PioPort) => void;
}

export class IdeChannel {
  readonly number: number;
  readonly #options: IdeChannelOptions;
  readonly #devices: (IdeDevice | undefined)[] = [undefined, undefined];
  readonly #state: IdeChannelState = { control: 0, unit: 0, interrupt: false };
  #pio: PioPort | undefined;
  #busMaster: BusMaster | undefined;

  constructor(options: IdeChannelOptions) {
    this.number = options.number;
    this.#options = options;
  }

  setBusMaster(busMaster: BusMaster): void {
    this.#busMaster = busMaster;
  }

  /** Whether a place is taken. */
  has(unit: number): boolean {
    return this.#devices[unit] !== undefined;
  }

  /**
   * Connects a device.
   * @param memory a buffer for the data register; only the first device's is used
   */
  connect(
    unit: number,
    device: (connection: IdeConnection) => IdeDevice,
    memory: () => PioMemory,
  ): IdeDevice {
    const pio = this.#pio ?? new PioPort(memory());
    if (this.#pio === undefined) {
      this.#pio = pio;
      this.#options.claimData(pio);
    }
    const channel = this;
    const made = device({
      pio,
      get busMaster() {
        return channel.#busMaster;
      },
      index: this.number * UNITS + unit,
      interrupt: () => this.#interrupt(),
      disconnect: () => {
        this.#devices[unit] = undefined;
      },
    });
    this.#devices[unit] = made;
    this.#select(this.#state.unit);
    return made;
  }

  /** The machine's reset. Devices are reset on their own. */
  reset(): void {
    Object.assign(this.#state, { control: 0, unit: 0, interrupt: false });
    this.#select(0);
    this.#drive();
  }

  /** The host has stopped the bus master in the middle of a transfer. */
  dmaAborted(): void {
    for (const device of this.#devices) device?.dmaAborted();
  }

  /** The command block without its data register: offsets as REG_*. */
  readonly commandBlock: RegionHandler = {
    read: (offset) => this.#read(offset + 1),
    write: (offset, _size, value) => this.#write(offset + 1, value),
  };

  /** The control block's one register: alternate status, device control. */
  readonly controlBlock: RegionHandler = {
    read: () => this.#selected?.taskFile.state.status ?? 0,
    write: (_offset, _size, value) => this.#writeControl(value),
  };

  save(): IdeChannelState {
    return { ...this.#state };
  }

  restore(state: IdeChannelState): void {
    Object.assign(this.#state, state);
    this.#select(state.unit);
    this.#drive();
  }

  get #selected(): IdeDevice | undefined {
    return this.#devices[this.#state.unit];
  }

  /** A device that is not there answers with zeros, so that drivers do not find it. */
  #read(register: number): number {
    const device = this.#selected;
    if (device === undefined) {
      return 0;
    }
    if (register === REG_STATUS) {
      this.#state.interrupt = false;
      this.#drive();
    }
    return device.taskFile.read(register, (this.#state.control & CONTROL_HOB) !== 0);
  }

  #write(register: number, value: number): void {
    this.#state.control &= ~CONTROL_HOB;
    if (register === REG_STATUS) {
      this.#command(value);
      return;
    }
    const isBusy = (this.#selected?.taskFile.state.status ?? 0) & (STATUS_BSY | STATUS_DRQ);
    if (isBusy !== 0 && register !== REG_DEVICE) {
      return;
    }
    for (const device of this.#devices) device?.taskFile.write(register, value);
    if (register === REG_DEVICE) {
      this.#select((value & DEVICE_DEV1) === 0 ? 0 : 1);
    }
  }

  /** A command is not taken while the device is busy, but for DEVICE RESET. */
  #command(code: number): void {
    this.#state.interrupt = false;
    this.#drive();
    if (code === CMD_DIAGNOSTIC) {
      this.#resetDevices();
      this.#select(0);
      if (this.#selected !== undefined) this.#interrupt();
      return;
    }
    const device = this.#selected;
    if (device === undefined) {
      return;
    }
    const { status } = device.taskFile.state;
    if ((status & (STATUS_BSY | STATUS_DRQ)) === 0 || code === CMD_DEVICE_RESET) {
      device.execute(code);
    }
  }

  #writeControl(value: number): void {
    const before = this.#state.control;
    this.#state.control = value & (CONTROL_NIEN | CONTROL_SRST | CONTROL_HOB);
    const resets = (value & CONTROL_SRST) !== 0;
    const reset = (before & CONTROL_SRST) !== 0;
    if (resets && !reset) {
      this.#state.interrupt = false;
      this.#busMaster?.cancel();
      for (const device of this.#devices) {
        device?.softReset();
        if (device !== undefined) device.taskFile.state.status = STATUS_BSY;
      }
    } else if (!resets && reset) {
      this.#resetDevices();
      this.#select(0);
    }
    this.#drive();
  }

  #resetDevices(): void {
    for (const device of this.#devices) device?.softReset();
  }

  #select(unit: number): void {
    this.#state.unit = unit;
    this.#pio?.select(this.#devices[unit]);
  }

  #interrupt(): void {
    this.#state.interrupt = true;
    this.#busMaster?.interrupt();
    this.#drive();
  }

  #drive(): void {
    this.#options.irq.set(this.#state.interrupt && (this.#state.control & CONTROL_NIEN) === 0);
  }
}
