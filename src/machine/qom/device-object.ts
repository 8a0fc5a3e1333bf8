/** A device in the object tree: its property values until it is realized, the working device after that. */
import type { Device, DeviceClass, PropertyTable } from '../../devices/device-class.ts';
import { booleanFromJson, type PropertyType, stringFromJson } from '../../devices/property-type.ts';
import type { QmpJson } from '../../qapi/json-value.ts';
import { BusObject } from './bus-object.ts';
import { QomError } from './qom-error.ts';
import { QomObject } from './qom-object.ts';
import { BUS, type TypeRegistry } from './type-registry.ts';

export interface DeviceObjectOptions<Ports> {
  readonly entry: DeviceClass<PropertyTable, PropertyTable, Ports>;
  readonly types: TypeRegistry;
  /** The id that the user gave; absent for a device of the board, and for an anonymous one. */
  readonly id?: string;
  /** Absent for a device without a bus. */
  readonly parentBus?: BusObject;
  /**
   * Hands out what the device may touch; called when it is realized, with its properties. Throws when there is no place
   * for it.
   */
  readonly connect: (values: Readonly<Record<string, unknown>>) => Ports;
  /** Called when it is unrealized, with what `connect` gave. */
  readonly disconnect?: (ports: Ports) => void;
  /** Properties whose values its bus has chosen; asked once it is realized. */
  readonly chosen?: () => Readonly<Record<string, unknown>>;
  /** Lines of `info qtree` that its bus adds. */
  readonly describe?: () => readonly string[];
}

/** One device. Made unrealized, with the defaults of its class. */
export class DeviceObject<Ports = unknown> extends QomObject {
  readonly id: string | undefined;
  readonly parentBus: BusObject | undefined;
  readonly #values: Record<string, unknown> = {};
  readonly #describe: () => readonly string[];
  readonly #types = new Map<string, PropertyType<unknown>>();
  readonly #realize: () => Device;
  readonly #release: () => void;
  #device: Device | undefined;

  constructor(options: DeviceObjectOptions<Ports>) {
    super(options.entry.name);
    const { entry, types, parentBus } = options;
    this.id = options.id;
    this.parentBus = parentBus;
    this.#describe = options.describe ?? (() => []);
    let ports: Ports | undefined;
    const release = (): void => {
      if (ports !== undefined) options.disconnect?.(ports);
      ports = undefined;
    };
    this.#release = release;
    this.#realize = () => {
      ports = options.connect(this.#values);
      try {
        const device = entry.create(ports, this.#values);
        Object.assign(this.#values, options.chosen?.(), device.chosen);
        return device;
      } catch (error) {
        release();
        throw error;
      }
    };
    this.addProperty({
      name: 'realized',
      type: 'bool',
      get: () => this.realized,
      set: (value) => this.#setRealized(value),
    });
    for (const [name, { type, default: initial }] of types.declaredProperties(entry.name)) {
      this.#values[name] = initial;
      this.#types.set(name, type);
      this.#declare(name, type);
    }
    this.addLink('parent_bus', BUS, () => parentBus);
  }

  get realized(): boolean {
    return this.#device !== undefined;
  }

  /** The working device, once realized. */
  get device(): Device | undefined {
    return this.#device;
  }

  /** Buses that the device provides, oldest first. */
  buses(): readonly BusObject[] {
    return this.children().filter((child) => child instanceof BusObject);
  }

  /** The text form of every declared property, in the order of declaration, as `info qtree` prints it. */
  describeProperties(): readonly string[] {
    return this.properties()
      .filter((property) => property.name in this.#values)
      .reverse()
      .map(({ name }) => `${name} = ${this.#show(name)}`);
  }

  /** Its pins, as `info qtree` prints them before the properties. */
  describePins(): readonly string[] {
    const { inputs = 0, outputs = 0 } = this.#device?.pins ?? {};
    return [
      ...(inputs === 0 ? [] : [`gpio-in ${inputs}`]),
      ...(outputs === 0 ? [] : [`gpio-out ${outputs}`]),
    ];
  }

  /** What its bus and the device itself say of it, as `info qtree` prints it after the properties. */
  describePlace(): readonly string[] {
    return [...this.#describe(), ...(this.#device?.describe?.() ?? [])];
  }

  /** Plugs the device in and sets it going; nothing when it is realized already. */
  realize(): void {
    if (this.#device === undefined) {
      const device = this.#realize();
      this.parentBus?.plug(this);
      for (const property of device.instanceProperties ?? []) {
        this.addProperty(property);
      }
      this.#device = device;
    }
  }

  /** Takes the working device away; the object and its values stay. */
  unrealize(): void {
    const device = this.#device;
    if (device !== undefined) {
      this.#device = undefined;
      for (const property of device.instanceProperties ?? []) {
        this.removeProperty(property.name);
      }
      this.parentBus?.unplug(this);
      device.unrealize?.();
      this.#release();
    }
  }

  /**
   * Gives a declared property the value that a text stands for.
   * @throws QomError for a property that is not declared, or once the device is realized
   * @throws PropertyError when the property does not take the text
   */
  setFromText(name: string, text: string): void {
    const type = this.#types.get(name);
    if (type === undefined) {
      throw new QomError('ERR_QOM_PROPERTY_NOT_FOUND', `Property '${this.typeName}.${name}' not found`);
    }
    this.#checkSettable(name);
    this.#values[name] = type.parse(text, { typeName: this.typeName, property: name });
  }

  #show(name: string): string {
    const text = this.get(this.has(`legacy-${name}`) ? `legacy-${name}` : name);
    return text === '' ? '<null>' : String(text);
  }

  #setRealized(value: QmpJson): void {
    if (booleanFromJson(value, { typeName: this.typeName, property: 'realized' })) {
      this.realize();
    } else {
      this.unrealize();
    }
  }

  /** A declared property, preceded by its twin in text where the two forms differ. */
  #declare(name: string, type: PropertyType<unknown>): void {
    const owner = { typeName: this.typeName, property: name };
    if (type.print !== undefined) {
      const twin = `legacy-${name}`;
      this.addProperty({
        name: twin,
        type: `legacy<${type.legacyName ?? type.name}>`,
        get: () => type.print?.(this.#values[name]) ?? '',
        set: (value) => {
          this.#checkSettable(name);
          this.#values[name] = type.parse(stringFromJson(value, { ...owner, property: twin }), owner);
        },
      });
    }
    this.addProperty({
      name,
      type: type.name,
      get: () => type.toJson(this.#values[name]),
      set: (value) => {
        this.#checkSettable(name);
        this.#values[name] = type.fromJson(value, owner);
      },
    });
  }

  #checkSettable(name: string): void {
    if (this.realized) {
      const which = this.id === undefined ? 'anonymous device' : `device '${this.id}'`;
      throw new QomError(
        'ERR_QOM_REALIZED',
        `Attempt to set property '${name}' on ${which} (type '${this.typeName}') after it was realized`,
      );
    }
  }
}
