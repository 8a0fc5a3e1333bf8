/** `isa-serial`: a PC's serial port, a 16550A at its usual ports. */
import { type Device, defineDevice, property } from '../device-class.ts';
import { chr, hex32, uint32 } from '../property-types.ts';
import { ISA_BUS } from './isa-contract.ts';
import {
  BY_INDEX,
  type NumberedIsaPorts,
  type PortPlace,
  placeOf,
  requiredCharacter,
} from './numbered-ports.ts';
import { Uart16550 } from './uart-16550.ts';
import { IER, LSR, UART_PORTS } from './uart-16550-registers.ts';

/** COM1 to COM4 (cli.md §5). */
const USUAL_PLACES: readonly PortPlace[] = [
  { base: 0x3f8, irq: 4 },
  { base: 0x2f8, irq: 3 },
  { base: 0x3e8, irq: 4 },
  { base: 0x2e8, irq: 3 },
];

const properties = {
  index: property(uint32, BY_INDEX, 'number of the port: 0 for COM1'),
  iobase: property(hex32, BY_INDEX, 'first of its eight I/O ports'),
  irq: property(uint32, BY_INDEX, 'ISA interrupt'),
  chardev: property(chr, '', 'character device that it is connected to'),
  wakeup: property(uint32, 0, 'whether received bytes wake a sleeping guest'),
};

const WORD_BYTES = 4;
/** Registers that vCPUs may answer themselves: all but RBR. */
const FAST_REGISTERS = UART_PORTS - 1;

/** The registers from IER on, in shared words: what each reads, and whether it may be read there. */
class FastRegisters {
  readonly answers;
  readonly #words: Int32Array;

  constructor(ports: NumberedIsaPorts) {
    const { words, host } = ports.sharedWords(2 * FAST_REGISTERS);
    this.#words = words;
    this.answers = Array.from({ length: FAST_REGISTERS }, (_, offset) => ({
      offset,
      size: 1,
      answer: {
        kind: 'word' as const,
        word: host + offset * WORD_BYTES,
        enabled: host + (FAST_REGISTERS + offset) * WORD_BYTES,
        // Guests look at LSR for each byte that they send. One that is on its way leaves room for the next.
        unordered: IER + offset === LSR,
      },
    }));
  }

  publish(uart: Uart16550): void {
    for (let offset = 0; offset < FAST_REGISTERS; offset += 1) this.#publish(uart, offset);
  }

  /** Closed before it changes, opened after; what stays as it is stays open. */
  #publish(uart: Uart16550, offset: number): void {
    const enabled = FAST_REGISTERS + offset;
    const isPlain = uart.isPlain(IER + offset) ? 1 : 0;
    const value = uart.peek(IER + offset);
    if (this.#words[enabled] === isPlain && this.#words[offset] === value) return;
    Atomics.store(this.#words, enabled, 0);
    Atomics.store(this.#words, offset, value);
    Atomics.store(this.#words, enabled, isPlain);
  }
}

export const isaSerial = defineDevice({
  name: 'isa-serial',
  bus: ISA_BUS,
  hotpluggable: false,
  userCreatable: true,
  properties,
  create(ports: NumberedIsaPorts, values): Device {
    const chosen = placeOf('serial', values, USUAL_PLACES, ports);
    const character = requiredCharacter('serial', values.chardev, ports);
    const fast = new FastRegisters(ports);
    const uart = new Uart16550({
      interrupt: ports.irq(chosen.irq),
      character,
      clock: ports.clocks.virtual,
      received: () => values.wakeup !== 0 && ports.machine.wakeup(),
      changed: () => fast.publish(uart),
    });
    // THR alone is posted: nothing that a guest reads without asking depends on when a byte has left.
    const data = ports.ports.claim(
      chosen.iobase,
      IER,
      { read: (offset) => uart.read(offset), write: (offset, _size, value) => uart.write(offset, value) },
      { name: 'serial', widest: 1, posted: true },
    );
    const registers = ports.ports.claim(
      chosen.iobase + IER,
      FAST_REGISTERS,
      {
        read: (offset) => uart.read(IER + offset),
        write: (offset, _size, value) => uart.write(IER + offset, value),
      },
      { name: 'serial', widest: 1, fast: fast.answers },
    );
    uart.connect();
    return {
      chosen: { ...chosen },
      reset: () => uart.reset(),
      save: () => uart.save(),
      restore: (state) => uart.restore(state),
      unrealize: () => {
        data.remove();
        registers.remove();
        uart.release();
      },
    };
  },
});
