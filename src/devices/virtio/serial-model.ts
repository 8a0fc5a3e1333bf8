/** The console device with many ports (VIRTIO 1.1, 5.3). */
import type { BoardServices } from '../board-services.ts';
import type { CharacterPort } from '../character-port.ts';
import type { ChildBus, DeviceState } from '../device-class.ts';
import { fieldsOf } from './saved-fields.ts';
import { readSegments, writeSegments } from './segment-bytes.ts';
import {
  ANY_PORT,
  type PluggedPort,
  type SerialPortOptions,
  VIRTIO_SERIAL_BUS,
  type VirtioSerialPorts,
} from './serial-bus.ts';
import {
  CONTROL_BYTES,
  CONTROL_CONSOLE_PORT,
  CONTROL_DEVICE_ADD,
  CONTROL_DEVICE_READY,
  CONTROL_DEVICE_REMOVE,
  CONTROL_PORT_NAME,
  CONTROL_PORT_OPEN,
  CONTROL_PORT_READY,
  decodeControl,
  encodeControl,
} from './serial-control.ts';
import { SerialPort } from './serial-port.ts';
import { featureBits } from './virtio-bits.ts';
import { VirtioConfigError } from './virtio-config-error.ts';
import type { VirtioHost, VirtioModel } from './virtio-model.ts';
import type { Chain } from './virtqueue.ts';

/** Feature bits (5.3.3). */
const F_MULTIPORT = 1;
const F_EMERG_WRITE = 2;
/** Queues (5.3.2): port 0 has the first two, then the control queues, then two for each further port. */
const CONTROL_TO_GUEST = 2;
const CONTROL_FROM_GUEST = 3;
const PORT_QUEUE_SIZE = 128;
const CONTROL_QUEUE_SIZE = 32;
/** Configuration space (5.3.4). */
const MAX_NR_PORTS = 4;
const EMERG_WR = 8;
const CONFIG_BYTES = 12;
/** Messages that wait for a guest without buffers for them; later ones are lost. */
const MOST_MESSAGES = 512;

export class SerialModel implements VirtioModel {
  readonly queueSizes: readonly number[];
  readonly features: bigint;
  readonly buses: readonly ChildBus[];
  readonly #host: VirtioHost;
  readonly #realtime: BoardServices['clocks']['realtime'];
  readonly #maxPorts: number;
  readonly #ports = new Map<number, SerialPort>();
  /** For the guest, oldest first. */
  readonly #messages: Uint8Array[] = [];
  #guestReady = false;

  constructor(host: VirtioHost, board: BoardServices, maxPorts: number) {
    this.#host = host;
    this.#realtime = board.clocks.realtime;
    this.#maxPorts = maxPorts;
    this.features = featureBits(F_EMERG_WRITE) | (maxPorts > 1 ? featureBits(F_MULTIPORT) : 0n);
    this.queueSizes = Array.from({ length: maxPorts > 1 ? 2 * (maxPorts + 1) : 2 }, (_, queue) =>
      queue === CONTROL_TO_GUEST || queue === CONTROL_FROM_GUEST ? CONTROL_QUEUE_SIZE : PORT_QUEUE_SIZE,
    );
    this.buses = [
      { type: VIRTIO_SERIAL_BUS, name: VIRTIO_SERIAL_BUS, plug: (services) => this.#plug(services) },
    ];
  }

  readConfig(): Uint8Array {
    const space = new Uint8Array(CONFIG_BYTES);
    new DataView(space.buffer).setUint32(MAX_NR_PORTS, this.#maxPorts, true);
    return space;
  }

  writeConfig(offset: number, bytes: Uint8Array): void {
    const byte = bytes[EMERG_WR - offset];
    if (byte !== undefined) {
      [...this.#ports.values()].find(({ options }) => options.isConsole)?.writeDirectly(byte);
    }
  }

  /** Without control messages the one port is open. */
  featuresChosen(): void {
    this.#ports.get(0)?.setGuestOpen(!this.#isMultiport);
  }

  notified(queue: number): void {
    if (queue === CONTROL_TO_GUEST) {
      this.#sendMessages();
    } else if (queue === CONTROL_FROM_GUEST) {
      this.#takeMessages();
    } else if (queue % 2 === 0) {
      this.#portOfQueue(queue)?.deliver();
    } else {
      this.#transmit(queue);
    }
  }

  reset(): void {
    this.#guestReady = false;
    this.#messages.length = 0;
    for (const port of this.#ports.values()) {
      port.reset();
    }
  }

  /** Ports keep their state themselves: they are devices of their own. */
  save(): DeviceState {
    return { guestReady: this.#guestReady, messages: this.#messages.map((message) => message.slice()) };
  }

  restore(state: DeviceState): void {
    const saved = fieldsOf(state);
    this.#guestReady = saved.boolean('guestReady');
    this.#messages.splice(
      0,
      this.#messages.length,
      ...saved.list('messages').filter((message) => message instanceof Uint8Array),
    );
  }

  resume(queue: number, chain: Chain): void {
    this.#portOfQueue(queue)?.resume(chain);
  }

  get #isMultiport(): boolean {
    return this.#host.hasFeature(F_MULTIPORT);
  }

  #portOfQueue(queue: number): SerialPort | undefined {
    return this.#ports.get(queue < CONTROL_TO_GUEST ? 0 : Math.floor(queue / 2) - 1);
  }

  /** What is written to a port that is not there is lost, but never stays in the ring. */
  #transmit(queue: number): void {
    const port = this.#portOfQueue(queue);
    if (port !== undefined) {
      port.transmit();
      return;
    }
    const ring = this.#host.queue(queue);
    ring.drain((chain) => {
      ring.give(chain, 0);
      return true;
    });
    ring.announce();
  }

  #plug(services: BoardServices): VirtioSerialPorts {
    return { ...services, addPort: (...port) => this.#addPort(...port) };
  }

  #addPort(options: SerialPortOptions, openCharacter: () => CharacterPort | undefined): PluggedPort {
    const number = this.#choose(options);
    const queue = number === 0 ? 0 : 2 * (number + 1);
    const port = new SerialPort(options, openCharacter(), {
      host: this.#host,
      inputQueue: queue,
      outputQueue: queue + 1,
      realtime: this.#realtime,
      hostOpened: (open) => this.#tell(number, CONTROL_PORT_OPEN, open ? 1 : 0),
    });
    this.#ports.set(number, port);
    this.#tell(number, CONTROL_DEVICE_ADD, 1);
    return {
      number,
      status: () => port.status,
      reset: () => undefined,
      save: () => port.save(),
      restore: (state) => port.restore(state),
      remove: () => {
        this.#ports.delete(number);
        port.release();
        this.#tell(number, CONTROL_DEVICE_REMOVE, 1);
      },
    };
  }

  /** Port 0 is for consoles: a driver without MULTIPORT has no other. */
  #choose({ number, isConsole, name }: SerialPortOptions): number {
    const first = isConsole ? 0 : 1;
    let chosen = number;
    if (number === ANY_PORT) {
      chosen = first;
      while (this.#ports.has(chosen)) {
        chosen += 1;
      }
    }
    if (chosen >= this.#maxPorts) {
      throw new VirtioConfigError(
        number === ANY_PORT
          ? `The virtio-serial controller has all its ${this.#maxPorts} ports`
          : `Port number ${number} is not below the ${this.#maxPorts} of the virtio-serial controller`,
      );
    }
    if (chosen === 0 && !isConsole) {
      throw new VirtioConfigError('Port number 0 of a virtio-serial controller is for a virtconsole');
    }
    if (this.#ports.has(chosen)) {
      throw new VirtioConfigError(`The virtio-serial controller has a port with number ${chosen} already`);
    }
    if (name !== '' && [...this.#ports.values()].some(({ options }) => options.name === name)) {
      throw new VirtioConfigError(`The virtio-serial controller has a port named '${name}' already`);
    }
    return chosen;
  }

  #takeMessages(): void {
    const queue = this.#host.queue(CONTROL_FROM_GUEST);
    queue.drain((chain) => {
      const message = decodeControl(readSegments(this.#host.guest, chain.readable, 0, CONTROL_BYTES));
      queue.give(chain, 0);
      if (message !== undefined) {
        this.#obey(message.port, message.event, message.value);
      }
      return true;
    });
    queue.announce();
  }

  #obey(number: number, event: number, value: number): void {
    if (event === CONTROL_DEVICE_READY) {
      this.#guestReady = value === 1;
      for (const each of this.#ports.keys()) {
        this.#tell(each, CONTROL_DEVICE_ADD, 1);
      }
      return;
    }
    const port = this.#ports.get(number);
    if (event === CONTROL_PORT_OPEN) {
      port?.setGuestOpen(value !== 0);
    } else if (event === CONTROL_PORT_READY && port !== undefined && value === 1) {
      this.#introduce(number, port);
    }
  }

  /** What a guest that has made a port learns about it. */
  #introduce(number: number, port: SerialPort): void {
    const { isConsole, name } = port.options;
    if (isConsole) {
      this.#tell(number, CONTROL_CONSOLE_PORT, 1);
    }
    if (name !== '') {
      this.#tell(number, CONTROL_PORT_NAME, 1, name);
    }
    if (port.isHostOpen) {
      this.#tell(number, CONTROL_PORT_OPEN, 1);
    }
  }

  #tell(port: number, event: number, value: number, text?: string): void {
    if (this.#guestReady && this.#isMultiport && this.#messages.length < MOST_MESSAGES) {
      this.#messages.push(encodeControl({ port, event, value }, text));
      this.#sendMessages();
    }
  }

  #sendMessages(): void {
    if (!this.#host.isLive(CONTROL_TO_GUEST)) {
      return;
    }
    const queue = this.#host.queue(CONTROL_TO_GUEST);
    for (let message = this.#messages[0]; message !== undefined; message = this.#messages[0]) {
      const chain = queue.take();
      if (chain === undefined) {
        queue.awaitNotification();
        if (queue.isEmpty) {
          break;
        }
        continue;
      }
      this.#messages.shift();
      queue.give(chain, writeSegments(this.#host.guest, chain.writable, 0, message));
    }
    queue.announce();
  }
}
