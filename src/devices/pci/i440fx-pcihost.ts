/**
 * The 82441FX (data sheet 290549) as the bridge to PCI bus 0: configuration mechanism 1 at ports CF8H and CFCH (section 3.1),
 * and the bus behind it.
 */
import { type Device, type DeviceState, defineDevice } from '../device-class.ts';
import { stateLike } from '../saved-state.ts';
import { describeSystemDevice } from '../system/describe-system-device.ts';
import type { PciHostPorts } from './chipset-contract.ts';
import { PciBus } from './pci-bus.ts';

const CONFIG_ADDRESS_PORT = 0xcf8;
const CONFIG_DATA_PORT = 0xcfc;
const CONFIG_PORT_BYTES = 4;
/** CONFADD: enable, bus, device and function, register (figure 3-1). */
const CONFIG_ENABLE = 0x80000000;
const CONFIG_ADDRESS_BITS = 0x80fffffc;
const BUS_SHIFT = 16;
const DEVFN_SHIFT = 8;
const NOTHING = 0xffffffff;
const SYSTEM_BUS = 'System';

class PciHost implements Device {
  readonly buses: readonly [PciBus];
  readonly firmwareNode = `pci@i${CONFIG_ADDRESS_PORT.toString(16).padStart(4, '0')}`;
  readonly #bus: PciBus;
  #address = 0;

  constructor(ports: PciHostPorts) {
    this.#bus = new PciBus(ports);
    this.buses = [this.#bus];
    ports.attach(this.#bus);
    ports.ports.claim(
      CONFIG_ADDRESS_PORT,
      CONFIG_PORT_BYTES,
      {
        // Only doublewords reach the register (3.1.1).
        read: (offset, size) => (offset === 0 && size === 4 ? this.#address : NOTHING),
        write: (offset, size, value) => {
          if (offset === 0 && size === 4) this.#address = (value & CONFIG_ADDRESS_BITS) >>> 0;
        },
      },
      { name: 'pci-conf-idx' },
    );
    ports.ports.claim(
      CONFIG_DATA_PORT,
      CONFIG_PORT_BYTES,
      {
        read: (offset, size) =>
          this.#isEnabled ? this.#bus.readConfig(this.#devfn, this.#register + offset, size) : NOTHING,
        write: (offset, size, value) => {
          if (this.#isEnabled) this.#bus.writeConfig(this.#devfn, this.#register + offset, size, value);
        },
      },
      { name: 'pci-conf-data' },
    );
  }

  describe(): readonly string[] {
    return describeSystemDevice(0);
  }

  /** The functions too: RST# reaches all devices on the bus (PCI 3.0, 2.2.1). They come before the devices behind them. */
  reset(): void {
    this.#address = 0;
    this.#bus.reset();
  }

  save(): DeviceState {
    return { address: this.#address, functions: this.#bus.save() };
  }

  restore(state: DeviceState): void {
    this.#address = stateLike({ address: 0 }, state, 'i440FX-pcihost').address;
    this.#bus.restore((state as { functions: DeviceState }).functions);
  }

  /** There is one bus, number 0. */
  get #isEnabled(): boolean {
    return (this.#address & CONFIG_ENABLE) !== 0 && ((this.#address >>> BUS_SHIFT) & 0xff) === 0;
  }

  get #devfn(): number {
    return (this.#address >>> DEVFN_SHIFT) & 0xff;
  }

  get #register(): number {
    return this.#address & 0xfc;
  }
}

export const i440fxPciHost = defineDevice({
  name: 'i440FX-pcihost',
  bus: SYSTEM_BUS,
  hotpluggable: false,
  userCreatable: false,
  properties: {},
  create: (ports: PciHostPorts) => new PciHost(ports),
});
