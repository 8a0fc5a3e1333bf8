/** DMA channels of the ISA bus, which devices may take before the controller is there. */
import type { DmaChannel } from '../../devices/isa/isa-contract.ts';

type Transfer = Parameters<DmaChannel['onTransfer']>[0];

class RelayedChannel implements DmaChannel {
  #target: DmaChannel | undefined;
  #requested = false;
  #transfer: Transfer | undefined;

  request(asserted: boolean): void {
    this.#requested = asserted;
    this.#target?.request(asserted);
  }

  onTransfer(transfer: Transfer): void {
    this.#transfer = transfer;
    this.#target?.onTransfer(transfer);
  }

  connect(target: DmaChannel): void {
    this.#target = target;
    if (this.#transfer !== undefined) target.onTransfer(this.#transfer);
    if (this.#requested) target.request(true);
  }
}

export class DmaRelay {
  readonly #channels = new Map<number, RelayedChannel>();
  #controller: ((channel: number) => DmaChannel) | undefined;

  channel(number: number): DmaChannel {
    let channel = this.#channels.get(number);
    if (channel === undefined) {
      channel = new RelayedChannel();
      this.#channels.set(number, channel);
      if (this.#controller !== undefined) channel.connect(this.#controller(number));
    }
    return channel;
  }

  /** The controller is there: `channelOf` gives its ends. */
  attach(channelOf: (channel: number) => DmaChannel): void {
    this.#controller = channelOf;
    for (const [number, channel] of this.#channels) channel.connect(channelOf(number));
  }
}
