/** An 8237 channel that the test serves by hand. */
import type { DmaChannel } from '../../../src/devices/isa/isa-contract.ts';

type Transfer = (buffer: Uint8Array, toDevice: boolean, terminal: boolean) => number;

export class FakeDmaChannel implements DmaChannel {
  /** The level of DREQ. */
  requested = false;
  #transfer: Transfer = () => 0;

  request(asserted: boolean): void {
    this.requested = asserted;
  }

  onTransfer(transfer: Transfer): void {
    this.#transfer = transfer;
  }

  /** Serves the device once, as the controller would. Gives how many bytes it took or gave. */
  serve(buffer: Uint8Array, toDevice: boolean, terminal: boolean): number {
    return this.#transfer(buffer, toDevice, terminal);
  }
}
