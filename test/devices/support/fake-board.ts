/**
 * A board for tests of devices: plain arrays, a clock that moves when told, wires that remember. All members are
 * closures, so a device that needs more than its bus gives takes `{ ...board, intr: board.wire('intr') }`.
 */
import type { BoardServices, RegionHandler, RegionOptions } from '../../../src/devices/board-services.ts';
import type { DisplayAdapter } from '../../../src/devices/display/display-contract.ts';
import type { KeyboardSink, PointerSink } from '../../../src/devices/input-contract.ts';
import type { IsaPorts } from '../../../src/devices/isa/isa-contract.ts';
import type { PciFunction, PciIdentity, PciPorts } from '../../../src/devices/pci/pci-contract.ts';
import {
  COUNT_DOWN_NEXT_BYTE,
  evaluateFastAnswer,
  type FastAnswer,
  peekStream,
} from '../../../src/memory/fast-answer.ts';
import { FakeAddressSpace } from './fake-address-space.ts';
import { FakeCharacter } from './fake-character.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeDmaChannel } from './fake-dma-channel.ts';
import { FakeDrive } from './fake-drive.ts';
import { FakeGuestMemory } from './fake-guest-memory.ts';
import { FakeMachine } from './fake-machine.ts';
import { FakeWire } from './fake-wire.ts';

/** What the wall clock shows at first: 2013-05-24 12:00:00 UTC, in ns. */
export const FAKE_EPOCH_NS = Date.UTC(2013, 4, 24, 12) * 1e6;

const PAGE = 4096;
/** Shared words, drives' buffers and video memory; RAM begins behind. The first page is never given out. */
const POOL_BYTES = 20 * 1024 * 1024;

export interface FakeBoardOptions {
  /** Bytes of guest RAM; 1 MiB when absent. */
  readonly ramBytes?: number;
  /** How PCI functions are made, for devices on that bus. */
  readonly createPciFunction?: (board: BoardServices, identity: PciIdentity, intx: FakeWire) => PciFunction;
}

/** What reaches the firmware through fw_cfg. */
export interface FakeFirmwareItems {
  readonly items: Map<number, Uint8Array>;
  readonly files: Map<string, { readonly contents: Uint8Array; readonly selected?: () => Uint8Array }>;
}

export interface FakeBoard extends IsaPorts, PciPorts {
  readonly ports: FakeAddressSpace;
  readonly memory: FakeAddressSpace;
  readonly guest: FakeGuestMemory;
  readonly clocks: {
    readonly virtual: FakeClock;
    readonly host: FakeClock;
    readonly realtime: FakeClock;
  };
  readonly machine: FakeMachine;
  /** The buffer that pieces and host addresses point into. */
  readonly shared: SharedArrayBuffer;
  /** MSIs sent, oldest first. */
  readonly messages: { readonly address: number; readonly data: number }[];
  readonly firmware: FakeFirmwareItems;
  readonly firmwareFiles: Map<string, Uint8Array>;
  readonly keyboards: KeyboardSink[];
  readonly pointers: PointerSink[];
  readonly adapters: DisplayAdapter[];
  /** Every wire by name: `irq 4`, `intx`, and what `wire` was asked for. */
  readonly wires: Map<string, FakeWire>;
  /** PCI functions that devices have claimed, oldest first. */
  readonly functions: PciFunction[];
  /** The wire of that name, made at the first call. */
  wire(name: string): FakeWire;
  irq(line: number): FakeWire;
  dma(channel: number): FakeDmaChannel;
  character(label: string): FakeCharacter;
  drive(id: string): FakeDrive;
  /** Moves all clocks on. */
  advance(ns: number): void;
  in8(port: number): number;
  in16(port: number): number;
  in32(port: number): number;
  out8(port: number, value: number): void;
  out16(port: number, value: number): void;
  out32(port: number, value: number): void;
}

/** A map that makes what it does not hold yet. */
function memo<K, V>(made: Map<K, V>, make: (key: K) => V): (key: K) => V {
  return (key) => {
    const value = made.get(key) ?? make(key);
    made.set(key, value);
    return value;
  };
}

const MAPPED: RegionOptions = { name: 'video memory' };

/** What the guest sees of shared memory that is mapped for it. */
function rawMemory(shared: SharedArrayBuffer, host: number): RegionHandler {
  const bytes = Buffer.from(shared, host);
  return {
    read: (offset, size) => bytes.readUIntLE(offset, size),
    write: (offset, size, value) => bytes.writeUIntLE(value, offset, size),
  };
}

function fastEvaluator(shared: SharedArrayBuffer, now: () => number) {
  const words = new Int32Array(shared);
  // Streams and counters are only looked at: the device's own answer, with which this one is compared, takes from them.
  return (answer: FastAnswer, size: number): number | undefined => {
    if (answer.kind === 'stream') return peekStream(answer, size, words);
    const value = evaluateFastAnswer(answer, size, words, now());
    if (answer.kind === 'count-down' && value !== undefined) {
      Atomics.xor(words, (answer.state + COUNT_DOWN_NEXT_BYTE) >> 2, 1);
    }
    return value;
  };
}

export function createFakeBoard(options: FakeBoardOptions = {}): FakeBoard {
  const ramBytes = options.ramBytes ?? 1024 * 1024;
  const shared = new SharedArrayBuffer(POOL_BYTES + ramBytes);
  let free = PAGE;
  const allocate = (bytes: number): number => {
    const host = free;
    free += Math.ceil(bytes / PAGE) * PAGE;
    if (free > POOL_BYTES) throw new Error(`The fake board has no ${bytes} bytes of shared memory left`);
    return host;
  };
  const clocks = {
    virtual: new FakeClock(),
    host: new FakeClock(FAKE_EPOCH_NS),
    realtime: new FakeClock(),
  };
  const evaluate = fastEvaluator(shared, () => clocks.virtual.now());
  const ports = new FakeAddressSpace(evaluate);
  const memory = new FakeAddressSpace(evaluate);
  const firmware: FakeFirmwareItems = { items: new Map(), files: new Map() };
  const keyboards: KeyboardSink[] = [];
  const pointers: PointerSink[] = [];
  const adapters: DisplayAdapter[] = [];
  const functions: PciFunction[] = [];
  const messages: FakeBoard['messages'] = [];
  const firmwareFiles = new Map<string, Uint8Array>();
  const wires = new Map<string, FakeWire>();
  const wire = memo(wires, () => new FakeWire());
  const dirty = (_host: number, bytes: number): Uint32Array =>
    new Uint32Array(Math.ceil(bytes / PAGE / 32)).fill(0xffffffff);
  const board: FakeBoard = {
    ports,
    memory,
    guest: new FakeGuestMemory(shared, POOL_BYTES),
    clocks,
    machine: new FakeMachine(),
    shared,
    messages,
    firmware,
    firmwareFiles,
    keyboards,
    pointers,
    adapters,
    wires,
    functions,
    wire,
    sendMessage: (address, data) => messages.push({ address, data }),
    sharedWords: (count) => {
      const host = allocate(count * 4);
      return { words: new Int32Array(shared, host, count), host };
    },
    videoMemory: (bytes) => {
      const host = allocate(bytes);
      return { host, view: new Uint8Array(shared, host, bytes) };
    },
    mapVideoMemory: (first, bytes, host) => memory.claim(first, bytes, rawMemory(shared, host), MAPPED),
    takeVideoDirty: dirty,
    character: memo(new Map(), () => new FakeCharacter()),
    drive: memo(new Map(), (id) => new FakeDrive(id, shared, allocate)),
    firmwareFile: (name) => firmwareFiles.get(name),
    firmwareItems: {
      item: (key, contents) => firmware.items.set(key, contents),
      file: (name, contents, selected) =>
        firmware.files.set(name, { contents, ...(selected === undefined ? {} : { selected }) }),
    },
    input: {
      addKeyboard: (sink) => keyboards.push(sink),
      addPointer: (sink) => {
        pointers.push(sink);
        return { remove: () => void pointers.splice(pointers.indexOf(sink), 1) };
      },
    },
    display: { add: (adapter) => adapters.push(adapter) },
    irq: (line) => wire(`irq ${line}`),
    dma: memo(new Map(), () => new FakeDmaChannel()),
    pci: (identity) => {
      if (options.createPciFunction === undefined) throw new Error('This fake board has no PCI bus');
      const made = options.createPciFunction(board, identity, wire('intx'));
      functions.push(made);
      return made;
    },
    advance: (ns) => {
      clocks.virtual.advance(ns);
      clocks.host.advance(ns);
      clocks.realtime.advance(ns);
    },
    in8: (port) => ports.read(port, 1),
    in16: (port) => ports.read(port, 2),
    in32: (port) => ports.read(port, 4),
    out8: (port, value) => ports.write(port, 1, value),
    out16: (port, value) => ports.write(port, 2, value),
    out32: (port, value) => ports.write(port, 4, value),
  };
  return board;
}
