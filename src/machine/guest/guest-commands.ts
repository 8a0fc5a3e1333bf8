/** The asks of GuestAsks over the parts of a board. */
import type { DeviceClock } from '../../devices/board-services.ts';
import type { Picture } from '../../devices/display/display-contract.ts';
import type { InputRegistry } from '../../devices/input-hub.ts';
import { scancodeOf } from '../../devices/isa/key-codes.ts';
import type { PciInfo } from '../../qapi/qmp-types.generated.ts';
import type { LogSettings } from '../../vcpu/log-items.ts';
import type { VcpuSet } from '../board/vcpu-set.ts';
import { describeRegisters } from '../inspect/describe-registers.ts';
import { describePages, describeRanges, type ReadEntry, translate } from '../inspect/page-tables.ts';
import { REGISTER_NAMES, VcpuView } from '../inspect/vcpu-view.ts';
import type { RunStateView } from '../run-state-view.ts';
import { type GuestAsks, type KeyName, type LinearPiece, READ_BYTES_MOST } from './guest-asks.ts';
import { GuestError } from './guest-error.ts';
import { KeySequence } from './key-sequence.ts';

const PAGE_BYTES = 4096;
/** `mouse_button` counts left, middle, right; pointers count left, right, middle. */
const POINTER_BUTTONS: readonly (readonly [asked: number, pointer: number])[] = [
  [1, 1],
  [2, 4],
  [4, 2],
];

/** Reads and writes of 1, 2 or 4 bytes, as a CPU's would be. */
export interface BusAccess {
  read(address: number, size: number): number;
  write(address: number, size: number, value: number): void;
}

/** The balloon device, where there is one. */
export interface BalloonControl {
  /** Bytes of RAM that the guest is to keep. */
  setTarget(bytes: number): void;
  /** Bytes that it has. */
  readonly actual: number;
}

/** What monitors can reach of a board. */
export interface GuestView {
  readonly cpus: Pick<VcpuSet, 'ask' | 'askEach'>;
  readonly memory: BusAccess;
  readonly ports: BusAccess;
  readonly input: InputRegistry;
  /** The guest's clock. */
  readonly clock: DeviceClock;
  a20(): boolean;
  pulseNmi(): void;
  picture(): Picture | undefined;
  pci(): readonly PciInfo[];
  setBootOrder(order: string): boolean;
  /** Throws GuestError when it cannot be plugged in. */
  addCpu(id: number): void | Promise<void>;
  balloon(): BalloonControl | undefined;
  setSingleStep(on: boolean): Promise<void>;
  setLog(change: Partial<LogSettings>): Promise<void>;
}

type GuestCommands = {
  [Name in keyof GuestAsks]: (
    argument: Parameters<GuestAsks[Name]>[0],
  ) => ReturnType<GuestAsks[Name]> | Promise<ReturnType<GuestAsks[Name]>>;
};

function readBytes(bus: BusAccess, address: number, bytes: number): Uint8Array {
  const contents = new Uint8Array(bytes);
  const view = new DataView(contents.buffer);
  let done = 0;
  while (done < bytes) {
    if ((address + done) % 4 === 0 && bytes - done >= 4) {
      view.setUint32(done, bus.read(address + done, 4), true);
      done += 4;
    } else {
      view.setUint8(done, bus.read(address + done, 1));
      done += 1;
    }
  }
  return contents;
}

function entryReader(bus: BusAccess): ReadEntry {
  return (address, bytes) => {
    const low = BigInt(bus.read(Number(address), 4));
    return bytes === 4 ? low : low | (BigInt(bus.read(Number(address) + 4, 4)) << 32n);
  };
}

function checkLength(bytes: number): void {
  if (!Number.isInteger(bytes) || bytes < 0 || bytes > READ_BYTES_MOST) {
    throw new GuestError(
      'ERR_GUEST_READ',
      `${bytes} bytes were asked for; 0 to ${READ_BYTES_MOST} can be read at once`,
    );
  }
}

/** @throws GuestError for a key that a PC keyboard does not have */
function checkKey(key: KeyName): void {
  if (typeof key === 'string' && scancodeOf(key) === undefined) {
    throw new GuestError('ERR_GUEST_KEY', 'invalid hex keycode 0x0');
  }
}

function requireBalloon(view: GuestView): BalloonControl {
  const balloon = view.balloon();
  if (balloon === undefined) {
    throw new GuestError('ERR_GUEST_NO_BALLOON', "Device 'balloon' has not been activated", {
      errorClass: 'DeviceNotActive',
    });
  }
  return balloon;
}

async function inspect(view: GuestView, cpu: number): Promise<VcpuView | undefined> {
  const inspection = await view.cpus.ask(cpu, 'inspect');
  return inspection === undefined ? undefined : new VcpuView(inspection);
}

async function readLinear(
  view: GuestView,
  cpu: number,
  address: bigint,
  bytes: number,
): Promise<LinearPiece[]> {
  checkLength(bytes);
  const vcpu = await inspect(view, cpu);
  if (vcpu === undefined) return [{ bytes, contents: null }];
  const readEntry = entryReader(view.memory);
  const pieces: LinearPiece[] = [];
  for (let done = 0; done < bytes; ) {
    const linear = BigInt.asUintN(64, address + BigInt(done));
    const length = Math.min(bytes - done, PAGE_BYTES - Number(linear % BigInt(PAGE_BYTES)));
    const physical = translate(vcpu, linear, readEntry);
    const contents = physical === undefined ? null : readBytes(view.memory, Number(physical), length);
    pieces.push({ bytes: length, contents });
    done += length;
  }
  return pieces;
}

export function guestCommands(view: GuestView, runState: RunStateView): GuestCommands {
  const keys = new KeySequence(view.clock, (key, down) => view.input.key(key, down));
  return {
    cpuList: async () => {
      const states = await view.cpus.askEach('status');
      return states.map((status, index) => ({ index, ...status }));
    },
    cpuCounters: () => view.cpus.askEach('counters'),
    cpuNames: async ({ cpu }) => {
      const vcpu = await inspect(view, cpu);
      if (vcpu === undefined) return null;
      const values = new Map(REGISTER_NAMES.map((name) => [name, vcpu.byName(name) ?? 0n]));
      return { values, codeBits: vcpu.codeBits };
    },
    describeCpu: async ({ cpu, topic }) => {
      const vcpu = await inspect(view, cpu);
      if (vcpu === undefined) return '';
      if (topic === 'registers') return describeRegisters(vcpu, view.a20());
      return (topic === 'tlb' ? describePages : describeRanges)(vcpu, entryReader(view.memory));
    },
    readPhysical: ({ address, bytes }) => {
      checkLength(bytes);
      return readBytes(view.memory, Number(address), bytes);
    },
    readLinear: ({ cpu, address, bytes }) => readLinear(view, cpu, address, bytes),
    portRead: ({ port, size }) => view.ports.read(port, size),
    portWrite: ({ port, size, value }) => view.ports.write(port, size, value),
    injectNmi: () => view.pulseNmi(),
    sendKeys: ({ keys: names, holdMs }) => {
      names.forEach(checkKey);
      keys.send(names, holdMs);
    },
    movePointer: ({ dx, dy, dz }) => view.input.move(dx, dy, dz),
    pressPointer: ({ buttons }) => {
      const pressed = POINTER_BUTTONS.map(([asked, pointer]) => ((buttons & asked) !== 0 ? pointer : 0));
      view.input.setButtons(pressed.reduce((all, one) => all | one, 0));
    },
    mice: () => view.input.mice(),
    selectMouse: ({ index }) => view.input.select(index),
    picture: () => view.picture() ?? null,
    pci: () => view.pci(),
    setBootOrder: ({ order }) => view.setBootOrder(order),
    addCpu: ({ id }) => view.addCpu(id),
    balloon: ({ bytes }) => requireBalloon(view).setTarget(bytes),
    balloonActual: () => requireBalloon(view).actual,
    setLog: (change) => view.setLog(change),
    setSingleStep: async ({ on }) => {
      await view.setSingleStep(on);
      runState.singleStep = on;
    },
  };
}
