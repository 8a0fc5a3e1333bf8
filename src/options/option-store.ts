import { OptionError } from './option-error.ts';
import type { OptionGroup } from './option-group.ts';
import { checkParameter, parseGroupText } from './option-group.ts';
import { findOptionGroup } from './option-groups.ts';
import type { OptionPair } from './option-list.ts';
import { checkId } from './option-list.ts';

/** One item of a group: what one `-chardev`, or one section of a configuration file, has said. */
export interface OptionItem {
  readonly group: OptionGroup;
  readonly id: string | undefined;
  /** Where it was first given, for error messages: `-chardev null,id=a` or `vm.cfg:7`. */
  readonly origin: string;
  readonly values: readonly OptionPair[];
}

interface MutableItem extends OptionItem {
  readonly values: OptionPair[];
}

/** All items of all groups in the order in which they were given. Errors are OptionError with the reference's texts. */
export class OptionStore {
  readonly #items: MutableItem[] = [];

  /** Every item, in the order given. */
  items(): readonly OptionItem[] {
    return this.#items;
  }

  /** The items of one group, in the order given. */
  itemsOf(group: string): OptionItem[] {
    return this.#items.filter((item) => item.group.name === group);
  }

  /**
   * Makes an item. A group that merges gives its one item instead.
   * Throws `ERR_OPTION_DUPLICATE_ID` when the group has an item of this id, and when the id is malformed.
   */
  create(groupName: string, id: string | undefined, origin: string): OptionItem {
    return this.#create(findOptionGroup(groupName), id, origin);
  }

  /** Adds a pair to an item, after checking it against the group. */
  set(item: OptionItem, key: string, value: string): void {
    checkParameter(item.group, [key, value]);
    this.#mutable(item).values.push([key, value]);
  }

  /** Makes an item from an option list; the list is checked before anything is stored. */
  parse(groupName: string, text: string, origin: string): OptionItem {
    const group = findOptionGroup(groupName);
    const { id, values } = parseGroupText(group, text);
    const item = this.#create(group, id, origin);
    item.values.push(...values);
    return item;
  }

  /** The item of this id. Throws `there is no chardev "x" defined`. */
  find(groupName: string, id: string): OptionItem {
    const group = findOptionGroup(groupName);
    const item = this.#items.find((candidate) => candidate.group === group && candidate.id === id);
    if (item === undefined) {
      throw new OptionError('ERR_OPTION_UNKNOWN_ITEM', `there is no ${groupName} "${id}" defined`);
    }
    return item;
  }

  #create(group: OptionGroup, id: string | undefined, origin: string): MutableItem {
    if (id !== undefined) {
      checkId(id);
    }
    const existing = this.#items.find((item) => item.group === group && item.id === id);
    if (existing !== undefined && group.mergesItems) {
      return existing;
    }
    if (existing !== undefined && id !== undefined) {
      throw new OptionError('ERR_OPTION_DUPLICATE_ID', `Duplicate ID '${id}' for ${group.name}`);
    }
    const item: MutableItem = { group, id, origin, values: [] };
    this.#items.push(item);
    return item;
  }

  #mutable(item: OptionItem): MutableItem {
    const own = this.#items.find((candidate) => candidate === item);
    if (own === undefined) {
      throw new OptionError(
        'ERR_OPTION_UNKNOWN_ITEM',
        `there is no ${item.group.name} "${item.id ?? ''}" here`,
      );
    }
    return own;
  }
}
