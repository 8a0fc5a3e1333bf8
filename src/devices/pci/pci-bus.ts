/** A PCI bus behind a host bridge: who sits where, and how their base address registers and interrupts reach the board. */
import { TroupeError } from '../../errors/troupe-error.ts';
import type { BoardServices } from '../board-services.ts';
import type { ChildBus, DeviceState } from '../device-class.ts';
import { DeviceStateError } from '../saved-state.ts';
import type { PciHostPorts } from './chipset-contract.ts';
import { pciNodeName } from './class-names.ts';
import { HEADER_MULTIFUNCTION, HEADER_TYPE } from './config-registers.ts';
import { ConfiguredFunction } from './configured-function.ts';
import { describeFunction } from './describe-function.ts';
import { PCI_BUS, type PciIdentity, type PciPorts } from './pci-contract.ts';

const SLOTS = 32;
const FUNCTIONS = 8;
export const PINS = 4;
const ABSENT = 0xffffffff;
const ANY_DEVFN = -1;

export interface PciPlace {
  /** Slot × 8 + function; -1: the first free slot. */
  readonly devfn: number;
  readonly multifunction: boolean;
  /** The driver, for messages. */
  readonly driver: string;
}

export class PciBus implements ChildBus {
  readonly type = PCI_BUS;
  readonly name = 'pci.0';
  readonly #host: PciHostPorts;
  readonly #claimed = new WeakMap<BoardServices, ConfiguredFunction[]>();
  readonly #functions = new Map<number, ConfiguredFunction>();
  /** How many functions assert each line. */
  readonly #asserted: number[] = Array.from({ length: PINS }, () => 0);

  constructor(host: PciHostPorts) {
    this.#host = host;
  }

  /** What a device gets on this bus: the place that its properties name. Its function is claimed when it asks for it. */
  plug(board: BoardServices, values: Readonly<Record<string, unknown>>, driver: string): PciPorts {
    const { addr, multifunction } = values;
    const place: PciPlace = {
      devfn: typeof addr === 'number' ? addr : ANY_DEVFN,
      multifunction: multifunction === true,
      driver,
    };
    const claimed: ConfiguredFunction[] = [];
    const ports: PciPorts = {
      ...board,
      pci: (identity) => {
        const made = this.claim(identity, place);
        claimed.push(made);
        return made;
      },
    };
    this.#claimed.set(ports, claimed);
    return ports;
  }

  /** What the device that got these ports has claimed. */
  functionsOf(ports: BoardServices): readonly ConfiguredFunction[] {
    return this.#claimed.get(ports) ?? [];
  }

  /** Takes the functions of a device off the bus. */
  unplug(ports: BoardServices): void {
    for (const made of this.functionsOf(ports)) this.release(made);
  }

  describe(ports: BoardServices): readonly string[] {
    return this.functionsOf(ports).flatMap(describeFunction);
  }

  /** The slot and function that it has got. */
  chosen(ports: BoardServices): Readonly<Record<string, unknown>> {
    const [made] = this.functionsOf(ports);
    return made === undefined ? {} : { addr: made.devfn };
  }

  /** By class and place: `ide@1,1` (IEEE 1275 PCI Bus Binding 2.1, 2.2.1). */
  firmwareNode(ports: BoardServices): string {
    const [made] = this.functionsOf(ports);
    if (made === undefined) return 'pci';
    const fn = made.devfn % FUNCTIONS;
    const place = (made.devfn >> 3).toString(16) + (fn === 0 ? '' : `,${fn.toString(16)}`);
    return `${pciNodeName(made.identity)}@${place}`;
  }

  /** In the order of their numbers. */
  functions(): readonly ConfiguredFunction[] {
    return [...this.#functions.values()].sort((a, b) => a.devfn - b.devfn);
  }

  /**
   * Gives a device its place. A function that is not the only one of its slot has to be declared multifunction.
   * @throws TroupeError `ERR_PCI_SLOT` when the place is taken, or there is none
   */
  claim(identity: PciIdentity, place: PciPlace): ConfiguredFunction {
    const devfn = place.devfn < 0 ? this.#freeSlot(place.driver) : place.devfn;
    const present = this.#functions.get(devfn);
    if (present !== undefined) {
      throw new TroupeError(
        'ERR_PCI_SLOT',
        `PCI: slot ${devfn >> 3} function ${devfn & 7} not available for ${place.driver}, in use`,
      );
    }
    const made = new ConfiguredFunction(identity, {
      devfn,
      map: (bar, address) => this.#host.mapBar(bar, address),
      keepRom: (contents) => this.#host.keepRom(contents),
      sendMessage: (address, data) => this.#host.sendMessage(address, data),
      setPin: (pin, asserted) => this.#setPin(devfn, pin, asserted),
    });
    if (place.multifunction) made.config[HEADER_TYPE] = HEADER_MULTIFUNCTION;
    this.#functions.set(devfn, made);
    return made;
  }

  /** Takes a function off the bus. */
  release(made: ConfiguredFunction): void {
    made.remove();
    if (this.#functions.get(made.devfn) === made) this.#functions.delete(made.devfn);
  }

  readConfig(devfn: number, offset: number, size: number): number {
    const target = this.#functions.get(devfn);
    return target === undefined ? ABSENT >>> (32 - size * 8) : target.readConfig(offset, size);
  }

  writeConfig(devfn: number, offset: number, size: number, value: number): void {
    this.#functions.get(devfn)?.writeConfig(offset, size, value);
  }

  reset(): void {
    for (const each of this.functions()) each.reset();
  }

  save(): DeviceState {
    return this.functions().map((each) => ({ devfn: each.devfn, state: each.save() }));
  }

  /** @throws DeviceStateError when the state is of other functions */
  restore(state: DeviceState): void {
    const present = this.functions();
    const saved = state as readonly { readonly devfn: number; readonly state: DeviceState }[];
    if (!Array.isArray(state) || saved.some(({ devfn }, index) => present[index]?.devfn !== devfn)) {
      throw new DeviceStateError('ERR_DEVICE_STATE', 'The saved state is of a PCI bus with other devices');
    }
    present.forEach((each, index) => {
      const entry = saved[index];
      if (entry !== undefined) each.restore(entry.state);
    });
  }

  #freeSlot(driver: string): number {
    for (let slot = 0; slot < SLOTS; slot++) {
      const devfn = slot * FUNCTIONS;
      const isFree = Array.from({ length: FUNCTIONS }, (_, i) => devfn + i).every(
        (each) => !this.#functions.has(each),
      );
      if (isFree) return devfn;
    }
    throw new TroupeError('ERR_PCI_SLOT', `PCI: no slot/function available for ${driver}, all in use`);
  }

  /** Pin p of slot s is line (s - 1 + p) mod 4 (cli.md §5). */
  #setPin(devfn: number, pin: number, asserted: boolean): void {
    const line = ((devfn >> 3) - 1 + pin + PINS) % PINS;
    const before = this.#asserted[line] ?? 0;
    const now = before + (asserted ? 1 : -1);
    this.#asserted[line] = now;
    if (before === 0 || now === 0) this.#host.setPciLine(line, now > 0);
  }
}
