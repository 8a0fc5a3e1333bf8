/**
 * What a device model registers: one entry that says what it is called, where it plugs in, what can be set on it and
 * how it is made. `-device help`, device_add, device-list-properties, qom-list-types and the documentation's table of
 * devices all derive from the entry.
 */
import type { QmpJson } from '../qapi/json-value.ts';
import type { BoardServices } from './board-services.ts';
import type { PropertyType } from './property-type.ts';

/** A property of a device class. */
export interface DeviceProperty<T = unknown> {
  readonly type: PropertyType<T>;
  readonly default: T;
  /** One line for `-device NAME,help`. */
  readonly help: string;
}

/** Properties by name, in the order in which they are declared. */
export type PropertyTable = Readonly<Record<string, DeviceProperty>>;

/** What a device gets to see of its properties. */
export type PropertyValues<P extends PropertyTable> = {
  readonly [Name in keyof P]: P[Name] extends DeviceProperty<infer T> ? T : never;
};

/** Ties a property's type and its default together. */
export function property<T>(type: PropertyType<T>, initial: NoInfer<T>, help: string): DeviceProperty<T> {
  return { type, default: initial, help };
}

/** State of a device as plain data: what a snapshot or a migration stream carries. */
export type DeviceState =
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly DeviceState[]
  | { readonly [field: string]: DeviceState };

/** A property that an instance computes, beyond those that its class declares: the date of a clock. */
export interface InstanceProperty {
  readonly name: string;
  readonly type: string;
  /** Absent: it cannot be read. */
  get?(): QmpJson;
  /** Absent: it cannot be set. */
  set?(value: QmpJson): void;
}

/** A bus that a device brings with it, for other devices to plug into: `ide.0`. */
export interface ChildBus {
  /** Type name: what classes of devices that plug into it have as their `bus`. */
  readonly type: string;
  /** `ide.0`, or a name without its number that the board completes. */
  readonly name: string;
  /**
   * What a device that is about to be created on this bus gets as its `ports`: the board's services and the bus's own.
   * `values` are the device's properties: the bus reads its own there (`unit`). Throws TroupeError when there is no room.
   * `driver` is the device's type, for messages.
   */
  plug(board: BoardServices, values: Readonly<Record<string, unknown>>, driver: string): BoardServices;
  /** The device that got these ports is gone. */
  unplug?(ports: BoardServices): void;
  /** Lines of `info qtree` about the device that got these ports, beyond its properties. */
  describe?(ports: BoardServices): readonly string[];
  /** Properties of that device whose values the bus has chosen: its place. */
  chosen?(ports: BoardServices): Readonly<Record<string, unknown>>;
  /** What firmware calls the device that got these ports, where its place on the bus says so: `ide@1,1`. */
  firmwareNode?(ports: BoardServices): string;
}

/** Something that firmware can boot from. */
export interface BootPlace {
  /** Its place in the boot order, `bootindex`; negative: none. */
  readonly index: number;
  /** The part of its OpenFirmware path that follows its device: `disk@0`. */
  readonly node: string;
}

/** A device that is plugged in and works. */
export interface Device {
  /** Back to the state after power-on. */
  reset(): void;
  save(): DeviceState;
  /** Takes over what `save` of the same class gave. */
  restore(state: DeviceState): void;
  /** Lets go of what the device holds; it is not used afterwards. */
  unrealize?(): void;
  readonly instanceProperties?: readonly InstanceProperty[];
  /** Buses that it brings, in the order of their numbers. */
  readonly buses?: readonly ChildBus[];
  /** What firmware calls it, where its bus cannot tell: `fdc@03f0`. */
  readonly firmwareNode?: string;
  readonly bootPlaces?: readonly BootPlace[];
  /** Properties whose values the device has chosen itself. */
  readonly chosen?: Readonly<Record<string, unknown>>;
  /** Interrupt inputs, and outputs that are wired to a device rather than to a line of the bus: for `info qtree`. */
  readonly pins?: { readonly inputs?: number; readonly outputs?: number };
  /** Lines of `info qtree` beyond the properties and those of its bus. */
  describe?(): readonly string[];
}

/** A class that only others build upon: it brings properties that they share (`pci-device`). */
export interface AbstractDeviceClass<P extends PropertyTable = PropertyTable> {
  readonly name: string;
  readonly abstract: true;
  readonly parent?: AbstractDeviceClass;
  readonly properties: P;
}

/**
 * A device model.
 * `Own` are the properties that it declares, `Inherited` those of its parent; `Ports` is what its kind of bus, or the
 * board, hands to a device: the only way in which it can touch the machine.
 */
export interface DeviceClass<
  Own extends PropertyTable = PropertyTable,
  Inherited extends PropertyTable = PropertyTable,
  Ports = never,
> {
  /** Driver name: `e1000`. */
  readonly name: string;
  readonly abstract?: false;
  readonly parent?: AbstractDeviceClass<Inherited>;
  /** Type of the bus that it plugs into (`PCI`, `System`); absent for a device without a bus. */
  readonly bus?: string;
  /** A second driver name that device_add takes. */
  readonly alias?: string;
  /** One line for `-device help`. */
  readonly description?: string;
  /** Whether device_add and device_del may bring and take it while the machine exists. */
  readonly hotpluggable: boolean;
  /** Whether -device and device_add may create it at all; a part of the board's own cannot be. */
  readonly userCreatable: boolean;
  /** Names of further interfaces that the type implements. */
  readonly interfaces?: readonly string[];
  readonly properties: Own;
  /** Makes a working device; called when it is realized. */
  create(ports: Ports, values: PropertyValues<Own & Inherited>): Device;
}

/** What the registry and the object tree know of a class, whatever its properties and ports are. */
export type AnyDeviceClass = AbstractDeviceClass | DeviceClass;

/** Declares a device model, with `values` of `create` typed from the properties. */
export function defineDevice<
  Ports,
  Own extends PropertyTable,
  Inherited extends PropertyTable = Record<never, never>,
>(entry: DeviceClass<Own, Inherited, Ports>): DeviceClass<Own, Inherited, Ports> {
  return entry;
}
