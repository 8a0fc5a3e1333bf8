/** The front ends of this thread's character devices that devices of the guest, on another thread, hold. */
import type { CharDevice } from './char-device.ts';
import type { CharacterClaim, CharacterNotice, CharacterRequest } from './character-messages.ts';
import { RemoteFrontEnd } from './remote-front-end.ts';

export interface RemoteFrontEndsOptions {
  readonly find: (label: string) => CharDevice | undefined;
  readonly send: (notice: CharacterNotice) => void;
  /** One line for people: a claim that could not be met. */
  readonly report: (message: string) => void;
}

export class RemoteFrontEnds {
  readonly #options: RemoteFrontEndsOptions;
  readonly #byPort = new Map<number, RemoteFrontEnd>();
  /** Ports that may write already and that the device does not know yet, in the order in which they were claimed. */
  #waiting: RemoteFrontEnd[] | undefined = [];

  constructor(options: RemoteFrontEndsOptions) {
    this.#options = options;
  }

  /** Tells of claims from before this thread listened. What their holders write from now on reaches the devices. */
  claim(claims: readonly CharacterClaim[]): void {
    for (const claim of claims) {
      this.#claimed(claim);
    }
  }

  /** Attaches what has been claimed; what is claimed later is attached at once. */
  attach(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const frontEnd of waiting) {
      this.#attach(frontEnd);
    }
  }

  receive(request: CharacterRequest): void {
    const frontEnd = this.#byPort.get(request.port);
    switch (request.kind) {
      case 'claimed':
        this.#claimed(request);
        break;
      case 'released':
        frontEnd?.detach();
        this.#byPort.delete(request.port);
        break;
      case 'output':
        frontEnd?.output(request.bytes);
        break;
      case 'consumed':
        frontEnd?.consumed(request.bytes);
        break;
    }
  }

  #claimed({ port, label }: CharacterClaim): void {
    if (this.#byPort.has(port)) {
      return;
    }
    const device = this.#options.find(label);
    if (device === undefined) {
      this.#options.report(`chardev '${label}', which a device of the guest uses, does not exist`);
      return;
    }
    const frontEnd = new RemoteFrontEnd(port, device, this.#options.send);
    this.#byPort.set(port, frontEnd);
    if (this.#waiting === undefined) {
      this.#attach(frontEnd);
    } else {
      this.#waiting.push(frontEnd);
    }
  }

  #attach(frontEnd: RemoteFrontEnd): void {
    try {
      frontEnd.attach();
    } catch (error) {
      this.#options.report(error instanceof Error ? error.message : String(error));
    }
  }
}
