/**
 * What the unit tests of hypervisors (kvm-unit-tests) look for on a PC: a port that keeps what is written, ports that raise
 * and lower ISA interrupts, memory that is answered by a device.
 */
import type { Region, RegionHandler } from '../board-services.ts';
import { type Device, type DeviceState, defineDevice } from '../device-class.ts';
import { stateLike } from '../saved-state.ts';
import { ISA_BUS, type IsaPorts } from './isa-contract.ts';

const IO_PORT = 0xe0;
const FLUSH_PORT = 0xe4;
const BYTE_PORT = 0xe8;
const IRQ_PORT = 0x2000;
const IRQ_PORTS = 24;
const ISA_IRQS = 16;
const MEMORY = 0xff000000;
const MEMORY_BYTES = 0x10000;
const WORD_BYTES = 4;

/** Memory that keeps what is written, in little-endian order. */
function storage(bytes: Uint8Array): RegionHandler {
  return {
    read(offset, size) {
      let value = 0;
      for (let index = size - 1; index >= 0; index--) value = value * 0x100 + (bytes[offset + index] ?? 0);
      return value;
    },
    write(offset, size, value) {
      for (let index = 0; index < size; index++) bytes[offset + index] = (value >>> (index * 8)) & 0xff;
    },
  };
}

class PcTestdev implements Device {
  readonly #word = new Uint8Array(WORD_BYTES);
  readonly #memory = new Uint8Array(MEMORY_BYTES);
  readonly #levels = new Uint8Array(ISA_IRQS);
  readonly #wires;
  readonly #regions: readonly Region[];

  constructor(board: IsaPorts) {
    const { ports, memory } = board;
    this.#wires = Array.from({ length: ISA_IRQS }, (_, line) => board.irq(line));
    const word = storage(this.#word);
    const irqs: RegionHandler = {
      read: () => 0,
      write: (line, _size, value) => {
        if (line >= ISA_IRQS) return;
        this.#levels[line] = value === 0 ? 0 : 1;
        this.#drive();
      },
    };
    // A flush of a page's mapping has nothing to flush here: mappings are never stale.
    const flush: RegionHandler = { read: () => 0, write: () => undefined };
    this.#regions = [
      ports.claim(IO_PORT, WORD_BYTES, word, { name: 'pc-testdev-ioport' }),
      ports.claim(FLUSH_PORT, WORD_BYTES, flush, { name: 'pc-testdev-flush-page' }),
      ports.claim(BYTE_PORT, WORD_BYTES, word, { name: 'pc-testdev-ioport-byte', widest: 1 }),
      ports.claim(IRQ_PORT, IRQ_PORTS, irqs, { name: 'pc-testdev-irq-line', widest: 1 }),
      memory.claim(MEMORY, MEMORY_BYTES, storage(this.#memory), { name: 'pc-testdev-iomem' }),
    ];
  }

  reset(): void {
    this.#word.fill(0);
    this.#memory.fill(0);
    this.#levels.fill(0);
    this.#drive();
  }

  save(): DeviceState {
    return { word: this.#word.slice(), memory: this.#memory.slice(), levels: this.#levels.slice() };
  }

  restore(state: DeviceState): void {
    const saved = stateLike(
      { word: this.#word, memory: this.#memory, levels: this.#levels },
      state,
      pcTestdev.name,
    );
    this.#word.set(saved.word);
    this.#memory.set(saved.memory);
    this.#levels.set(saved.levels);
    this.#drive();
  }

  unrealize(): void {
    for (const region of this.#regions) region.remove();
  }

  #drive(): void {
    this.#levels.forEach((level, line) => {
      this.#wires[line]?.set(level !== 0);
    });
  }
}

export const pcTestdev = defineDevice({
  name: 'pc-testdev',
  bus: ISA_BUS,
  hotpluggable: false,
  userCreatable: true,
  properties: {},
  create: (board: IsaPorts) => new PcTestdev(board),
});
