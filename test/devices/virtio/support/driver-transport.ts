/** The two ways in which a driver reaches a device, written from the specification's driver side. */

interface AccessSpace {
  read(address: number, size: number): number;
  write(address: number, size: number, value: number): void;
}

/** What a driver has of a machine: the fake board's, or another's. */
export interface DriverBoard {
  readonly ports: AccessSpace;
  readonly memory: AccessSpace;
  /** RAM. */
  readonly guest: {
    read(address: number, bytes: number): Uint8Array;
    write(address: number, bytes: Uint8Array): void;
  };
}

/** The PCI function that it drives, with its base addresses placed. */
export interface DriverFunction {
  readonly bases: ReadonlyMap<number, number>;
  readonly msixEnabled: boolean;
  readConfig(offset: number, size: number): number;
  /** Offsets of the capabilities with that id, in the order of the list. */
  capabilities(id: number): readonly number[];
}

export interface RingPlace {
  readonly descriptors: number;
  readonly available: number;
  readonly used: number;
}

export interface DriverTransport {
  readonly kind: 'legacy' | 'modern';
  offered(): bigint;
  accept(features: bigint): void;
  status: number;
  queueSize(index: number): number;
  /** Bytes that a ring of `size` takes. */
  place(index: number, address: number, size: number): RingPlace;
  setVector(index: number, vector: number): number;
  setConfigVector(vector: number): number;
  kick(index: number): void;
  /** Reads and clears. */
  interruptStatus(): number;
  readConfig(offset: number, size: number): number;
  writeConfig(offset: number, size: number, value: number): void;
}

const PAGE = 4096;

function alignUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}

/** 4.1.4.8 */
export class LegacyTransport implements DriverTransport {
  readonly kind = 'legacy';
  readonly #board: DriverBoard;
  readonly #base: number;
  readonly #function: DriverFunction;

  constructor(board: DriverBoard, pci: DriverFunction) {
    this.#board = board;
    this.#function = pci;
    this.#base = pci.bases.get(0) ?? 0;
  }

  offered(): bigint {
    return BigInt(this.#board.ports.read(this.#base, 4));
  }

  accept(features: bigint): void {
    this.#board.ports.write(this.#base + 4, 4, Number(BigInt.asUintN(32, features)));
  }

  get status(): number {
    return this.#board.ports.read(this.#base + 18, 1);
  }

  set status(value: number) {
    this.#board.ports.write(this.#base + 18, 1, value);
  }

  queueSize(index: number): number {
    this.#board.ports.write(this.#base + 14, 2, index);
    return this.#board.ports.read(this.#base + 12, 2);
  }

  place(index: number, address: number, size: number): RingPlace {
    const available = address + size * 16;
    this.#board.ports.write(this.#base + 14, 2, index);
    this.#board.ports.write(this.#base + 8, 4, address / PAGE);
    return { descriptors: address, available, used: alignUp(available + 4 + size * 2 + 2, PAGE) };
  }

  setVector(index: number, vector: number): number {
    this.#board.ports.write(this.#base + 14, 2, index);
    this.#board.ports.write(this.#base + 22, 2, vector);
    return this.#board.ports.read(this.#base + 22, 2);
  }

  setConfigVector(vector: number): number {
    this.#board.ports.write(this.#base + 20, 2, vector);
    return this.#board.ports.read(this.#base + 20, 2);
  }

  kick(index: number): void {
    this.#board.ports.write(this.#base + 16, 2, index);
  }

  interruptStatus(): number {
    return this.#board.ports.read(this.#base + 19, 1);
  }

  readConfig(offset: number, size: number): number {
    return this.#board.ports.read(this.#configBase + offset, size);
  }

  writeConfig(offset: number, size: number, value: number): void {
    this.#board.ports.write(this.#configBase + offset, size, value);
  }

  get #configBase(): number {
    return this.#base + (this.#function.msixEnabled ? 24 : 20);
  }
}

/** 4.1.4: finds its blocks by the capabilities. */
export class ModernTransport implements DriverTransport {
  readonly kind = 'modern';
  readonly #board: DriverBoard;
  readonly #common: number;
  readonly #isr: number;
  readonly #config: number;
  readonly #notify: number;
  readonly #multiplier: number;

  constructor(board: DriverBoard, pci: DriverFunction) {
    this.#board = board;
    const block = (kind: number): { at: number; address: number } => {
      const at = pci.capabilities(9).find((each) => pci.readConfig(each + 3, 1) === kind);
      if (at === undefined) throw new Error(`There is no capability for block ${kind}`);
      const base = pci.bases.get(pci.readConfig(at + 4, 1));
      if (base === undefined) throw new Error(`Block ${kind} is in a BAR that is not there`);
      return { at, address: base + pci.readConfig(at + 8, 4) };
    };
    this.#common = block(1).address;
    this.#isr = block(3).address;
    this.#config = block(4).address;
    const notify = block(2);
    this.#notify = notify.address;
    this.#multiplier = pci.readConfig(notify.at + 16, 4);
  }

  offered(): bigint {
    return this.#features(0, 4);
  }

  accept(features: bigint): void {
    for (const word of [0, 1]) {
      this.#write(8, 4, word);
      this.#write(12, 4, Number(BigInt.asUintN(32, features >> BigInt(32 * word))));
    }
  }

  get status(): number {
    return this.#read(20, 1);
  }

  set status(value: number) {
    this.#write(20, 1, value);
  }

  queueSize(index: number): number {
    this.#write(22, 2, index);
    return this.#read(24, 2);
  }

  place(index: number, address: number, size: number): RingPlace {
    const available = address + size * 16;
    const used = alignUp(available + 4 + size * 2 + 2, 4);
    this.#write(22, 2, index);
    this.#write(24, 2, size);
    for (const [field, part] of [
      [32, address],
      [40, available],
      [48, used],
    ] as const) {
      this.#write(field, 4, part % 2 ** 32);
      this.#write(field + 4, 4, Math.floor(part / 2 ** 32));
    }
    this.#write(28, 2, 1);
    return { descriptors: address, available, used };
  }

  setVector(index: number, vector: number): number {
    this.#write(22, 2, index);
    this.#write(26, 2, vector);
    return this.#read(26, 2);
  }

  setConfigVector(vector: number): number {
    this.#write(16, 2, vector);
    return this.#read(16, 2);
  }

  kick(index: number): void {
    this.#write(22, 2, index);
    this.#board.memory.write(this.#notify + this.#read(30, 2) * this.#multiplier, 2, index);
  }

  interruptStatus(): number {
    return this.#board.memory.read(this.#isr, 1);
  }

  readConfig(offset: number, size: number): number {
    return this.#board.memory.read(this.#config + offset, size);
  }

  writeConfig(offset: number, size: number, value: number): void {
    this.#board.memory.write(this.#config + offset, size, value);
  }

  get configGeneration(): number {
    return this.#read(21, 1);
  }

  get queueCount(): number {
    return this.#read(18, 2);
  }

  #features(select: number, field: number): bigint {
    return [0, 1].reduce((all, word) => {
      this.#write(select, 4, word);
      return all | (BigInt(this.#read(field, 4)) << BigInt(32 * word));
    }, 0n);
  }

  #read(field: number, size: number): number {
    return this.#board.memory.read(this.#common + field, size);
  }

  #write(field: number, size: number, value: number): void {
    this.#board.memory.write(this.#common + field, size, value);
  }
}
