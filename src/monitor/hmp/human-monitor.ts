/** The interactive human monitor on a character device. */
import type { CharDevice, CharEvent, CharFrontEnd } from '../../backends/chardev/char-device.ts';
import type { CommandServices } from '../command-definition.ts';
import type { NamedDescriptors } from '../named-descriptors.ts';
import { ByteQueue } from './byte-queue.ts';
import type { HumanContext } from './command.ts';
import { CommandHistory } from './command-history.ts';
import { columnLines, commonPrefix, completeLine } from './completion.ts';
import { runHumanLine } from './dispatch.ts';
import { humanContext } from './human-context.ts';
import { KeyDecoder } from './key-decoder.ts';
import { type EditorRequest, LineEditor } from './line-editor.ts';
import { TerminalOutput } from './terminal-output.ts';

const PROMPT = '(qemu) ';
/** Bytes of input kept while a command runs. */
const INPUT_LIMIT = 4096;
const DEFAULT_COLUMNS = 80;

export interface HumanMonitorOptions {
  readonly device: CharDevice;
  readonly services: CommandServices;
  /** Descriptors named by `getfd` here; they outlive a connection, and are closed by `close`. */
  readonly namedDescriptors: NamedDescriptors;
  /** `1.5.50`, for the banner. */
  readonly version: string;
  /** Width of the terminal for lists; 80 when absent, since no terminal is asked. */
  readonly columns?: number;
}

/**
 * Reads lines from the device and runs them one after the other. Input is taken byte by byte and only as fast as its
 * echo and the commands' output are read: a client that pastes without reading costs `INPUT_LIMIT` bytes, the output
 * of one command and no more.
 */
export class HumanMonitor implements CharFrontEnd {
  readonly #device: CharDevice;
  readonly #services: CommandServices;
  readonly #namedDescriptors: NamedDescriptors;
  readonly #banner: string;
  readonly #columns: number;
  readonly #input = new ByteQueue(INPUT_LIMIT);
  readonly #keys = new KeyDecoder();
  readonly #history = new CommandHistory();
  readonly #output: TerminalOutput;
  readonly #editor: LineEditor;
  readonly #context: HumanContext;
  #isOpen = false;
  /** Counts connections: what a command of an earlier one prints is not for the present one. */
  #session = 0;
  #isPumping = false;
  #isRunningCommand = false;
  #isPromptShown = false;

  constructor(options: HumanMonitorOptions) {
    this.#device = options.device;
    this.#services = options.services;
    this.#namedDescriptors = options.namedDescriptors;
    this.#banner = `QEMU ${options.version} monitor - type 'help' for more information\n`;
    this.#columns = options.columns ?? DEFAULT_COLUMNS;
    this.#output = new TerminalOutput(options.device);
    this.#editor = new LineEditor({
      prompt: PROMPT,
      history: this.#history,
      write: (text) => this.#output.write(text),
    });
    const caller = {
      namedDescriptors: options.namedDescriptors,
      takeDescriptor: () => options.device.takeDescriptor(),
    };
    this.#context = humanContext(options.services, caller, this.#history.entries);
  }

  /** Takes the device. Throws `ERR_CHARDEV_BUSY`. */
  start(): void {
    this.#device.attach(this);
  }

  /** Gives the device back and closes the named descriptors. */
  close(): void {
    if (this.#isOpen) this.#closed();
    this.#device.detach(this);
    this.#namedDescriptors.closeAll();
  }

  receive(bytes: Uint8Array): void {
    this.#input.push(bytes);
    this.#startPump();
  }

  canReceive(): number {
    return this.#input.room;
  }

  event(event: CharEvent): void {
    switch (event) {
      case 'opened':
        this.#opened();
        break;
      case 'closed':
        this.#closed();
        break;
      case 'mux-in':
        this.#output.release();
        this.#showPromptWhenIdle();
        break;
      case 'mux-out':
        this.#leaveFocus();
        break;
      case 'break':
        break;
    }
  }

  #opened(): void {
    if (this.#isOpen) this.#closed();
    this.#isOpen = true;
    this.#services.fdSets.monitorConnected();
    this.#output.write(this.#banner);
    this.#showPromptWhenIdle();
  }

  #closed(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#session += 1;
    this.#isPromptShown = false;
    this.#input.clear();
    this.#keys.reset();
    this.#editor.clear();
    this.#output.discard();
    this.#services.fdSets.monitorDisconnected();
  }

  /** Another front end of the multiplexer is on the terminal now: what is printed waits, a line begun is dropped. */
  #leaveFocus(): void {
    if (this.#isPromptShown) this.#output.write('\n');
    this.#isPromptShown = false;
    this.#editor.clear();
    this.#keys.reset();
    this.#output.hold();
  }

  #showPromptWhenIdle(): void {
    if (!this.#isOpen || this.#isRunningCommand || this.#isPromptShown || this.#output.isHeld) return;
    this.#isPromptShown = true;
    this.#editor.showPrompt();
  }

  #startPump(): void {
    if (this.#isPumping) return;
    this.#pump().catch((error: unknown) => {
      this.#services.report(`monitor ${this.#device.label}: ${String(error)}`);
    });
  }

  /** Works the input off, one byte after the other, and returns when there is none left. */
  async #pump(): Promise<void> {
    this.#isPumping = true;
    try {
      while (!this.#input.isEmpty) {
        if (this.#output.isCongested) await this.#output.drained();
        const request = this.#press(this.#takeByte());
        if (request !== undefined) await this.#answer(request);
      }
    } finally {
      this.#isPumping = false;
    }
  }

  #takeByte(): number {
    const wasFull = this.#input.room === 0;
    const byte = this.#input.shift();
    if (wasFull) this.#device.resume();
    return byte;
  }

  #press(byte: number): EditorRequest | undefined {
    const stroke = this.#keys.decode(byte);
    return stroke === undefined ? undefined : this.#editor.handle(stroke);
  }

  async #answer(request: EditorRequest): Promise<void> {
    const session = this.#session;
    if (request.type === 'complete') {
      const { word, candidates } = await completeLine(this.#context, request.text);
      if (session === this.#session && this.#isPromptShown) this.#offer(word, candidates);
      return;
    }
    this.#isPromptShown = false;
    this.#isRunningCommand = true;
    try {
      const text = await runHumanLine(this.#context, request.line);
      if (session === this.#session) this.#output.write(text);
    } finally {
      this.#isRunningCommand = false;
      this.#showPromptWhenIdle();
    }
  }

  /** Completes the word as far as the candidates agree, and lists them when there are several. */
  #offer(word: string, candidates: readonly string[]): void {
    const [first] = candidates;
    if (first === undefined) return;
    const common = commonPrefix(candidates).slice(word.length);
    if (candidates.length > 1) {
      this.#editor.insertAndList(common, columnLines(candidates, this.#columns));
    } else {
      this.#editor.insert(first.endsWith('/') ? common : `${common} `);
    }
  }
}
