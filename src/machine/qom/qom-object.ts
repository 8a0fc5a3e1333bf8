/** An object of the machine: named, typed properties, some of which lead to other objects. */
import type { QmpJson } from '../../qapi/json-value.ts';
import { noPermission, QomError } from './qom-error.ts';

/** A property of one object. */
export interface ObjectProperty {
  readonly name: string;
  /** A primitive's name, `legacy<T>`, `child<T>` or `link<T>`. */
  readonly type: string;
  /** Absent: it cannot be read. */
  get?(): QmpJson;
  /** Absent: it cannot be set. */
  set?(value: QmpJson): void;
  /** The object that a child<> or a set link<> leads to. */
  target?(): QomObject | undefined;
}

/** A node of the object tree. Knows its place, not its tree. */
export class QomObject {
  readonly typeName: string;
  readonly #properties = new Map<string, ObjectProperty>();
  #parent: QomObject | undefined;
  #name = '';

  constructor(typeName: string) {
    this.typeName = typeName;
    this.addProperty({ name: 'type', type: 'string', get: () => typeName });
  }

  /** The object that has this one as a child. */
  get parent(): QomObject | undefined {
    return this.#parent;
  }

  /** The child property's name; empty for the root and for an object that is in no tree. */
  get name(): string {
    return this.#name;
  }

  /** Absolute path from the root: `/machine/peripheral/net0`. */
  get path(): string {
    if (this.#parent === undefined) {
      return '/';
    }
    const above = this.#parent.path;
    return `${above === '/' ? '' : above}/${this.#name}`;
  }

  /** Newest first. */
  properties(): readonly ObjectProperty[] {
    return [...this.#properties.values()].reverse();
  }

  /** Objects that this one owns, oldest first. */
  children(): readonly QomObject[] {
    return [...this.#properties.values()]
      .map((property) => property.target?.())
      .filter((target) => target !== undefined)
      .filter((target) => target.#parent === this);
  }

  /** @throws QomError `ERR_QOM_PROPERTY_EXISTS` */
  addProperty(property: ObjectProperty): void {
    if (this.#properties.has(property.name)) {
      throw new QomError(
        'ERR_QOM_PROPERTY_EXISTS',
        `Object of type '${this.typeName}' has a property '${property.name}' already`,
      );
    }
    this.#properties.set(property.name, property);
  }

  removeProperty(name: string): void {
    this.#properties.delete(name);
  }

  /**
   * Takes `child` into the tree below this object.
   * @throws QomError `ERR_QOM_PROPERTY_EXISTS` when the name is taken, or the child has a parent already
   */
  addChild(name: string, child: QomObject): void {
    if (child.#parent !== undefined) {
      throw new QomError('ERR_QOM_PROPERTY_EXISTS', `Object '${child.path}' has a parent already`);
    }
    this.addProperty({
      name,
      type: `child<${child.typeName}>`,
      get: () => child.path,
      target: () => child,
    });
    child.#parent = this;
    child.#name = name;
  }

  /** Takes this object, and what is below it, out of the tree. */
  unparent(): void {
    this.#parent?.removeProperty(this.#name);
    this.#parent = undefined;
    this.#name = '';
  }

  /** A link that clients can read, not set: what it leads to is decided by who wires the machine. */
  addLink(name: string, typeName: string, target: () => QomObject | undefined): void {
    this.addProperty({ name, type: `link<${typeName}>`, get: () => target()?.path ?? '', target });
  }

  has(name: string): boolean {
    return this.#properties.has(name);
  }

  /** The object behind a child<> or link<> property. */
  step(name: string): QomObject | undefined {
    return this.#properties.get(name)?.target?.();
  }

  /** @throws QomError when there is no such property, or it cannot be read */
  get(name: string): QmpJson {
    const property = this.#find(name);
    if (property.get === undefined) {
      throw noPermission();
    }
    return property.get();
  }

  /**
   * @throws QomError when there is no such property, it cannot be set, or no longer
   * @throws PropertyError when it does not take the value
   */
  set(name: string, value: QmpJson): void {
    const property = this.#find(name);
    if (property.set === undefined) {
      throw noPermission();
    }
    property.set(value);
  }

  #find(name: string): ObjectProperty {
    const property = this.#properties.get(name);
    if (property === undefined) {
      // The reference names the object before the point; that part of its text is always empty.
      throw new QomError('ERR_QOM_PROPERTY_NOT_FOUND', `Property '.${name}' not found`);
    }
    return property;
  }
}
