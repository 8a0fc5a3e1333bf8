/** The boards of PCs: memory map, devices, firmware. Everything here runs on the machine's thread. */

import type { BlockBackend } from '../../devices/block-backend.ts';
import type { BoardServices, DeviceClocks, Region, Wire } from '../../devices/board-services.ts';
import type { CharacterPort } from '../../devices/character-port.ts';
import type { Device, DeviceState } from '../../devices/device-class.ts';
import { DEVICE_CLASSES } from '../../devices/device-table.ts';
import type { DisplayAdapter } from '../../devices/display/display-contract.ts';
import { InputRegistry } from '../../devices/input-hub.ts';
import { cmosContents } from '../../devices/isa/cmos-contents.ts';
import type { I8042Ports } from '../../devices/isa/i8042.ts';
import type { I8237Ports } from '../../devices/isa/i8237.ts';
import type { I8254 } from '../../devices/isa/i8254.ts';
import type { IsaBusHost } from '../../devices/isa/isa-bus.ts';
import type { IsaPorts } from '../../devices/isa/isa-contract.ts';
import type { Mc146818, Mc146818Ports } from '../../devices/isa/mc146818rtc.ts';
import type { VmmousePorts } from '../../devices/isa/vmmouse.ts';
import type { VmportCommands, VmportPorts } from '../../devices/isa/vmport.ts';
import type { BaseAddress } from '../../devices/pci/base-address.ts';
import type { HostBridgePorts, IsaBridgePorts, PciHostPorts } from '../../devices/pci/chipset-contract.ts';
import type { PciBus } from '../../devices/pci/pci-bus.ts';
import type { PciPorts } from '../../devices/pci/pci-contract.ts';
import type { Piix4Pm, Piix4PmPorts } from '../../devices/pci/piix4-pm.ts';
import { FirmwareItemStore } from '../../devices/system/firmware-item-store.ts';
import type { Balloon } from '../../devices/virtio/balloon-contract.ts';
import { virtioPci } from '../../devices/virtio/virtio-pci.ts';
import { TroupeError } from '../../errors/troupe-error.ts';
import {
  MAILBOX_EOI,
  MAILBOX_FLOATING_POINT_ERROR,
  MAILBOX_MMIO_READ,
  MAILBOX_MMIO_WRITE,
  MAILBOX_PIC_ACKNOWLEDGE,
  MAILBOX_PORT_IN,
  MAILBOX_PORT_OUT,
  PAGE_SIZE,
} from '../../memory/layout.ts';
import type { MailboxRequest } from '../../memory/mailbox.ts';
import { firmwareDrives } from '../drives/firmware-drives.ts';
import type { Firmware, StartCause } from '../firmware/firmware-contract.ts';
import type { MachineConfig } from '../machine-config.ts';
import type { MachinePower, ResetCause } from '../machine-power.ts';
import { DeviceObject } from '../qom/device-object.ts';
import type { MachineTree } from '../qom/machine-tree.ts';
import type { QomObject } from '../qom/qom-object.ts';
import type { TypeRegistry } from '../qom/type-registry.ts';
import type { EmitQmpEvent } from '../run-control.ts';
import { DeviceError, DeviceFactory, registerDeviceClasses } from './device-factory.ts';
import { DmaRelay } from './dma-relay.ts';
import { FloatingPointErrors } from './floating-point-error.ts';
import type { Hardware } from './hardware.ts';
import type { LineTap } from './interrupt-wiring.ts';
import { addMemoryMap, type RamLayout } from './memory-map.ts';
import { PRIORITY } from './memory-space.ts';
import { optionDevices } from './option-devices.ts';
import { OutputTaps } from './output-taps.ts';
import { boardDevices } from './pc-devices.ts';
import { platformOf } from './platform.ts';
import { Requester } from './requester.ts';
import { rtcSource } from './rtc-source.ts';
import type { ShadowMemory } from './shadow-memory.ts';
import { BoardSignals } from './signals.ts';
import { userDevices } from './user-devices.ts';
import { UserObjects } from './user-objects.ts';

const TWO_32 = 2 ** 32;
const SCI_IRQ = 9;
const VIRTIO_PCI = virtioPci.name;
/** CMOS shutdown status: the firmware wakes a guest from S3 after the reset. */
const CMOS_SHUTDOWN_STATUS = 0x0f;
const CMOS_RESUME = 0xfe;
/** CMOS byte with the number of processors less one. */
const CMOS_LAST_CPU = 0x5f;

export interface PcBoardOptions {
  readonly config: MachineConfig;
  readonly hardware: Hardware;
  readonly firmware: Firmware;
  readonly ram: RamLayout;
  readonly power: MachinePower;
  readonly types: TypeRegistry;
  readonly tree: MachineTree;
  readonly emit: EmitQmpEvent;
  readonly exit: (status: number) => void;
  readonly character: (label: string) => CharacterPort;
  readonly drive: (id: string) => BlockBackend;
  /** Bytes of the medium in the drive with that id; undefined for none. */
  readonly mediumBytes: (id: string) => number | undefined;
  readonly firmwareFile: (name: string) => Uint8Array | undefined;
  /** Whether the guest takes input. */
  readonly isListening: () => boolean;
}

export class PcBoard {
  readonly factory: DeviceFactory;
  readonly input: InputRegistry;
  readonly displays: DisplayAdapter[] = [];
  readonly #options: PcBoardOptions;
  readonly #hardware: Hardware;
  readonly #signals: BoardSignals;
  readonly #firmwareItems = new FirmwareItemStore();
  readonly #objects: UserObjects;
  readonly #dma = new DmaRelay();
  readonly #outputs = new OutputTaps();
  readonly #requester: Requester;
  readonly #services: BoardServices;
  readonly #shadow: ShadowMemory;
  readonly #floatingPoint: FloatingPointErrors;
  readonly #pciListeners: ((line: number, asserted: boolean) => void)[] = [];
  readonly #nextPort = { serial: 0, parallel: 0 };
  #nextIdeBus = 0;
  #pciBus: PciBus | undefined;
  /** ISA devices whose interrupts go through the HPET, not over the bus. */
  readonly #offTheBus = new WeakSet<BoardServices>();
  #timer: I8254 | undefined;
  #mouse: { nudge(): void } | undefined;
  #vmport: VmportCommands | undefined;
  #rtc: Mc146818 | undefined;
  #pm: Piix4Pm | undefined;
  #balloon: Balloon | undefined;
  #hasStarted = false;

  /** Builds everything. Throws what a device or the firmware throws. */
  constructor(options: PcBoardOptions) {
    const { config, hardware, power, emit, exit, types, tree, firmware, ram } = options;
    this.#options = options;
    this.#hardware = hardware;
    this.#requester = new Requester(hardware.memory);
    this.#signals = new BoardSignals({ power, hardware, emit, exit });
    this.input = new InputRegistry(options.isListening);
    this.#services = this.#makeServices();
    this.#shadow = addMemoryMap(hardware, ram, firmware.bios);
    this.#floatingPoint = new FloatingPointErrors(this.#isaPorts(this.#services, ''));
    registerDeviceClasses(types, DEVICE_CLASSES);
    this.factory = new DeviceFactory({
      types,
      tree,
      services: this.#services,
      extend: (driver, ports) => this.#extend(driver, ports),
      globals: globalsOf(config),
    });
    this.#objects = new UserObjects(config, types, tree);
    for (const { driver, values = {}, bus, path } of boardDevices(config)) {
      if (!this.factory.knows(driver)) continue;
      this.factory.create({
        driver,
        values,
        ...(bus === undefined ? {} : { bus: this.factory.findBus(bus) }),
        ...(path === undefined ? {} : { place: placeOf(tree, path) }),
      });
    }
    userDevices(config.sections, this.factory);
    userDevices(optionDevices(config), this.factory);
    firmware.registerItems(this.#firmwareItems, platformOf(this));
    hardware.publishRegions();
  }

  get hardware(): Hardware {
    return this.#hardware;
  }

  get pciBus(): PciBus | undefined {
    return this.#pciBus;
  }

  get rtc(): Mc146818 | undefined {
    return this.#rtc;
  }

  get pm(): Piix4Pm | undefined {
    return this.#pm;
  }

  get balloon(): Balloon | undefined {
    return this.#balloon;
  }

  /** ROMs that the guest finds: those of the firmware's files, and the BIOS at the end of the first 4 GiB. */
  get roms(): {
    readonly files: FirmwareItemStore['sizes'];
    readonly bios: string;
    readonly biosBytes: number;
  } {
    const { bios, biosName } = this.#options.firmware;
    const files = this.#firmwareItems.sizes.filter(([name]) => /^(?:gen|vga)roms\//.test(name));
    return { files, bios: biosName, biosBytes: bios.length };
  }

  get clocks(): DeviceClocks {
    return this.#services.clocks;
  }

  /** Answers a request of the vCPU with that number. */
  serve(cpu: number, request: MailboxRequest): number {
    this.#requester.cpu = cpu;
    const answer = this.#serve(request);
    this.#requester.cpu = undefined;
    return answer;
  }

  #serve({ kind, size, low, high, value }: MailboxRequest): number {
    const { ports, space, wiring } = this.#hardware;
    switch (kind) {
      case MAILBOX_PORT_IN:
        return ports.read(low, size);
      case MAILBOX_PORT_OUT:
        ports.write(low, size, value);
        return 0;
      case MAILBOX_MMIO_READ:
        return space.read(high * TWO_32 + low, size);
      case MAILBOX_MMIO_WRITE:
        space.write(high * TWO_32 + low, size, value);
        return 0;
      case MAILBOX_PIC_ACKNOWLEDGE:
        return wiring.acknowledge();
      case MAILBOX_EOI:
        wiring.endOfInterrupt(value);
        return 0;
      case MAILBOX_FLOATING_POINT_ERROR:
        return this.#floatingPoint.drive(value !== 0) ? 1 : 0;
      default:
        return 0;
    }
  }

  /** Everything but the vCPUs back to power-on, and the firmware in its place. The vCPUs stand still. */
  reset(cause: ResetCause): void {
    this.#hardware.setA20(true);
    this.#floatingPoint.reset();
    if (this.#options.config.machine === 'isapc') {
      this.#hardware.guest.noteWrite([this.#shadow.showAsRam()]);
    }
    for (const device of this.factory.devices()) device.reset();
    if (cause === 'wakeup') this.#signals.announceWakeup();
    this.#options.firmware.prepare(platformOf(this), this.#startCause(cause));
  }

  /** State of every device, in the order in which they were made. */
  save(): readonly DeviceState[] {
    return this.#stateful().map((device) => device.save());
  }

  restore(states: readonly DeviceState[]): void {
    this.#stateful().forEach((device, index) => {
      const state = states[index];
      if (state !== undefined) device.restore(state);
    });
  }

  #stateful(): readonly Device[] {
    return [this.#floatingPoint, ...this.factory.devices()];
  }

  #startCause(cause: ResetCause): StartCause {
    if (cause === 'wakeup') return 'resume';
    const isFirst = !this.#hasStarted;
    this.#hasStarted = true;
    return isFirst ? 'power-on' : 'reset';
  }

  #makeServices(): BoardServices {
    const { character, drive, firmwareFile } = this.#options;
    const hardware = this.#hardware;
    return {
      ports: hardware.ports,
      memory: hardware.space,
      guest: hardware.guest,
      clocks: hardware.timers,
      machine: this.#signals.signals,
      sendMessage: (address, data) => hardware.interrupts.writeMessage(address, data),
      sharedWords: (count) => {
        const { host } = hardware.words.allocate(count * 4, 8);
        return { host, words: new Int32Array(hardware.memory.buffer, host, count) };
      },
      videoMemory: (bytes) => hardware.videoMemory(bytes),
      mapVideoMemory: (first, bytes, host) =>
        hardware.space.back(first, bytes, host, {
          name: 'video-memory',
          type: 'video',
          priority: PRIORITY.device,
        }),
      takeVideoDirty: (host, bytes) => hardware.takeVideoDirty(host, bytes),
      character,
      drive,
      firmwareFile,
      firmwareItems: this.#firmwareItems,
      input: this.input,
      display: { add: (adapter) => this.displays.push(adapter) },
    };
  }

  #isaPorts(board: BoardServices, driver: string): IsaPorts {
    const { wiring } = this.#hardware;
    const isReplaceable = driver === 'isa-pit' || driver === 'mc146818rtc';
    const ports: IsaPorts = this.#outputs.wrap({
      ...board,
      irq: (line) => (isReplaceable ? wiring.replaceableIrq(line) : wiring.irq(line)),
      dma: (channel) => this.#dma.channel(channel),
    });
    if (driver === 'isa-pit' || (driver === 'mc146818rtc' && this.#hasHpet)) this.#offTheBus.add(ports);
    return ports;
  }

  get #hasHpet(): boolean {
    const { machine, board } = this.#options.config;
    return machine !== 'isapc' && board.hpet;
  }

  #isaHost(): IsaBusHost {
    return {
      isaPorts: (board, driver) => this.#isaPorts(board, driver),
      isaLines: (ports) => (this.#offTheBus.has(ports) ? [] : this.#outputs.linesOf(ports)),
    };
  }

  /**
   * From now on a device's interrupt inputs or outputs are told to `changed` and have no other effect (qtest). Nothing is
   * told of a device that has none.
   * @throws QomError or DeviceError when there is no such device
   */
  intercept(direction: 'in' | 'out', path: string, changed: LineTap): void {
    const object = this.#options.tree.tree.resolve(path);
    const { wiring } = this.#hardware;
    if (direction === 'in' && object.typeName === 'ioapic') {
      wiring.tapIoapic(changed);
    } else if (direction === 'in' && object.typeName === 'isa-i8259') {
      wiring.tapPics(changed);
    } else if (!(object instanceof DeviceObject)) {
      throw new DeviceError('ERR_DEVICE_LINES', `${object.path} is no device: it is a ${object.typeName}`);
    } else if (direction === 'out') {
      this.#outputs.tap(this.factory.portsOf(object), changed);
    }
  }

  #mapBar({ bytes, backing, name, kind }: BaseAddress, address: number): Region {
    const { ports, space } = this.#hardware;
    if ('handler' in backing) {
      const { handler, posted = false, widest = 4 } = backing;
      const options = { name, posted, widest };
      return kind === 'io'
        ? ports.claim(address, bytes, handler, options)
        : space.claim(address, bytes, handler, options, PRIORITY.pciBar);
    }
    return space.back(address, bytes, backing.host, { name, type: backing.type, priority: PRIORITY.pciBar });
  }

  #setPciLine(line: number, asserted: boolean): void {
    for (const listener of this.#pciListeners) listener(line, asserted);
  }

  /** What single classes of device need beyond what their bus gives. */
  #extend(driver: string, ports: BoardServices): BoardServices {
    const extension = this.#extensions[driver];
    return extension === undefined ? ports : { ...ports, ...extension() };
  }

  readonly #extensions: Readonly<Record<string, () => object>> = {
    'i440FX-pcihost': (): Omit<PciHostPorts, keyof BoardServices> => ({
      mapBar: (bar, address) => this.#mapBar(bar, address),
      keepRom: (contents) => {
        const bytes = 2 ** Math.ceil(Math.log2(Math.max(PAGE_SIZE, contents.length)));
        const { host, view } = this.#hardware.roms.allocate(bytes, PAGE_SIZE);
        view.set(contents);
        return host;
      },
      setPciLine: (line, asserted) => this.#setPciLine(line, asserted),
      attach: (bus) => {
        this.#pciBus = bus;
      },
    }),
    i440FX: (): Pick<HostBridgePorts, 'shadow'> => ({ shadow: this.#shadow }),
    PIIX3: (): Pick<IsaBridgePorts, 'irq' | 'onPciLine' | keyof IsaBusHost> => ({
      ...this.#isaHost(),
      irq: (line) => this.#hardware.wiring.irq(line),
      onPciLine: (changed) => this.#pciListeners.push(changed),
    }),
    'isabus-bridge': () => this.#isaHost(),
    'isa-ide': () => ({ nextIdeBus: () => this.#nextIdeBus++ }),
    'isa-i8259': () => ({
      intr: this.#hardware.wiring.picOutput(),
      attach: this.#hardware.wiring.attachPic.bind(this.#hardware.wiring),
      slave: () => this.#hardware.wiring.slavePic(),
    }),
    mc146818rtc: (): Omit<Mc146818Ports, keyof IsaPorts> => ({
      rtc: rtcSource(this.#options.config.board.rtc, this.#services.clocks),
      cmos: this.#cmos(),
      behindHpet: this.#hasHpet,
      alarm: () => this.#pm?.rtcAlarm(),
      attach: (rtc) => {
        this.#rtc = rtc;
      },
    }),
    PIIX4_PM: (): Omit<Piix4PmPorts, keyof PciPorts> => ({
      sci: this.#hardware.wiring.irq(SCI_IRQ),
      cpus: Array.from({ length: this.#options.config.smp.cpus }, (_, index) => index),
      removableSlots: () => this.removableSlots(),
      ejectSlots: (slots) => this.#ejectSlots(slots),
      noteSuspend: () => this.#rtc?.poke(CMOS_SHUTDOWN_STATUS, CMOS_RESUME),
      attach: (pm) => {
        this.#pm = pm;
      },
    }),
    'piix3-ide': () => ({ irq: (line: number): Wire => this.#hardware.wiring.irq(line) }),
    'virtio-rng-pci': () => ({ entropy: (id: string) => this.#objects.entropy(id) }),
    'virtio-balloon-pci': () => ({
      ramBytes: this.#options.config.ramBytes,
      addBalloon: (balloon: Balloon) => this.#addBalloon(balloon),
    }),
    i8042: (): Required<Omit<I8042Ports, keyof IsaPorts>> => ({
      attach: (mouse) => {
        this.#mouse = mouse;
      },
    }),
    vmport: (): Omit<VmportPorts, keyof IsaPorts> => ({
      requester: () => this.#requester.registers,
      ramBytes: this.#options.config.ramBytes,
      attach: (commands) => {
        this.#vmport = commands;
      },
    }),
    vmmouse: (): Omit<VmmousePorts, keyof IsaPorts> => ({
      vmport: this.#vmport,
      nudgeMouse: () => this.#mouse?.nudge(),
    }),
    'isa-pit': () => ({
      attach: (timer: I8254) => {
        this.#timer = timer;
      },
    }),
    'isa-pcspk': () => ({ timer: this.#timer }),
    i8237: (): Omit<I8237Ports, keyof IsaPorts> => ({
      attach: (channelOf) => this.#dma.attach(channelOf),
    }),
    'isa-serial': () => ({ nextIndex: (kind: 'serial' | 'parallel') => this.#nextIndex(kind) }),
    'isa-parallel': () => ({ nextIndex: (kind: 'serial' | 'parallel') => this.#nextIndex(kind) }),
    ioapic: () => ({
      send: this.#hardware.interrupts.send.bind(this.#hardware.interrupts),
      attach: this.#hardware.wiring.attachIoapic.bind(this.#hardware.wiring),
    }),
    fw_cfg: () => ({ firmwareItems: this.#firmwareItems }),
    hpet: () => ({
      pin: (input: number): Wire => this.#hardware.wiring.pin(input),
      legacyIrq: (line: 0 | 8): Wire => this.#hardware.wiring.irq(line),
      legacyReplacement: this.#hardware.wiring.legacyReplacement,
    }),
  };

  #cmos(): ReadonlyMap<number, number> {
    const { config, ram, firmware, mediumBytes } = this.#options;
    const { boot, floppySignatureCheck } = config.board;
    const own = cmosContents({
      lowRamBytes: ram.low,
      highRamBytes: ram.high,
      cpus: config.smp.cpus,
      ...firmwareDrives(config.drives, mediumBytes),
      bootOrder: boot.once ?? boot.order,
      checksFloppySignature: floppySignatureCheck,
    });
    return new Map([...own, ...firmware.cmos]);
  }

  /** Throws when the machine has a balloon already. */
  #addBalloon(balloon: Balloon): () => void {
    if (this.#balloon !== undefined) {
      throw new TroupeError('ERR_DEVICE_BALLOON', 'Another balloon device already registered');
    }
    this.#balloon = balloon;
    return () => {
      this.#balloon = undefined;
    };
  }

  /** A vCPU is plugged in: the firmware's count of them, for the next reset, and the guest's notice. */
  cpuAdded(index: number): void {
    this.#rtc?.poke(CMOS_LAST_CPU, this.#hardware.presentCpus.size - 1);
    this.#pm?.cpuAdded(index);
  }

  /** PCI slots whose devices may come and go, those that are empty now among them: bit n is slot n. */
  removableSlots(): number {
    const fixed = this.#slots().filter(({ isHotpluggable }) => !isHotpluggable);
    return ~fixed.reduce((slots, { slot }) => slots | (1 << slot), 0) >>> 0;
  }

  /** The guest has let go of its devices in these slots. */
  #ejectSlots(slots: number): void {
    for (const { slot, object, isHotpluggable } of this.#slots()) {
      if ((slots & (1 << slot)) === 0 || !isHotpluggable) continue;
      this.#remove(object);
      this.#pm?.slotRemoved(slot);
    }
  }

  /** The device is gone: its id is free again, and clients are told. A virtio device's inner half goes before it. */
  #remove(object: DeviceObject): void {
    const { emit, types } = this.#options;
    const { path, id } = object;
    this.factory.remove(object);
    if (types.isA(object.typeName, VIRTIO_PCI)) emit('DEVICE_DELETED', { path: `${path}/virtio-backend` });
    emit('DEVICE_DELETED', { ...(id === undefined ? {} : { device: id }), path });
  }

  /** The devices on the PCI bus and where they are. */
  #slots(): readonly { slot: number; object: DeviceObject; isHotpluggable: boolean }[] {
    const bus = this.#pciBus;
    if (bus === undefined) return [];
    return this.factory.objects().flatMap((object) => {
      const entry = this.#options.types.deviceClass(object.typeName);
      const isHotpluggable = entry !== undefined && entry.abstract !== true && entry.hotpluggable;
      const [made] = bus.functionsOf(this.factory.portsOf(object));
      return made === undefined ? [] : [{ slot: made.devfn >> 3, object, isHotpluggable }];
    });
  }

  #nextIndex(kind: 'serial' | 'parallel'): number {
    const index = this.#nextPort[kind];
    this.#nextPort[kind] = index + 1;
    return index;
  }
}

/** A place below /machine: what is before the last slash is there already. */
function placeOf({ tree }: MachineTree, path: string): { readonly parent: QomObject; readonly name: string } {
  const names = ['', 'machine', ...path.split('/')];
  return { parent: tree.resolve(names.slice(0, -1).join('/')), name: names.at(-1) ?? '' };
}

/** Values that -global gives to every device of a class. */
function globalsOf({ sections }: MachineConfig): { driver: string; property: string; value: string }[] {
  return sections
    .filter(({ group }) => group === 'global')
    .map(({ values }) => {
      const given = new Map(values);
      return {
        driver: given.get('driver') ?? '',
        property: given.get('property') ?? '',
        value: given.get('value') ?? '',
      };
    });
}
