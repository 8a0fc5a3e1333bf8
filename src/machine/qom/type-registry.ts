/** The types that objects of the machine can have: names, ancestry, interfaces, and the class of a device. */
import type { AnyDeviceClass, DeviceProperty } from '../../devices/device-class.ts';
import { deviceNotFound, QomError } from './qom-error.ts';

export const OBJECT = 'object';
export const INTERFACE = 'interface';
export const CONTAINER = 'container';
export const BUS = 'bus';
export const DEVICE = 'device';
/** The bus of what the board soldered on. */
export const SYSTEM_BUS = 'System';

/** A type as it is registered. */
export interface TypeInfo {
  readonly name: string;
  /** Absent for the two roots, `object` and `interface`. */
  readonly parent?: string;
  readonly abstract?: boolean;
  /** Names of interface types; descendants implement them too. */
  readonly interfaces?: readonly string[];
}

export interface NamedType {
  readonly name: string;
  readonly type: string;
}

/** What every machine has, whatever its board. */
const BUILT_IN: readonly TypeInfo[] = [
  { name: OBJECT, abstract: true },
  { name: INTERFACE, abstract: true },
  { name: CONTAINER, parent: OBJECT },
  { name: BUS, parent: OBJECT, abstract: true },
  { name: SYSTEM_BUS, parent: BUS },
  { name: DEVICE, parent: OBJECT, abstract: true },
];

export interface ListTypesFilter {
  /** A type or interface; only it and what descends from it or implements it. */
  readonly implements?: string;
  /** Whether abstract types are listed too. */
  readonly abstract?: boolean;
}

/** All types of one machine. */
export class TypeRegistry {
  readonly #types = new Map<string, TypeInfo>();
  readonly #deviceClasses = new Map<string, AnyDeviceClass>();

  constructor() {
    for (const info of BUILT_IN) {
      this.register(info);
    }
  }

  /**
   * @throws QomError `ERR_QOM_TYPE_EXISTS`, or `ERR_QOM_TYPE_UNKNOWN` when the parent or an interface is not
   * registered before it
   */
  register(info: TypeInfo): void {
    if (this.#types.has(info.name)) {
      throw new QomError('ERR_QOM_TYPE_EXISTS', `Type '${info.name}' is registered already`);
    }
    for (const needed of [info.parent, ...(info.interfaces ?? [])]) {
      if (needed !== undefined && !this.#types.has(needed)) {
        throw new QomError(
          'ERR_QOM_TYPE_UNKNOWN',
          `Type '${info.name}' builds on '${needed}', which is not registered`,
        );
      }
    }
    this.#types.set(info.name, info);
  }

  /**
   * Registers a device model, and before it the abstract classes that it builds on.
   * @throws QomError as `register` does
   */
  registerDevice(entry: AnyDeviceClass): void {
    const { parent } = entry;
    if (parent !== undefined && this.#deviceClasses.get(parent.name) !== parent) {
      this.registerDevice(parent);
    }
    this.register({
      name: entry.name,
      parent: parent?.name ?? DEVICE,
      abstract: entry.abstract === true,
      interfaces: ('interfaces' in entry ? entry.interfaces : undefined) ?? [],
    });
    this.#deviceClasses.set(entry.name, entry);
  }

  has(name: string): boolean {
    return this.#types.has(name);
  }

  isAbstract(name: string): boolean {
    return this.#types.get(name)?.abstract === true;
  }

  /** Whether `name` is `ancestor`, descends from it or implements it. */
  isA(name: string, ancestor: string): boolean {
    for (const info of this.#lineage(name)) {
      if (info.name === ancestor || info.interfaces?.some((each) => this.isA(each, ancestor))) {
        return true;
      }
    }
    return false;
  }

  /** Names of types in the order of their registration. */
  list(filter: ListTypesFilter = {}): readonly string[] {
    return [...this.#types.keys()].filter(
      (name) =>
        (filter.abstract === true || !this.isAbstract(name)) &&
        (filter.implements === undefined || this.isA(name, filter.implements)),
    );
  }

  /** The entry that a device type was registered with. */
  deviceClass(name: string): AnyDeviceClass | undefined {
    return this.#deviceClasses.get(name);
  }

  /** The same by the type's name or by its alias, as -device takes it. */
  deviceClassOfDriver(driver: string): AnyDeviceClass | undefined {
    const hasAlias = (entry: AnyDeviceClass): boolean => 'alias' in entry && entry.alias === driver;
    return this.deviceClass(driver) ?? [...this.#deviceClasses.values()].find(hasAlias);
  }

  /** Properties that a device class declares, its own first, then those of its parents. */
  declaredProperties(typeName: string): readonly (readonly [name: string, property: DeviceProperty])[] {
    return this.#lineage(typeName).flatMap((info) =>
      Object.entries(this.#deviceClasses.get(info.name)?.properties ?? {}),
    );
  }

  /**
   * device-list-properties: own class first-to-last, then parents, the whole list reversed.
   * @throws QomError DeviceNotFound for an unknown type, GenericError for one that is no device
   */
  deviceListProperties(typeName: string): readonly NamedType[] {
    if (!this.has(typeName)) {
      throw deviceNotFound(typeName);
    }
    if (!this.isA(typeName, DEVICE)) {
      throw new QomError('ERR_QOM_NOT_A_DEVICE', `Parameter 'name' expects ${DEVICE}`);
    }
    return this.declaredProperties(typeName)
      .map(([name, { type }]) => ({ name, type: type.legacyName ?? type.name }))
      .reverse();
  }

  /** The type and its ancestors, nearest first. */
  #lineage(name: string): readonly TypeInfo[] {
    const lineage: TypeInfo[] = [];
    for (let info = this.#types.get(name); info !== undefined; ) {
      lineage.push(info);
      info = info.parent === undefined ? undefined : this.#types.get(info.parent);
    }
    return lineage;
  }
}
