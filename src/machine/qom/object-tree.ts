/** The tree of all objects of a machine, and how paths lead through it. */
import { deviceNotFound } from './qom-error.ts';
import { QomObject } from './qom-object.ts';
import { CONTAINER } from './type-registry.ts';

const AMBIGUOUS = Symbol('ambiguous');

/** One machine's objects, from the root container down. */
export class ObjectTree {
  readonly root = new QomObject(CONTAINER);

  /** The container at an absolute path; it, and those above it, are made when they do not exist. */
  container(path: string): QomObject {
    let object = this.root;
    for (const part of path.split('/').filter((each) => each !== '')) {
      let next = object.step(part);
      if (next === undefined) {
        next = new QomObject(CONTAINER);
        object.addChild(part, next);
      }
      object = next;
    }
    return object;
  }

  /**
   * The one object that a path names: from the root when it begins with a slash, else from any object, as long as
   * exactly one matches.
   * @throws QomError DeviceNotFound when none or more than one does
   */
  resolve(path: string): QomObject {
    const [first, ...rest] = path.split('/');
    const found =
      first === '' && path !== ''
        ? this.#walk(this.root, rest)
        : this.#search(this.root, path === '' ? [] : path.split('/'));
    if (found === undefined || found === AMBIGUOUS) {
      throw deviceNotFound(path);
    }
    return found;
  }

  #walk(from: QomObject, parts: readonly string[]): QomObject | undefined {
    let object: QomObject | undefined = from;
    for (const part of parts) {
      if (part !== '') {
        object = object?.step(part);
      }
    }
    return object;
  }

  /** Tries the parts from `from` and from everything below it; two matches spoil each other. */
  #search(from: QomObject, parts: readonly string[]): QomObject | typeof AMBIGUOUS | undefined {
    let found = this.#walk(from, parts) as QomObject | typeof AMBIGUOUS | undefined;
    for (const child of from.children()) {
      const below = this.#search(child, parts);
      if (below === AMBIGUOUS || (below !== undefined && found !== undefined)) {
        return AMBIGUOUS;
      }
      found = below ?? found;
    }
    return found;
  }
}
