/**
 * The machine's side of character devices. The devices live on the monitor's thread; the guest's devices hold ports here.
 * The bridge knows which labels exist and which are taken, so that a second front end is refused at once.
 */
import type {
  CharacterClaim,
  CharacterNotice,
  CharacterRequest,
} from '../../backends/chardev/character-messages.ts';
import { MUX_FRONT_ENDS } from '../../backends/chardev/chardev-config.ts';
import { ChardevError } from '../../backends/chardev/chardev-error.ts';
import type { CharacterPort } from '../../devices/character-port.ts';
import type { MachineConfig } from '../machine-config.ts';
import { BridgedPort } from './bridged-port.ts';

type CharacterFacts = Pick<MachineConfig, 'chardevs' | 'monitors'>;

export class CharacterBridge {
  readonly #send: (request: CharacterRequest) => void;
  /** How many front ends a character device takes beside those that it has. */
  readonly #free = new Map<string, number>();
  readonly #ports = new Map<number, BridgedPort>();
  #lastPort = 0;

  /**
   * @param facts what the command line says of character devices and of the monitors that use them
   * @param send takes a message to the monitor's thread, in order
   */
  constructor(facts: CharacterFacts, send: (request: CharacterRequest) => void) {
    this.#send = send;
    for (const { id, mux, config } of facts.chardevs) {
      this.#free.set(id, mux || config.kind === 'mux' ? MUX_FRONT_ENDS : 1);
      if (mux) {
        this.#free.set(`${id}-base`, 0);
      } else if (config.kind === 'mux') {
        this.#free.set(config.chardev, 0);
      }
    }
    for (const { chardev } of facts.monitors) {
      this.#free.set(chardev, (this.#free.get(chardev) ?? 0) - 1);
    }
  }

  /**
   * A port on the character device of that label, for one device.
   * @throws ChardevError `ERR_CHARDEV_NOT_FOUND`, or `ERR_CHARDEV_BUSY` when it has as many front ends as it takes
   */
  character(label: string): CharacterPort {
    const free = this.#free.get(label);
    if (free === undefined) {
      throw new ChardevError('ERR_CHARDEV_NOT_FOUND', `Chardev '${label}' not found`);
    }
    if (free <= 0) {
      throw new ChardevError('ERR_CHARDEV_BUSY', `Chardev '${label}' is busy`);
    }
    this.#lastPort += 1;
    const port = new BridgedPort({
      claim: { port: this.#lastPort, label },
      send: this.#send,
      released: () => this.#released(port),
    });
    this.#free.set(label, free - 1);
    this.#ports.set(this.#lastPort, port);
    this.#send({ kind: 'claimed', ...port.claim });
    return port;
  }

  /**
   * The ports that are held, for a monitor that has just begun to listen. What its predecessor has not acknowledged is
   * as good as acknowledged: nobody else will.
   */
  claims(): readonly CharacterClaim[] {
    const ports = [...this.#ports.values()];
    for (const port of ports) {
      port.restart();
    }
    return ports.map(({ claim }) => claim);
  }

  /** Takes a message from the monitor's thread. */
  receive(notice: CharacterNotice): void {
    if (notice.kind !== 'available') {
      this.#ports.get(notice.port)?.receive(notice);
    } else if (notice.frontEnds === 0 && !this.#isHeld(notice.label)) {
      this.#free.delete(notice.label);
    } else {
      this.#free.set(notice.label, notice.frontEnds);
    }
  }

  /** Sends on what is held back, whether the host has asked for more or not: the process is about to end. */
  flush(): void {
    for (const port of this.#ports.values()) {
      port.flush();
    }
  }

  #isHeld(label: string): boolean {
    return [...this.#ports.values()].some(({ claim }) => claim.label === label);
  }

  #released({ claim }: BridgedPort): void {
    this.#ports.delete(claim.port);
    this.#free.set(claim.label, (this.#free.get(claim.label) ?? 0) + 1);
    this.#send({ kind: 'released', port: claim.port });
  }
}
