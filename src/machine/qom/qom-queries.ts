/** What clients can ask of the object model, with values as JSON text (exact across threads). */
import { fromJsonText, toJsonText } from '../../qapi/json-text.ts';
import { describeBus, describeObjects } from './describe-tree.ts';
import type { MachineTree } from './machine-tree.ts';
import type { ListTypesFilter, NamedType, TypeRegistry } from './type-registry.ts';

export type DescribeTopic = 'qom-tree' | 'qtree';

/** Whether the tree alone can tell. */
export function isTreeTopic(topic: string): topic is DescribeTopic {
  return topic === 'qom-tree' || topic === 'qtree';
}

/** Reads and sets properties of one machine's objects. */
export class QomQueries {
  readonly #types: TypeRegistry;
  readonly #tree: MachineTree;

  constructor(types: TypeRegistry, tree: MachineTree) {
    this.#types = types;
    this.#tree = tree;
  }

  /**
   * Newest property first.
   * @throws QomError DeviceNotFound
   */
  list(path: string): readonly NamedType[] {
    return this.#tree.tree
      .resolve(path)
      .properties()
      .map(({ name, type }) => ({ name, type }));
  }

  /** @throws QomError for an unknown path or property, or one that cannot be read */
  get(path: string, property: string): string {
    return toJsonText(this.#tree.tree.resolve(path).get(property));
  }

  /**
   * @throws QomError for an unknown path or property, or one that cannot be set (any more)
   * @throws PropertyError when the property does not take the value
   */
  set(path: string, property: string, json: string): void {
    this.#tree.tree.resolve(path).set(property, fromJsonText(json));
  }

  listTypes(filter: ListTypesFilter): readonly string[] {
    return this.#types.list(filter);
  }

  /** @throws QomError for an unknown type, or one that is no device */
  deviceListProperties(typeName: string): readonly NamedType[] {
    return this.#types.deviceListProperties(typeName);
  }

  /**
   * @param path where `qom-tree` begins; /machine when absent
   * @throws QomError DeviceNotFound
   */
  describe(topic: DescribeTopic, path = '/machine'): string {
    const describers: Record<DescribeTopic, () => string> = {
      'qom-tree': () => describeObjects(this.#tree.tree.resolve(path)),
      qtree: () => describeBus(this.#tree.systemBus),
    };
    return describers[topic]();
  }
}
