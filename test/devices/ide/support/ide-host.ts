/** The driver's side of an IDE channel, on whatever machine. */
export interface IdeMachinePorts {
  in8(port: number): Promise<number>;
  in16(port: number): Promise<number>;
  in32(port: number): Promise<number>;
  out8(port: number, value: number): Promise<void>;
  out16(port: number, value: number): Promise<void>;
  out32(port: number, value: number): Promise<void>;
  /** Resolves when disks have had time to answer. */
  settle(): Promise<void>;
}

const BSY = 0x80;
const DRQ = 0x08;
const MOST_POLLS = 2000;
const SECTOR_WORDS = 256;

export interface Registers {
  readonly status: number;
  readonly error: number;
  readonly count: number;
  readonly low: number;
  readonly mid: number;
  readonly high: number;
  readonly device: number;
}

export interface CommandOptions {
  readonly unit?: number;
  readonly features?: number;
  readonly count?: number;
  /** LBA, or what LBA low, mid and high are to hold. */
  readonly lba?: number;
  readonly extended?: boolean;
  /** Bits of the device register beside the unit; LBA when absent. */
  readonly device?: number;
}

export class IdeHost {
  readonly #ports: IdeMachinePorts;
  readonly #base: number;
  readonly #control: number;

  constructor(ports: IdeMachinePorts, base = 0x1f0, control = 0x3f6) {
    this.#ports = ports;
    this.#base = base;
    this.#control = control;
  }

  /** Waits until the device is not busy; gives its status without ending the interrupt. */
  async ready(): Promise<number> {
    for (let poll = 0; poll < MOST_POLLS; poll++) {
      const status = await this.#ports.in8(this.#control);
      if ((status & BSY) === 0) return status;
      await this.#ports.settle();
    }
    throw new Error('The device stays busy');
  }

  async registers(): Promise<Registers> {
    const status = await this.ready();
    const at = (register: number) => this.#ports.in8(this.#base + register);
    return {
      status,
      error: await at(1),
      count: await at(2),
      low: await at(3),
      mid: await at(4),
      high: await at(5),
      device: await at(6),
    };
  }

  /** What the two-byte registers held before: HOB. */
  async previous(): Promise<readonly [count: number, low: number, mid: number, high: number]> {
    await this.#ports.out8(this.#control, 0x80);
    const at = (register: number) => this.#ports.in8(this.#base + register);
    const values = [await at(2), await at(3), await at(4), await at(5)] as const;
    await this.#ports.out8(this.#control, 0);
    return values;
  }

  async command(code: number, options: CommandOptions = {}): Promise<void> {
    const { unit = 0, features = 0, count = 0, lba = 0, extended = false, device = 0x40 } = options;
    const write = (register: number, value: number) => this.#ports.out8(this.#base + register, value & 0xff);
    const head = extended ? 0 : Math.floor(lba / 2 ** 24) & 0xf;
    await write(6, 0xa0 | device | (unit << 4) | head);
    if (extended) {
      await write(1, features >> 8);
      await write(2, count >> 8);
      await write(3, Math.floor(lba / 2 ** 24));
      await write(4, Math.floor(lba / 2 ** 32));
      await write(5, Math.floor(lba / 2 ** 40));
    }
    await write(1, features);
    await write(2, count);
    await write(3, lba);
    await write(4, Math.floor(lba / 2 ** 8));
    await write(5, Math.floor(lba / 2 ** 16));
    await write(7, code);
    await this.#ports.settle();
  }

  /** Takes a block from the data register. */
  async readBlock(words = SECTOR_WORDS): Promise<Uint8Array> {
    const bytes = new Uint8Array(words * 2);
    const view = new DataView(bytes.buffer);
    for (let index = 0; index < words; index++) {
      view.setUint16(index * 2, await this.#ports.in16(this.#base), true);
    }
    await this.#ports.settle();
    return bytes;
  }

  async writeBlock(bytes: Uint8Array): Promise<void> {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let index = 0; index < bytes.length; index += 2) {
      await this.#ports.out16(this.#base, view.getUint16(index, true));
    }
    await this.#ports.settle();
  }

  /** A packet command, with the data that the device gives, chunk by chunk. */
  async packet(
    bytes: readonly number[],
    options: { readonly unit?: number; readonly limit?: number } = {},
  ): Promise<{ readonly data: Uint8Array; readonly chunks: readonly number[]; readonly end: Registers }> {
    const { limit = 0xfffe, unit = 0 } = options;
    await this.command(0xa0, { unit, lba: limit << 8, device: 0 });
    await this.ready();
    await this.writeBlock(Uint8Array.from({ length: 12 }, (_, index) => bytes[index] ?? 0));
    const parts: Uint8Array[] = [];
    for (let state = await this.registers(); ; state = await this.registers()) {
      if ((state.status & DRQ) === 0) {
        const chunks = parts.map(({ length }) => length);
        return { data: Uint8Array.from(Buffer.concat(parts)), chunks, end: state };
      }
      const count = state.mid | (state.high << 8);
      const part = await this.readBlock(Math.ceil(count / 2));
      parts.push(part.subarray(0, count));
    }
  }

  /** SRST. */
  async softReset(): Promise<void> {
    await this.#ports.out8(this.#control, 4);
    await this.#ports.settle();
    await this.#ports.out8(this.#control, 0);
    await this.#ports.settle();
  }

  /** Reads the status register: the interrupt ends. */
  acknowledge(): Promise<number> {
    return this.#ports.in8(this.#base + 7);
  }

  select(unit: number): Promise<void> {
    return this.#ports.out8(this.#base + 6, 0xa0 | (unit << 4));
  }
}
