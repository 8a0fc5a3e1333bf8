/** Where a channel's registers lie, and how vCPUs may reach them. */
import type { AddressSpace, Region, Wire } from '../board-services.ts';
import { IdeChannel } from './ide-channel.ts';
import type { PioPort } from './pio-port.ts';

/** Registers behind the data register. */
const COMMAND_REGISTERS = 7;
const DATA_SIZES = [1, 2, 4];

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
  const claimData = (pio: PioPort): void => {
    // Writes are posted: whoever wants to know what became of them reads the status, which waits for them.
    const fast = DATA_SIZES.map((size) => ({ offset: 0, size, answer: pio.answer }));
    const handler = {
      read: (_offset: number, size: number) => pio.read(size),
      write: (_offset: number, size: number, value: number) => pio.write(size, value),
    };
    regions.push(ports.claim(command, 1, handler, { name: 'ide-data', posted: true, fast }));
  };
  const channel = new IdeChannel({ number, irq, claimData });
  regions.push(
    ports.claim(command + 1, COMMAND_REGISTERS, channel.commandBlock, { name: 'ide', widest: 1 }),
    ports.claim(control, 1, channel.controlBlock, { name: 'ide-control', widest: 1 }),
  );
  return {
    channel,
    release: () => {
      for (const region of regions) region.remove();
    },
  };
}
