/**
 * Intel 82371SB (PIIX3, data sheet 290550), function 0: the ISA bridge. PIRQ route control 60H–63H (section 2.2.6) and the
 * reset control register at port CF9H (2.5.8.3). Its timers, interrupt and DMA controllers are devices of their own.
 */
import type { Wire } from '../board-services.ts';
import { type ChildBus, type Device, type DeviceState, defineDevice } from '../device-class.ts';
import { isaBus } from '../isa/isa-bus.ts';
import { stateLike } from '../saved-state.ts';
import type { IsaBridgePorts } from './chipset-contract.ts';
import { PCI_BUS, type PciFunction } from './pci-contract.ts';
import { pciDevice } from './pci-device.ts';

const PIRQ_ROUTE = 0x60;
const PIRQS = 4;
const PIRQ_DISABLED = 0x80;
const PIRQ_LINE = 0x0f;
const ISA_LINES = 16;

/** Registers with a value after a reset (section 2.2). */
const RESET_VALUES: readonly (readonly [offset: number, value: number])[] = [
  // Status: medium DEVSEL# timing.
  [0x07, 0x02],
  // ISA I/O recovery timer, X-bus chip select.
  [0x4c, 0x4d],
  [0x4e, 0x03],
  [0x60, PIRQ_DISABLED],
  [0x61, PIRQ_DISABLED],
  [0x62, PIRQ_DISABLED],
  [0x63, PIRQ_DISABLED],
  // Top of memory.
  [0x69, 0x02],
  // Motherboard device IRQ and DMA control.
  [0x70, 0x80],
  [0x76, 0x0c],
  [0x77, 0x0c],
  // Programmable chip select.
  [0x78, 0x02],
  // SMI control, APM.
  [0xa0, 0x08],
  [0xa8, 0x0f],
];
/** Device-specific registers, which the guest may write as it likes. */
const FIRST_OWN_REGISTER = 0x4c;

const RESET_CONTROL_PORT = 0xcf9;
/** RCPU: a change from 0 to 1 resets; SRST says whether it is a hard reset. */
const RESET_CPU = 0x04;
const RESET_BITS = 0x06;
const CLASS_ISA_BRIDGE = 0x060100;

class IsaBridge implements Device {
  readonly buses: readonly ChildBus[];
  readonly #ports: IsaBridgePorts;
  readonly #function: PciFunction;
  readonly #levels: boolean[] = Array.from({ length: PIRQS }, () => false);
  readonly #wires: readonly Wire[];
  #resetControl = 0;

  constructor(ports: IsaBridgePorts) {
    this.#ports = ports;
    this.buses = [isaBus(ports)];
    this.#wires = Array.from({ length: ISA_LINES }, (_, line) => ports.irq(line));
    this.#function = ports.pci({ vendor: 0x8086, device: 0x7000, classCode: CLASS_ISA_BRIDGE });
    this.#function.writable.fill(0xff, FIRST_OWN_REGISTER);
    this.#function.onConfigWrite((offset, size) => {
      if (offset < PIRQ_ROUTE + PIRQS && offset + size > PIRQ_ROUTE) this.#route();
    });
    ports.onPciLine((line, asserted) => {
      this.#levels[line] = asserted;
      this.#route();
    });
    ports.ports.claim(
      RESET_CONTROL_PORT,
      1,
      {
        read: () => this.#resetControl,
        write: (_offset, _size, value) => this.#writeResetControl(value),
      },
      { name: 'piix3-reset-control', widest: 1 },
    );
  }

  reset(): void {
    const { config } = this.#function;
    config.fill(0, FIRST_OWN_REGISTER);
    for (const [offset, value] of RESET_VALUES) config[offset] = value;
    this.#resetControl = 0;
    this.#route();
  }

  save(): DeviceState {
    return { resetControl: this.#resetControl, levels: [...this.#levels] };
  }

  restore(state: DeviceState): void {
    const saved = stateLike({ resetControl: 0, levels: this.#levels }, state, 'PIIX3');
    this.#resetControl = saved.resetControl;
    saved.levels.forEach((level, line) => {
      this.#levels[line] = level;
    });
    this.#route();
  }

  /** Several PCI lines may share an ISA one. */
  #route(): void {
    for (let irq = 0; irq < ISA_LINES; irq++) {
      const asserted = this.#levels.some((level, line) => level && this.#target(line) === irq);
      this.#wires[irq]?.set(asserted);
    }
  }

  #target(line: number): number | undefined {
    const route = this.#function.config[PIRQ_ROUTE + line] ?? 0;
    return (route & PIRQ_DISABLED) === 0 ? route & PIRQ_LINE : undefined;
  }

  #writeResetControl(value: number): void {
    const rises = (value & RESET_CPU) !== 0 && (this.#resetControl & RESET_CPU) === 0;
    this.#resetControl = value & RESET_BITS;
    if (rises) this.#ports.machine.requestReset();
  }
}

export const piix3 = defineDevice<IsaBridgePorts, Record<never, never>, (typeof pciDevice)['properties']>({
  name: 'PIIX3',
  parent: pciDevice,
  bus: PCI_BUS,
  description: 'ISA bridge',
  hotpluggable: false,
  userCreatable: false,
  properties: {},
  create: (ports) => new IsaBridge(ports),
});
