/**
 * Intel 82371AB (PIIX4, data sheet 290562), function 3: power management. ACPI fixed hardware at PMBASE, SMBus at SMBBA, the APM
 * ports B2H and B3H; GPE0 and hot-plug registers are where this machine's firmware looks for them.
 */
import type { Region, Wire } from '../board-services.ts';
import { type Device, type DeviceState, defineDevice, property } from '../device-class.ts';
import { hex32, uint8 } from '../property-types.ts';
import { stateLike } from '../saved-state.ts';
import { AcpiHotplug } from './acpi-hotplug.ts';
import { AcpiPm1, PM_TIMER, PM_TIMER_BITS, PM_TIMER_HZ, PWRBTN_STS, RTC_STS, TMR_STS } from './acpi-pm1.ts';
import { PCI_BUS, type PciFunction, type PciPorts } from './pci-contract.ts';
import { pciDevice } from './pci-device.ts';
import { SMBUS_BYTES, SmbusHost } from './smbus-host.ts';

export interface Piix4PmPorts extends PciPorts {
  /** The system control interrupt: ISA interrupt 9. */
  readonly sci: Wire;
  /** Indices of the vCPUs that are there from the beginning. */
  readonly cpus: readonly number[];
  /** PCI slots whose devices may be taken out, bit n is slot n. */
  removableSlots(): number;
  /** The guest lets go of PCI slots: bit n is slot n. */
  ejectSlots(slots: number): void;
  /** The guest goes into S3: CMOS 0FH becomes FEH, so that the firmware resumes it after the reset. */
  noteSuspend(): void;
  /** Hands out the device. */
  attach(pm: Piix4Pm): void;
}

/** Configuration registers (section 7.1). */
const PMBASE = 0x40;
const PMBASE_BITS = 0xffc0;
const DEVACTB_APMC_EN_BYTE = 0x5b;
const DEVACTB_APMC_EN = 0x02;
const PMREGMISC = 0x80;
const PMIOSE = 0x01;
const SMBBA = 0x90;
const SMBBA_BITS = 0xfff0;
const SMBHSTCFG = 0xd2;
const SMB_HST_EN = 0x01;
const STATUS_HIGH = 0x07;
const IO_SPACE = 0x01;

/** Registers with a value after a reset, and what the guest may write where. */
const RESET_VALUES: readonly (readonly [offset: number, value: number])[] = [
  [0x06, 0x80],
  [STATUS_HIGH, 0x02],
  // Which legacy ports are there (device resources).
  [0x5f, 0x10],
  [0x63, 0x60],
  [SMBHSTCFG, 0x09],
];
const WRITABLE: readonly (readonly [offset: number, mask: number])[] = [
  [PMBASE, PMBASE_BITS & 0xff],
  [PMBASE + 1, 0xff],
  [PMREGMISC, PMIOSE],
  [SMBBA, SMBBA_BITS & 0xff],
  [SMBBA + 1, 0xff],
  [SMBHSTCFG, 0x0f],
];
/** Device activity and resources: plain bits to this model. */
const FIRST_PLAIN = 0x44;
const LAST_PLAIN = 0x7f;

const PM_BYTES = 64;
const APM_CONTROL = 0xb2;
const APM_BYTES = 2;
const APM_ACPI_ENABLE = 0xf1;
const APM_ACPI_DISABLE = 0xf0;

/** Values of SLP_TYP (behaviour.md §1); S4's is a property. */
const SLEEP_SOFT_OFF = 0;
const SLEEP_SUSPEND = 1;
const SYSTEM_STATES_FILE = 'etc/system-states';
const STATE_SUPPORTED = 0x80;

export class Piix4Pm implements Device {
  readonly #ports: Piix4PmPorts;
  readonly #function: PciFunction;
  readonly #values: { disable_s3: number; disable_s4: number; s4_val: number; smb_io_base: number };
  readonly #pm1: AcpiPm1;
  readonly #hotplug: AcpiHotplug;
  readonly #smbus = new SmbusHost();
  readonly #apm = new Uint8Array(APM_BYTES);
  readonly #apmRegion: Region;
  #pmRegion: { readonly base: number; readonly region: Region } | undefined;
  #smbusRegion: { readonly base: number; readonly region: Region } | undefined;

  constructor(
    ports: Piix4PmPorts,
    values: { disable_s3: number; disable_s4: number; s4_val: number; smb_io_base: number },
  ) {
    this.#ports = ports;
    this.#values = values;
    this.#function = ports.pci({
      vendor: 0x8086,
      device: 0x7113,
      revision: 3,
      classCode: 0x068000,
      interruptPin: 1,
    });
    const { writable } = this.#function;
    writable.fill(0xff, FIRST_PLAIN, LAST_PLAIN + 1);
    for (const [offset, mask] of WRITABLE) writable[offset] = mask;
    this.#function.onConfigWrite(() => this.#map());
    const changed = () => this.#updateSci();
    this.#pm1 = new AcpiPm1({
      clock: ports.clocks.virtual,
      changed,
      sleep: (type) => this.#sleep(type),
    });
    this.#hotplug = new AcpiHotplug({
      ports: ports.ports,
      cpus: ports.cpus,
      removableSlots: () => ports.removableSlots(),
      ejectSlots: (slots) => ports.ejectSlots(slots),
      changed,
    });
    this.#apmRegion = ports.ports.claim(
      APM_CONTROL,
      APM_BYTES,
      {
        read: (offset) => this.#apm[offset] ?? 0,
        write: (offset, _size, value) => this.#writeApm(offset, value),
      },
      { name: 'apm', widest: 1 },
    );
    ports.machine.onPowerButton(() => this.#pm1.raise(PWRBTN_STS));
    ports.machine.onWakeup((cause) => this.#woken(cause));
    ports.firmwareItems.file(SYSTEM_STATES_FILE, this.#systemStates());
    ports.attach(this);
  }

  /** PCI slots, by number, that get or lose devices while the machine runs. */
  slotAdded(slot: number): void {
    this.#hotplug.slotAdded(slot);
  }

  requestRemoval(slot: number): void {
    this.#hotplug.requestRemoval(slot);
  }

  slotRemoved(slot: number): void {
    this.#hotplug.slotRemoved(slot);
  }

  cpuAdded(index: number): void {
    this.#hotplug.cpuAdded(index);
  }

  /** The real-time clock's alarm: a fixed event, and a wake event where the guest asked for it. */
  rtcAlarm(): void {
    this.#pm1.raise(RTC_STS);
    if (this.#pm1.isEnabled(RTC_STS)) this.#ports.machine.wakeup('rtc');
  }

  reset(): void {
    const { config } = this.#function;
    config.fill(0, PMBASE);
    for (const [offset, value] of RESET_VALUES) config[offset] = value;
    config[PMBASE] = IO_SPACE;
    const { smb_io_base: smbus } = this.#values;
    config[SMBBA] = (smbus & SMBBA_BITS & 0xff) | IO_SPACE;
    config[SMBBA + 1] = smbus >> 8;
    this.#apm.fill(0);
    this.#smbus.reset();
    this.#pm1.reset();
    this.#hotplug.reset();
    this.#map();
  }

  save(): DeviceState {
    return {
      apm: this.#apm.slice(),
      pm1: this.#pm1.save(),
      hotplug: this.#hotplug.save(),
      smbus: this.#smbus.save(),
    };
  }

  restore(state: DeviceState): void {
    const saved = stateLike(
      { apm: this.#apm, pm1: this.#pm1.save(), hotplug: this.#hotplug.save(), smbus: this.#smbus.save() },
      state,
      piix4Pm.name,
    );
    this.#apm.set(saved.apm);
    this.#pm1.restore(saved.pm1);
    this.#hotplug.restore(saved.hotplug);
    this.#smbus.restore(saved.smbus);
    this.#map();
  }

  unrealize(): void {
    this.#pm1.stop();
    this.#hotplug.remove();
    this.#apmRegion.remove();
    this.#pmRegion?.region.remove();
    this.#smbusRegion?.region.remove();
  }

  /** Moves the port blocks to where the configuration space says. */
  #map(): void {
    const { config } = this.#function;
    const word = (offset: number): number => (config[offset] ?? 0) | ((config[offset + 1] ?? 0) << 8);
    const pmEnabled = ((config[PMREGMISC] ?? 0) & PMIOSE) !== 0;
    this.#pmRegion = this.#place(this.#pmRegion, pmEnabled ? word(PMBASE) & PMBASE_BITS : 0, (base) =>
      this.#claimPm(base),
    );
    const smbusEnabled = ((config[SMBHSTCFG] ?? 0) & SMB_HST_EN) !== 0;
    this.#smbusRegion = this.#place(this.#smbusRegion, smbusEnabled ? word(SMBBA) & SMBBA_BITS : 0, (base) =>
      this.#ports.ports.claim(base, SMBUS_BYTES, this.#smbus, { name: 'pm-smbus', widest: 1 }),
    );
  }

  /** Base 0 is nowhere. */
  #place(
    present: { readonly base: number; readonly region: Region } | undefined,
    base: number,
    claim: (base: number) => Region,
  ): { readonly base: number; readonly region: Region } | undefined {
    if (present?.base === base) return present;
    present?.region.remove();
    return base === 0 ? undefined : { base, region: claim(base) };
  }

  #claimPm(base: number): Region {
    return this.#ports.ports.claim(
      base,
      PM_BYTES,
      {
        read: (offset, size) => this.#readPm(offset, size),
        write: (offset, size, value) => this.#writePm(offset, size, value),
      },
      {
        name: 'piix4-pm',
        narrowest: 2,
        fast: [
          {
            offset: PM_TIMER,
            size: 4,
            answer: { kind: 'counter', hz: PM_TIMER_HZ, bits: PM_TIMER_BITS },
          },
        ],
      },
    );
  }

  #readPm(offset: number, size: number): number {
    if (offset === PM_TIMER) return size === 4 ? this.#pm1.timer : this.#pm1.timer & 0xffff;
    if (offset === PM_TIMER + 2) return this.#pm1.timer >>> 16;
    const low = this.#pm1.read(offset);
    return size === 4 ? low + this.#pm1.read(offset + 2) * 0x10000 : low;
  }

  #writePm(offset: number, size: number, value: number): void {
    this.#pm1.write(offset, value & 0xffff);
    if (size === 4) this.#pm1.write(offset + 2, value >>> 16);
  }

  /** ACPI's way in and out of its mode goes through the APM control port (FADT: SMI_CMD). */
  #writeApm(offset: number, value: number): void {
    this.#apm[offset] = value;
    if (offset !== 0) return;
    if (value === APM_ACPI_ENABLE) this.#pm1.setAcpiMode(true);
    else if (value === APM_ACPI_DISABLE) this.#pm1.setAcpiMode(false);
    const enables = this.#function.config[DEVACTB_APMC_EN_BYTE] ?? 0;
    if ((enables & DEVACTB_APMC_EN) !== 0) this.#ports.machine.raiseSmi();
  }

  #updateSci(): void {
    this.#ports.sci.set(this.#pm1.isPending || this.#hotplug.isPending);
  }

  #sleep(type: number): void {
    const { machine } = this.#ports;
    if (type === SLEEP_SOFT_OFF) machine.guestSoftOff();
    else if (type === SLEEP_SUSPEND && this.#values.disable_s3 === 0) {
      this.#ports.noteSuspend();
      machine.guestSuspend();
    } else if (type === this.#values.s4_val && this.#values.disable_s4 === 0) machine.guestSuspendToDisk();
  }

  #woken(cause: 'other' | 'rtc' | 'pm-timer'): void {
    const events = { other: PWRBTN_STS, rtc: RTC_STS, 'pm-timer': TMR_STS } as const;
    this.#pm1.woken(events[cause]);
  }

  /** One byte a state from S0 on: bit 7 supported, low bits SLP_TYP. */
  #systemStates(): Uint8Array {
    const { disable_s3: noS3, disable_s4: noS4, s4_val: s4 } = this.#values;
    const state = (type: number, disabled: number): number => type | (disabled === 0 ? STATE_SUPPORTED : 0);
    return Uint8Array.of(STATE_SUPPORTED, 0, 0, state(SLEEP_SUSPEND, noS3), state(s4, noS4), STATE_SUPPORTED);
  }
}

export const piix4Pm = defineDevice({
  name: 'PIIX4_PM',
  parent: pciDevice,
  bus: PCI_BUS,
  description: 'PM',
  hotpluggable: false,
  userCreatable: false,
  properties: {
    smb_io_base: property(hex32, 0, 'ports of the SMBus host controller'),
    disable_s3: property(uint8, 0, 'the guest is not told of suspend to RAM'),
    disable_s4: property(uint8, 0, 'the guest is not told of suspend to disk'),
    s4_val: property(uint8, 2, 'sleep type of suspend to disk'),
  },
  create: (ports: Piix4PmPorts, values) => new Piix4Pm(ports, values),
});
