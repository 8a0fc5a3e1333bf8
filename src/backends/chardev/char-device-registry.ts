/** The character devices of a thread, by label. */
import type { CharDevice } from './char-device.ts';
import type { ChardevConfig } from './chardev-config.ts';
import type { ChardevEnvironment } from './chardev-environment.ts';
import { ChardevError } from './chardev-error.ts';
import { createCharDevice } from './create-char-device.ts';
import { PtyDevice } from './pty-device.ts';

export interface CreateOptions {
  /** Puts a multiplexer before the device: the multiplexer gets the id, the device is called `ID-base`. */
  readonly mux?: boolean;
  /**
   * Who asked. Devices from the command line (and the human monitor, which speaks its syntax) are listed with the
   * name of their kind where they have no address; those from `chardev-add` with nothing.
   */
  readonly origin?: 'command-line' | 'monitor';
  /** Hands over a descriptor that `getfd` has named, for addresses of type `fd`. */
  readonly takeNamedDescriptor?: (name: string) => number;
}

export class CharDeviceRegistry {
  readonly #environment: ChardevEnvironment;
  /** In the order of creation. */
  readonly #devices = new Map<string, CharDevice>();
  readonly #opening = new Map<string, AbortController>();

  constructor(environment: ChardevEnvironment) {
    this.#environment = environment;
  }

  /**
   * Creates a device and lists it. A server that waits for its client resolves only then; its id is taken meanwhile.
   * Rejects with `ERR_CHARDEV_EXISTS`, with another ChardevError, or with a HostError.
   */
  async create(id: string, config: ChardevConfig, options: CreateOptions = {}): Promise<CharDevice> {
    if (options.mux !== true) {
      return await this.#createOne(id, config, options);
    }
    this.#assertFree(id);
    const base = await this.#createOne(`${id}-base`, config, options);
    try {
      return await this.#createOne(id, { kind: 'mux', chardev: base.label }, options, base.filename);
    } catch (error) {
      this.#devices.delete(base.label);
      await base.close();
      throw error;
    }
  }

  get(id: string): CharDevice | undefined {
    return this.#devices.get(id);
  }

  /** Newest first, as query-chardev wants it. */
  list(): CharDevice[] {
    return [...this.#devices.values()].reverse();
  }

  /** Closes a device that nothing uses. Rejects with `ERR_CHARDEV_NOT_FOUND` or `ERR_CHARDEV_BUSY`. */
  async remove(id: string): Promise<void> {
    const device = this.#devices.get(id);
    if (device === undefined) {
      throw new ChardevError('ERR_CHARDEV_NOT_FOUND', `Chardev '${id}' not found`);
    }
    if (device.busy) {
      throw new ChardevError('ERR_CHARDEV_BUSY', `Chardev '${id}' is busy`);
    }
    this.#devices.delete(id);
    await device.close();
  }

  /** Gives up what is being opened and closes everything, newest first. */
  async closeAll(): Promise<void> {
    for (const controller of this.#opening.values()) {
      controller.abort(new ChardevError('ERR_CHARDEV_CLOSED', 'The character devices are being closed'));
    }
    const devices = this.list();
    this.#devices.clear();
    await Promise.all(devices.map((device) => device.close()));
  }

  async #createOne(
    id: string,
    config: ChardevConfig,
    options: CreateOptions,
    filename = options.origin === 'command-line' ? config.kind : '',
  ): Promise<CharDevice> {
    this.#assertFree(id);
    const controller = new AbortController();
    this.#opening.set(id, controller);
    try {
      const creation = {
        label: id,
        filename,
        environment: this.#environment,
        takeDescriptor: (name: string) => takeDescriptor(name, options),
        signal: controller.signal,
      };
      const device = await createCharDevice(creation, config, (label) => this.#devices.get(label));
      if (controller.signal.aborted) {
        await device.close();
        throw controller.signal.reason;
      }
      this.#devices.set(id, device);
      if (device instanceof PtyDevice && options.origin === 'command-line') {
        // Programs look for these words: nothing else tells them which terminal it has become.
        this.#environment.announce(`char device redirected to ${device.slavePath} (label ${id})`);
      }
      return device;
    } finally {
      this.#opening.delete(id);
    }
  }

  #assertFree(id: string): void {
    if (this.#devices.has(id) || this.#opening.has(id)) {
      throw new ChardevError('ERR_CHARDEV_EXISTS', `Chardev '${id}' already exists`);
    }
  }
}

/**
 * On the command line a text of digits is a descriptor that the process has inherited; everything else is a name. A
 * monitor's client may only name what it has passed itself.
 */
function takeDescriptor(name: string, options: CreateOptions): number {
  if (options.origin === 'command-line' && /^\d+$/.test(name)) {
    return Number(name);
  }
  if (options.takeNamedDescriptor === undefined) {
    throw new ChardevError('ERR_CHARDEV_CONFIG', `File descriptor named '${name}' has not been found`);
  }
  return options.takeNamedDescriptor(name);
}
