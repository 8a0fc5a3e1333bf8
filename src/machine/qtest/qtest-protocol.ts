/**
 * The text protocol of -qtest: one command a line, one reply a line, and IRQ lines in between as they happen. It drives the
 * board from outside as a processor would; the virtual clock moves when told.
 */

/** What the commands reach. Addresses and values of 64 bits are bigints. */
export interface QtestTarget {
  readPort(port: number, size: 1 | 2 | 4): number;
  writePort(port: number, size: 1 | 2 | 4, value: number): void;
  readMemory(address: number, bytes: number): Uint8Array;
  writeMemory(address: number, bytes: Uint8Array): void;
  /** An access of one width, as a processor makes it: 8 bytes are two accesses of 4. */
  readWord(address: number, size: 1 | 2 | 4 | 8): bigint;
  writeWord(address: number, size: 1 | 2 | 4 | 8, value: bigint): void;
  /** Virtual time in ns. */
  now(): number;
  /** When the next timer expires; undefined when none is armed. */
  nextDeadline(): number | undefined;
  /** Moves the virtual clock on to a time, firing timers on the way. */
  advanceTo(ns: number): void;
  /**
   * From now on the interrupt inputs or outputs of a device are reported instead of having an effect.
   * @throws an Error whose message is the reason
   */
  intercept(direction: 'in' | 'out', path: string, changed: (line: number, raised: boolean) => void): void;
}

const SIZES = { b: 1, w: 2, l: 4, q: 8 } as const;
const NUMBER = /^(0x[0-9a-f]+|\d+)$/i;
const HEX = /^0x(?:[0-9a-f]{2})+$/i;
/** Most bytes of one `read` or `write`. */
const MOST_BYTES = 64 * 1024 * 1024;

/** A line that is no command, or has the wrong arguments: its message is the reason in the reply. */
class QtestFailure extends Error {}

type Command = (words: readonly string[]) => string | undefined;

function number(word: string | undefined): bigint {
  if (word === undefined || !NUMBER.test(word)) {
    throw new QtestFailure(
      `expected a number, not ${word === undefined ? 'the end of the line' : `'${word}'`}`,
    );
  }
  return BigInt(word);
}

function hex(value: bigint, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

export class QtestProtocol {
  readonly #target: QtestTarget;
  readonly #send: (line: string) => void;
  readonly #commands = new Map<string, Command>();

  /** @param send takes lines without their ends */
  constructor(target: QtestTarget, send: (line: string) => void) {
    this.#target = target;
    this.#send = send;
    this.#addPortCommands();
    this.#addMemoryCommands();
    this.#addClockCommands();
    this.#addInterceptCommands();
  }

  /** Executes a line and sends its reply. An empty line is nothing. */
  execute(line: string): void {
    const [name, ...words] = line.split(' ').filter((word) => word !== '');
    if (name === undefined) return;
    try {
      const command = this.#commands.get(name);
      if (command === undefined) throw new QtestFailure(`Unknown command '${name}'`);
      const value = command(words);
      this.#send(value === undefined ? 'OK' : `OK ${value}`);
    } catch (error) {
      this.#send(`FAIL ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #addPortCommands(): void {
    for (const letter of ['b', 'w', 'l'] as const) {
      const size = SIZES[letter];
      this.#commands.set(`in${letter}`, ([port]) =>
        hex(BigInt(this.#target.readPort(Number(number(port) & 0xffffn), size)), 4),
      );
      this.#commands.set(`out${letter}`, ([port, value]) => {
        const bits = BigInt.asUintN(size * 8, number(value));
        this.#target.writePort(Number(number(port) & 0xffffn), size, Number(bits));
        return undefined;
      });
    }
  }

  #addMemoryCommands(): void {
    for (const letter of ['b', 'w', 'l', 'q'] as const) {
      const size = SIZES[letter];
      this.#commands.set(`read${letter}`, ([address]) =>
        hex(this.#target.readWord(Number(number(address)), size), 16),
      );
      this.#commands.set(`write${letter}`, ([address, value]) => {
        this.#target.writeWord(Number(number(address)), size, BigInt.asUintN(size * 8, number(value)));
        return undefined;
      });
    }
    this.#commands.set('read', ([address, size]) => {
      const bytes = this.#target.readMemory(Number(number(address)), this.#length(size));
      return `0x${Buffer.from(bytes).toString('hex')}`;
    });
    this.#commands.set('write', ([address, size, data = '']) => {
      const length = this.#length(size);
      if (!HEX.test(data)) throw new QtestFailure(`expected 0x and bytes in hex, not '${data}'`);
      // Data that is too short is filled with zeros, as the reference does.
      const bytes = new Uint8Array(length);
      bytes.set(Buffer.from(data.slice(2), 'hex').subarray(0, length));
      this.#target.writeMemory(Number(number(address)), bytes);
      return undefined;
    });
  }

  #length(word: string | undefined): number {
    const length = Number(number(word));
    if (length > MOST_BYTES) throw new QtestFailure(`${length} bytes are too many; at most ${MOST_BYTES}`);
    return length;
  }

  #addClockCommands(): void {
    this.#commands.set('clock_step', ([ns]) => {
      const now = this.#target.now();
      const target = ns === undefined ? (this.#target.nextDeadline() ?? now) : now + Number(number(ns));
      this.#target.advanceTo(Math.max(now, target));
      return String(this.#target.now());
    });
    this.#commands.set('clock_set', ([ns]) => {
      this.#target.advanceTo(Math.max(this.#target.now(), Number(number(ns))));
      return String(this.#target.now());
    });
  }

  #addInterceptCommands(): void {
    for (const direction of ['in', 'out'] as const) {
      this.#commands.set(`irq_intercept_${direction}`, ([path]) => {
        if (path === undefined) throw new QtestFailure('expected the path of a device');
        this.#target.intercept(direction, path, (line, raised) =>
          this.#send(`IRQ ${raised ? 'raise' : 'lower'} ${line}`),
        );
        return undefined;
      });
    }
  }
}
