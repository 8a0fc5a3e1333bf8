/** Makes devices, plugs them into their buses, and puts them into the tree of objects. */

import type { BoardServices } from '../../devices/board-services.ts';
import type { AnyDeviceClass, ChildBus, Device, DeviceClass } from '../../devices/device-class.ts';
import { TroupeError } from '../../errors/troupe-error.ts';
import type { QmpJson } from '../../qapi/json-value.ts';
import { BusObject } from '../qom/bus-object.ts';
import { DeviceObject } from '../qom/device-object.ts';
import type { MachineTree } from '../qom/machine-tree.ts';
import type { QomObject } from '../qom/qom-object.ts';
import { BUS, SYSTEM_BUS, type TypeRegistry } from '../qom/type-registry.ts';

/** A device that did not come to be. */
export class DeviceError extends TroupeError {
  override readonly name: string = 'DeviceError';
}

export interface DeviceRequest {
  readonly driver: string;
  readonly id?: string;
  /** The bus that was asked for; the first one of the right type when absent. */
  readonly bus?: BusObject;
  /** Values of properties as a board sets them, and as a command line gives them. */
  readonly values?: Readonly<Record<string, QmpJson>>;
  readonly texts?: readonly (readonly [name: string, text: string])[];
  /** Where it goes in the tree: an object and the name of the child. The board's own devices are unattached. */
  readonly place?: { readonly parent: QomObject; readonly name: string };
}

export interface DeviceFactoryOptions {
  readonly types: TypeRegistry;
  readonly tree: MachineTree;
  readonly services: BoardServices;
  /** Adds what a class of device needs of the board beyond what its bus gives. */
  readonly extend: (driver: string, ports: BoardServices) => BoardServices;
  /** -global: values for every device of a class, in the order given. */
  readonly globals: readonly { readonly driver: string; readonly property: string; readonly value: string }[];
}

export class DeviceFactory {
  readonly #options: DeviceFactoryOptions;
  readonly #childBuses = new Map<BusObject, ChildBus>();
  readonly #devices = new Set<DeviceObject>();
  /** What a device's bus gave it. */
  readonly #ports = new WeakMap<DeviceObject, BoardServices>();
  #unattached = 0;
  #anonymous = 0;

  constructor(options: DeviceFactoryOptions) {
    this.#options = options;
  }

  /** Realized devices, oldest first: the order of resets. */
  devices(): readonly Device[] {
    return this.objects().flatMap(({ device }) => (device === undefined ? [] : [device]));
  }

  objects(): readonly DeviceObject[] {
    return [...this.#devices].filter(({ realized }) => realized);
  }

  /** What the device's bus gave it, or the board's services for one without a bus. */
  portsOf(object: DeviceObject): BoardServices {
    return this.#ports.get(object) ?? this.#options.services;
  }

  /** What firmware calls it; undefined for what firmware does not know. */
  firmwareNode(object: DeviceObject): string | undefined {
    const { device, parentBus } = object;
    return device?.firmwareNode ?? this.#childBus(parentBus)?.firmwareNode?.(this.portsOf(object));
  }

  /** All buses, those of the board first. */
  buses(): readonly BusObject[] {
    return [this.#options.tree.systemBus, ...this.#childBuses.keys()];
  }

  /** A bus by its name, or by a path whose last part is its name. Throws DeviceError. */
  findBus(name: string): BusObject {
    const last = name.split('/').at(-1) ?? name;
    const bus = this.buses().find(({ busName }) => busName === last);
    if (bus === undefined) throw new DeviceError('ERR_DEVICE_BUS', `Bus '${name}' not found`);
    return bus;
  }

  /** Whether there is a class of that name that can be made. */
  knows(driver: string): boolean {
    const entry = this.#options.types.deviceClass(driver);
    return entry !== undefined && entry.abstract !== true;
  }

  /** Makes a device and plugs it in. Throws what it cannot do. */
  create(request: DeviceRequest): DeviceObject {
    const entry = this.#classOf(request.driver);
    const parentBus =
      entry.bus === undefined ? undefined : (request.bus ?? this.#firstBus(entry.name, entry.bus));
    if (parentBus !== undefined && parentBus.typeName !== entry.bus) {
      throw new DeviceError(
        'ERR_DEVICE_BUS',
        `Device '${entry.name}' can't go on a ${parentBus.typeName} bus`,
      );
    }
    let plugged: BoardServices = this.#options.services;
    const object = new DeviceObject<BoardServices>({
      // The class knows which ports it takes; the bus and the board give them.
      entry: entry as unknown as DeviceClass<never, never, BoardServices>,
      types: this.#options.types,
      ...(request.id === undefined ? {} : { id: request.id }),
      ...(parentBus === undefined ? {} : { parentBus }),
      connect: (values) => {
        plugged = this.#childBus(parentBus)?.plug(this.#options.services, values, entry.name) ?? plugged;
        return this.#options.extend(entry.name, plugged);
      },
      disconnect: () => this.#childBus(parentBus)?.unplug?.(plugged),
      chosen: () => this.#childBus(parentBus)?.chosen?.(plugged) ?? {},
      describe: () => this.#childBus(parentBus)?.describe?.(plugged) ?? [],
    });
    this.#setValues(object, entry, request);
    this.#place(object, request);
    object.realize();
    this.#devices.add(object as DeviceObject);
    this.#ports.set(object as DeviceObject, plugged);
    this.#addBuses(object as DeviceObject);
    return object as DeviceObject;
  }

  /** Takes a device off its bus and out of the tree. */
  remove(object: DeviceObject): void {
    object.unrealize();
    object.unparent();
    this.#devices.delete(object);
  }

  #classOf(driver: string): DeviceClass {
    const entry = this.#options.types.deviceClassOfDriver(driver);
    if (entry === undefined || entry.abstract === true) {
      throw new DeviceError('ERR_DEVICE_CLASS', `Parameter 'driver' expects device type`);
    }
    return entry;
  }

  #firstBus(driver: string, type: string): BusObject {
    const bus = this.buses().find((each) => each.typeName === type);
    if (bus === undefined) {
      throw new DeviceError('ERR_DEVICE_BUS', `No '${type}' bus found for device '${driver}'`);
    }
    return bus;
  }

  #childBus(bus: BusObject | undefined): ChildBus | undefined {
    return bus === undefined ? undefined : this.#childBuses.get(bus);
  }

  #setValues(object: DeviceObject<BoardServices>, entry: DeviceClass, request: DeviceRequest): void {
    for (const [name, value] of Object.entries(request.values ?? {})) object.set(name, value);
    for (const { driver, property, value } of this.#options.globals) {
      if (this.#options.types.isA(entry.name, driver)) object.setFromText(property, value);
    }
    for (const [name, text] of request.texts ?? []) object.setFromText(name, text);
  }

  #place(object: QomObject, { id, place }: DeviceRequest): void {
    const { tree } = this.#options;
    if (place !== undefined) {
      place.parent.addChild(place.name, object);
    } else if (id !== undefined) {
      tree.peripheral.addChild(id, object);
    } else {
      while (tree.unattached.has(`device[${this.#unattached}]`)) this.#unattached += 1;
      tree.unattached.addChild(`device[${this.#unattached}]`, object);
    }
  }

  /** A name for a device of the user's without an id. */
  nextAnonymousPlace(): { readonly parent: QomObject; readonly name: string } {
    const name = `device[${this.#anonymous}]`;
    this.#anonymous += 1;
    return { parent: this.#options.tree.peripheralAnon, name };
  }

  #addBuses(object: DeviceObject): void {
    for (const [index, childBus] of (object.device?.buses ?? []).entries()) {
      this.#registerBusType(childBus.type);
      const bus = new BusObject(childBus.type, this.#busName(childBus.name, object.id, index));
      object.addChild(bus.busName, bus);
      this.#childBuses.set(bus, childBus);
    }
  }

  /** The buses of a device with an id are called after it; of others a name without its number gets the next free one. */
  #busName(name: string, id: string | undefined, index: number): string {
    if (id !== undefined) return `${id}.${index}`;
    if (/\.\d+$/.test(name)) return name;
    const taken = this.buses().filter(({ busName }) => busName.startsWith(`${name}.`)).length;
    return `${name}.${taken}`;
  }

  #registerBusType(type: string): void {
    const { types } = this.#options;
    if (!types.has(type)) types.register({ name: type, parent: BUS });
  }
}

/** Registers every class of device, and the types of their buses. */
export function registerDeviceClasses(types: TypeRegistry, classes: readonly AnyDeviceClass[]): void {
  for (const entry of classes) {
    types.registerDevice(entry);
    const bus = 'bus' in entry ? entry.bus : undefined;
    if (bus !== undefined && bus !== SYSTEM_BUS && !types.has(bus))
      types.register({ name: bus, parent: BUS });
  }
}
