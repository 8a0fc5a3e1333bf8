/** One port of a console device: bytes between two virtqueues and a character device (VIRTIO 1.1, 5.3.6). */
import type { DeviceClock, DeviceTimer } from '../board-services.ts';
import type { CharacterPort } from '../character-port.ts';
import type { DeviceState } from '../device-class.ts';
import { fieldsOf } from './saved-fields.ts';
import { readSegments, writeSegments } from './segment-bytes.ts';
import type { PluggedPort, SerialPortOptions } from './serial-bus.ts';
import type { VirtioHost } from './virtio-model.ts';
import type { Chain } from './virtqueue.ts';

/** Bytes from the host that a guest which is slow to give buffers makes us keep. */
const INPUT_BYTES = 4096;
/** Bytes that go to the character device at a time. */
const OUTPUT_BYTES = 4096;
/**
 * A guest's console driver spins until its bytes are taken: when the character device takes none for this long, what the
 * guest writes is dropped until it does. Ports that are no consoles wait for ever.
 */
const CONSOLE_PATIENCE_NS = 1e9;

export interface PortPlace {
  readonly host: VirtioHost;
  /** Number of the queue to the guest, and of that from it. */
  readonly inputQueue: number;
  readonly outputQueue: number;
  /** Monotonic time. */
  readonly realtime: DeviceClock;
  /** Tells the guest whether the host's side is there. */
  readonly hostOpened: (open: boolean) => void;
}

export class SerialPort {
  readonly options: SerialPortOptions;
  readonly #character: CharacterPort | undefined;
  readonly #place: PortPlace;
  readonly #patience: DeviceTimer;
  /** Bytes for the guest, oldest first. */
  #input = new Uint8Array(0);
  #guestOpen = false;
  /** The chain that is being written to the character device, and how much of it has been. */
  #sending: Chain | undefined;
  #sent = 0;
  /** The character device has taken nothing for too long. */
  #dropping = false;

  /** @param character what the bytes come from and go to; undefined: nothing comes, and what goes is lost */
  constructor(options: SerialPortOptions, character: CharacterPort | undefined, place: PortPlace) {
    this.options = options;
    this.#character = character;
    this.#place = place;
    this.#patience = place.realtime.timer(() => this.#dropOutput());
    character?.onReceive(
      (bytes) => this.#receive(bytes),
      () => (this.#guestOpen ? INPUT_BYTES - this.#input.length : 0),
    );
    character?.onWritable(() => this.#outputWritable());
    character?.onEvent((event) => {
      if (event !== 'break' && !options.isConsole) {
        place.hostOpened(event === 'opened');
      }
    });
  }

  /** A console writes whether somebody listens or not. */
  get isHostOpen(): boolean {
    return this.#character !== undefined && (this.options.isConsole || this.#character.connected);
  }

  get status(): ReturnType<PluggedPort['status']> {
    return { guestOpen: this.#guestOpen, hostOpen: this.isHostOpen, throttled: this.#sending !== undefined };
  }

  /** The guest has opened its side, or closed it: then what it has not read is lost. */
  setGuestOpen(open: boolean): void {
    this.#guestOpen = open;
    if (open) {
      this.#character?.resume();
    } else {
      this.#input = new Uint8Array(0);
    }
  }

  /** The guest has given buffers for input. */
  deliver(): void {
    const { host, inputQueue } = this.#place;
    if (!host.isLive(inputQueue)) {
      return;
    }
    const queue = host.queue(inputQueue);
    let given = false;
    while (this.#input.length > 0) {
      const chain = queue.take();
      if (chain === undefined) {
        queue.awaitNotification();
        if (queue.isEmpty) {
          break;
        }
        continue;
      }
      const written = writeSegments(host.guest, chain.writable, 0, this.#input);
      this.#input = this.#input.slice(written);
      queue.give(chain, written);
      given = true;
    }
    if (given) {
      queue.announce();
      this.#character?.resume();
    }
  }

  /** The guest has something to write, or the character device takes more. */
  transmit(): void {
    const { host, outputQueue } = this.#place;
    if (!host.isLive(outputQueue)) {
      return;
    }
    const queue = host.queue(outputQueue);
    if (this.#sending !== undefined && !this.#sendOn(this.#sending)) {
      return;
    }
    queue.drain((chain) => {
      this.#sending = chain;
      this.#sent = 0;
      return this.#sendOn(chain);
    });
  }

  /** Takes up a chain that was being sent when the state was saved. */
  resume(chain: Chain): void {
    this.#sending = chain;
    this.transmit();
  }

  /** One character past all queues: a guest's last words (5.3.4, emergency write). */
  writeDirectly(byte: number): void {
    this.#character?.write(Uint8Array.of(byte));
  }

  reset(): void {
    this.#patience.cancel();
    this.#input = new Uint8Array(0);
    this.#guestOpen = false;
    this.#sending = undefined;
    this.#sent = 0;
    this.#dropping = false;
  }

  save(): DeviceState {
    return { input: this.#input.slice(), guestOpen: this.#guestOpen, sent: this.#sent };
  }

  restore(state: DeviceState): void {
    const saved = fieldsOf(state);
    this.reset();
    this.#input = Uint8Array.from(saved.bytes('input'));
    this.#guestOpen = saved.boolean('guestOpen');
    this.#sent = saved.number('sent');
  }

  release(): void {
    this.reset();
    this.#character?.release();
  }

  #receive(bytes: Uint8Array): void {
    this.#input = Uint8Array.from([...this.#input, ...bytes]);
    this.deliver();
  }

  /** Sends what it can; true when the chain has been given back. */
  #sendOn(chain: Chain): boolean {
    const character = this.#character;
    const { host, outputQueue } = this.#place;
    while (this.#sent < chain.readableBytes && character?.connected === true && !this.#dropping) {
      const room = Math.min(character.writable, OUTPUT_BYTES);
      if (room === 0) {
        this.#waitForRoom();
        return false;
      }
      const bytes = readSegments(host.guest, chain.readable, this.#sent, room);
      character.write(bytes);
      this.#sent += bytes.length;
      this.#patience.cancel();
    }
    this.#sending = undefined;
    this.#sent = 0;
    const queue = host.queue(outputQueue);
    queue.give(chain, 0);
    queue.announce();
    return true;
  }

  #waitForRoom(): void {
    if (this.options.isConsole && this.#patience.expiresAt === undefined) {
      this.#patience.arm(this.#place.realtime.now() + CONSOLE_PATIENCE_NS);
    }
  }

  #dropOutput(): void {
    this.#dropping = true;
    this.transmit();
  }

  #outputWritable(): void {
    this.#dropping = false;
    this.transmit();
  }
}
