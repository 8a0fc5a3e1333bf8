/**
 * Intel 82441FX (440FX PCIset, data sheet 290549) as a function of its own bus: the memory attribute registers 59H–5FH
 * (section 3.2.17) and the SMRAM control register 72H (3.2.20).
 */
import { type Device, type DeviceState, defineDevice } from '../device-class.ts';
import { type HostBridgePorts, SHADOW_SEGMENTS } from './chipset-contract.ts';
import { PCI_BUS, type PciFunction } from './pci-contract.ts';
import { pciDevice } from './pci-device.ts';

const PAM0 = 0x59;
const PAM_REGISTERS = 7;
/** Each nibble of a PAM register: bit 0 reads, bit 1 writes go to DRAM. PAM0 has only the high one. */
const PAM_READ = 1;
const PAM_WRITE = 2;
const PAM_BITS = 0x33;
const PAM0_BITS = 0x30;

const SMRAM = 0x72;
const SMRAM_RESET = 0x02;
/** D_OPEN, D_CLS, D_LCK, G_SMRARE. */
const SMRAM_OPEN = 0x40;
const SMRAM_CLOSED = 0x20;
const SMRAM_LOCK = 0x10;
const SMRAM_ENABLE = 0x08;

class HostBridge implements Device {
  readonly #ports: HostBridgePorts;
  readonly #function: PciFunction;
  /** The memory attributes before the last reset. */
  readonly #attributes = new Uint8Array(PAM_REGISTERS);

  constructor(ports: HostBridgePorts) {
    this.#ports = ports;
    this.#function = ports.pci({ vendor: 0x8086, device: 0x1237, revision: 2, classCode: 0x060000 });
    const { config, writable } = this.#function;
    config[SMRAM] = SMRAM_RESET;
    writable[PAM0] = PAM0_BITS;
    writable.fill(PAM_BITS, PAM0 + 1, PAM0 + PAM_REGISTERS);
    writable[SMRAM] = SMRAM_OPEN | SMRAM_CLOSED | SMRAM_LOCK | SMRAM_ENABLE;
    this.#function.onConfigWrite((offset, size) => this.#configWritten(offset, size));
    ports.machine.onWakeup(() => this.#keepAttributes());
  }

  reset(): void {
    const { config, writable } = this.#function;
    this.#attributes.set(config.subarray(PAM0, PAM0 + PAM_REGISTERS));
    config.fill(0, PAM0, PAM0 + PAM_REGISTERS);
    config[SMRAM] = SMRAM_RESET;
    writable[SMRAM] = SMRAM_OPEN | SMRAM_CLOSED | SMRAM_LOCK | SMRAM_ENABLE;
    this.#applyShadow();
    this.#applySmram();
  }

  /** A guest that wakes from S3 finds its BIOS where it left it: SeaBIOS resumes from the copy in RAM, which knows of it. */
  #keepAttributes(): void {
    this.#function.config.set(this.#attributes, PAM0);
    this.#applyShadow();
  }

  /** Its registers are configuration space, which the bus saves. */
  save(): DeviceState {
    return {};
  }

  restore(): void {
    this.#lockSmram();
    this.#applyShadow();
    this.#applySmram();
  }

  #configWritten(offset: number, size: number): void {
    if (offset < PAM0 + PAM_REGISTERS && offset + size > PAM0) this.#applyShadow();
    if (offset <= SMRAM && offset + size > SMRAM) {
      this.#lockSmram();
      this.#applySmram();
    }
  }

  #applyShadow(): void {
    const { config } = this.#function;
    for (let segment = 0; segment < SHADOW_SEGMENTS; segment++) {
      // F0000H is PAM0's high nibble; then PAM1's low and high nibbles, and so on.
      const register = config[PAM0 + ((segment + 1) >> 1)] ?? 0;
      const bits = segment % 2 === 0 ? register >> 4 : register;
      this.#ports.shadow.setSegment(segment, (bits & PAM_READ) !== 0, (bits & PAM_WRITE) !== 0);
    }
  }

  /** D_LCK clears D_OPEN, and nothing but a reset changes the register from then on. */
  #lockSmram(): void {
    const { config, writable } = this.#function;
    const value = config[SMRAM] ?? 0;
    if ((value & SMRAM_LOCK) === 0) return;
    config[SMRAM] = value & ~SMRAM_OPEN;
    writable[SMRAM] = 0;
  }

  #applySmram(): void {
    const value = this.#function.config[SMRAM] ?? 0;
    const enabled = (value & SMRAM_ENABLE) !== 0;
    const closed = (value & SMRAM_CLOSED) !== 0;
    this.#ports.shadow.setSmram(enabled && (value & SMRAM_OPEN) !== 0 && !closed, enabled && !closed);
  }
}

export const i440fx = defineDevice<HostBridgePorts, Record<never, never>, (typeof pciDevice)['properties']>({
  name: 'i440FX',
  parent: pciDevice,
  bus: PCI_BUS,
  description: 'Host bridge',
  hotpluggable: false,
  userCreatable: false,
  properties: {},
  create: (ports) => new HostBridge(ports),
});
