/** The objects that -object makes, in /objects: sources of random bytes for virtio-rng-pci. */
import { type EntropySource, entropyFile, systemEntropy } from '../../backends/entropy/entropy-source.ts';
import { TroupeError } from '../../errors/troupe-error.ts';
import type { MachineConfig } from '../machine-config.ts';
import type { MachineTree } from '../qom/machine-tree.ts';
import { QomObject } from '../qom/qom-object.ts';
import { OBJECT, type TypeRegistry } from '../qom/type-registry.ts';

/** An object that cannot be made, or not be used. */
export class UserObjectError extends TroupeError {
  override readonly name: string = 'UserObjectError';
}

const RNG_BACKEND = 'rng-backend';
const RNG_RANDOM = 'rng-random';
const RNG_BUILTIN = 'rng-builtin';
/** What the kernel's own generator fills: read without a descriptor, and never short. */
const KERNEL_GENERATORS = ['/dev/random', '/dev/urandom'];

interface EntropyObject {
  readonly open: () => EntropySource;
  inUse: boolean;
}

export class UserObjects {
  readonly #sources = new Map<string, EntropyObject>();

  /** Makes the objects of the configuration. Throws UserObjectError naming the object that cannot be made. */
  constructor({ sections }: Pick<MachineConfig, 'sections'>, types: TypeRegistry, tree: MachineTree) {
    types.register({ name: RNG_BACKEND, parent: OBJECT, abstract: true });
    types.register({ name: RNG_RANDOM, parent: RNG_BACKEND });
    types.register({ name: RNG_BUILTIN, parent: RNG_BACKEND });
    for (const { group, id, values } of sections) {
      if (group === 'object') {
        this.#add(tree, id, new Map(values));
      }
    }
  }

  /**
   * The source behind an object, for one device until it closes it; the host's own for an empty id.
   * @throws UserObjectError when there is no such source, or it is in use
   * @throws EntropyError when it cannot be opened
   */
  entropy(id: string): EntropySource {
    if (id === '') {
      return systemEntropy();
    }
    const object = this.#sources.get(id);
    if (object === undefined) {
      throw new UserObjectError(
        'ERR_OBJECT_NOT_FOUND',
        `Property 'virtio-rng-device.rng' can't find value '${id}'`,
      );
    }
    if (object.inUse) {
      throw new UserObjectError(
        'ERR_OBJECT_IN_USE',
        `Property 'virtio-rng-device.rng' can't take value '${id}', it's in use`,
      );
    }
    const source = object.open();
    object.inUse = true;
    return {
      fill: (target) => source.fill(target),
      close: () => {
        object.inUse = false;
        source.close();
      },
    };
  }

  #add(tree: MachineTree, id: string | undefined, values: ReadonlyMap<string, string>): void {
    const type = values.get('qom-type') ?? '';
    if (id === undefined) {
      throw new UserObjectError('ERR_OBJECT_ID', "Parameter 'id' is missing");
    }
    if (type !== RNG_RANDOM && type !== RNG_BUILTIN) {
      throw new UserObjectError(
        'ERR_OBJECT_TYPE',
        `Object '${id}' cannot be of type '${type}', expected: ${RNG_RANDOM} or ${RNG_BUILTIN}`,
      );
    }
    const known = type === RNG_RANDOM ? ['filename'] : [];
    const unknown = [...values.keys()].find(
      (key) => key !== 'qom-type' && key !== 'id' && !known.includes(key),
    );
    if (unknown !== undefined) {
      throw new UserObjectError('ERR_OBJECT_PROPERTY', `Property '.${unknown}' not found`);
    }
    const object = new QomObject(type);
    if (type === RNG_RANDOM) {
      const path = values.get('filename') ?? '/dev/random';
      object.addProperty({ name: 'filename', type: 'string', get: () => path });
      this.#addSource(id, object, () =>
        KERNEL_GENERATORS.includes(path) ? systemEntropy() : entropyFile(path),
      );
    } else {
      this.#addSource(id, object, systemEntropy);
    }
    tree.tree.container('/objects').addChild(id, object);
  }

  #addSource(id: string, object: QomObject, open: () => EntropySource): void {
    const source: EntropyObject = { open, inUse: false };
    this.#sources.set(id, source);
    object.addProperty({ name: 'opened', type: 'bool', get: () => source.inUse });
  }
}
