/** Where a channel's registers lie, and how vCPUs may reach them. */
import type { AddressSpace, Region, Wire } from '../board-services.ts';
import { IdeChannel } from './ide-channel.ts';
import type { PioPort } from './pio-port.ts';

/** Registers behind the data register. */
const COMMAND_REGISTERS = 7;
const WIDEST_DATA = 4;
const DATA_SIZES = [1, 2, WIDEST_DATA];

export interface ChannelPlace {
  readonly number: number;
  /** First port of the command block, and that of the control block's register. */
  readonly command: number;
  readonly control: number;
}

/** A channel whose registers are claimed. */
export interface ClaimedChannel {
  readonly channel: IdeChannel;
  /** Gives the ports back. */
  release(): void;
}

export function claimChannel(
  ports: AddressSpace,
  { number, command, control }: ChannelPlace,
  irq: Wire,
): ClaimedChannel {
  const regions: Region[] = [];
  const claimCommandBlock = (): void => {
    regions.push(
      ports.claim(command + 1, COMMAND_REGISTERS, channel.commandBlock, { name: 'ide', widest: 1 }),
    );
  };
  const claimData = (pio: PioPort): void => {
    // The data register is as wide as an access to it; the registers behind it are claimed over its rest.
    regions.pop()?.remove();
    // Writes are posted: whoever wants to know what became of them reads the status, which waits for them.
    const fast = DATA_SIZES.map((size) => ({ offset: 0, size, answer: pio.answer }));
    const handler = {
      read: (_offset: number, size: number) => pio.read(size),
      write: (_offset: number, size: number, value: number) => pio.write(size, value),
    };
    regions.push(ports.claim(command, WIDEST_DATA, handler, { name: 'ide-data', posted: true, fast }));
    claimCommandBlock();
  };
  const channel = new IdeChannel({ number, irq, claimData });
  regions.push(ports.claim(control, 1, channel.controlBlock, { name: 'ide-control', widest: 1 }));
  claimCommandBlock();
  return {
    channel,
    release: () => {
      for (const region of regions) region.remove();
    },
  };
}
