/**
 * The IDE function of the Intel 82371SB (PIIX3, data sheet 290550, sections 2.3 and 2.7): two channels at the ports of old, and
 * their bus masters in BAR 4.
 */
import type { Wire } from '../board-services.ts';
import { type Device, type DeviceState, defineDevice } from '../device-class.ts';
import { PCI_BUS, type PciFunction, type PciPorts } from '../pci/pci-contract.ts';
import { pciDevice } from '../pci/pci-device.ts';
import { stateLike } from '../saved-state.ts';
import { BM_COMMAND, BM_STATUS, BM_TABLE, BusMaster } from './bus-master.ts';
import { ideBus } from './ide-contract.ts';
import { type ClaimedChannel, claimChannel } from './ide-port-claims.ts';

/** Controllers at fixed ports raise ISA interrupts. */
export interface PciIdePorts extends PciPorts {
  /** ISA interrupt 0 to 15. */
  irq(line: number): Wire;
}

const PLACES = [
  { number: 0, command: 0x1f0, control: 0x3f6, irq: 14 },
  { number: 1, command: 0x170, control: 0x376, irq: 15 },
];
/** IDE controller with bus masters, both channels at the compatible ports. */
const CLASS_IDE = 0x010180;
const BUS_MASTER_BAR = 4;
const BUS_MASTER_PORTS = 16;
const CHANNEL_PORTS = 8;
/** IDE timing registers: bit 15 enables the decoding of a channel. */
const IDETIM = 0x40;
const IDETIM_HIGH_BYTES = [0x41, 0x43];
const STATUS_HIGH = 0x07;
const STATUS_LOW = 0x06;
const MEDIUM_DEVSEL = 0x02;
const FAST_BACK_TO_BACK = 0x80;
const TIMING_BYTES = 5;

class Piix3Ide implements Device {
  readonly buses;
  readonly #function: PciFunction;
  readonly #channels: readonly ClaimedChannel[];
  readonly #busMasters: readonly BusMaster[];

  constructor(ports: PciIdePorts) {
    this.#function = ports.pci({ vendor: 0x8086, device: 0x7010, classCode: CLASS_IDE });
    this.#function.writable.fill(0xff, IDETIM, IDETIM + TIMING_BYTES);
    this.#channels = PLACES.map(({ irq, ...place }) => claimChannel(ports.ports, place, ports.irq(irq)));
    this.#busMasters = this.#channels.map(({ channel }) => {
      const busMaster = new BusMaster(
        ports.guest,
        () => this.#function.busMaster,
        () => channel.dmaAborted(),
      );
      channel.setBusMaster(busMaster);
      return busMaster;
    });
    this.buses = this.#channels.map(({ channel }) => ideBus(channel, channel.number));
    const handler = {
      read: (offset: number, size: number) => this.#read(offset, size),
      write: (offset: number, size: number, value: number) => this.#write(offset, size, value),
    };
    this.#function.bar(
      BUS_MASTER_BAR,
      { kind: 'io', bytes: BUS_MASTER_PORTS, name: 'piix-bmdma' },
      { handler },
    );
  }

  reset(): void {
    const { config } = this.#function;
    config[STATUS_LOW] = FAST_BACK_TO_BACK;
    config[STATUS_HIGH] = MEDIUM_DEVSEL;
    config.fill(0, IDETIM, IDETIM + TIMING_BYTES);
    // Firmware that does not know the chip finds both channels decoded.
    for (const offset of IDETIM_HIGH_BYTES) config[offset] = 0x80;
    for (const { channel } of this.#channels) channel.reset();
    for (const busMaster of this.#busMasters) busMaster.reset();
  }

  save(): DeviceState {
    return {
      channels: this.#channels.map(({ channel }) => ({ ...channel.save() })),
      busMasters: this.#busMasters.map((busMaster) => ({ ...busMaster.save() })),
    };
  }

  restore(state: DeviceState): void {
    const template = {
      channels: this.#channels.map(({ channel }) => channel.save()),
      busMasters: this.#busMasters.map((busMaster) => busMaster.save()),
    };
    const saved = stateLike(template, state, 'piix3-ide');
    this.#channels.forEach(({ channel }, index) => {
      const own = saved.channels[index];
      if (own !== undefined) channel.restore(own);
    });
    this.#busMasters.forEach((busMaster, index) => {
      const own = saved.busMasters[index];
      if (own !== undefined) busMaster.restore(own);
    });
  }

  unrealize(): void {
    for (const claimed of this.#channels) claimed.release();
  }

  /** Registers are bytes, but for the address of the table. */
  #read(offset: number, size: number): number {
    const busMaster = this.#busMasters[Math.floor(offset / CHANNEL_PORTS)];
    const register = offset % CHANNEL_PORTS;
    if (busMaster === undefined) {
      return 0;
    }
    if (register >= BM_TABLE) {
      return shifted(busMaster.readTable(), register - BM_TABLE, size);
    }
    const low = busMaster.readCommand() | (busMaster.readStatus() << (BM_STATUS * 8));
    return shifted(low >>> 0, register, size);
  }

  #write(offset: number, size: number, value: number): void {
    const busMaster = this.#busMasters[Math.floor(offset / CHANNEL_PORTS)];
    const register = offset % CHANNEL_PORTS;
    if (busMaster === undefined) {
      return;
    }
    if (register >= BM_TABLE) {
      const shift = (register - BM_TABLE) * 8;
      const mask = (size === 4 ? 0xffffffff : 2 ** (size * 8) - 1) << shift;
      busMaster.writeTable((busMaster.readTable() & ~mask) | ((value << shift) & mask));
      return;
    }
    for (let index = 0; index < size; index++) {
      const byte = (value >>> (index * 8)) & 0xff;
      if (register + index === BM_STATUS) busMaster.writeStatus(byte);
      if (register + index === BM_COMMAND) busMaster.writeCommand(byte);
    }
  }
}

/** `size` bytes of a doubleword from byte `from` on. */
function shifted(value: number, from: number, size: number): number {
  const rest = value >>> (from * 8);
  return size === 4 ? rest : rest & (2 ** (size * 8) - 1);
}

export const piix3Ide = defineDevice<PciIdePorts, Record<never, never>, (typeof pciDevice)['properties']>({
  name: 'piix3-ide',
  parent: pciDevice,
  bus: PCI_BUS,
  description: 'IDE controller',
  hotpluggable: false,
  userCreatable: false,
  properties: {},
  create: (ports) => new Piix3Ide(ports),
});
