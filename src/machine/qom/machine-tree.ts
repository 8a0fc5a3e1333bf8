/** The nodes that every machine has before its board adds to them. */
import { BusObject } from './bus-object.ts';
import { ObjectTree } from './object-tree.ts';
import type { QomObject } from './qom-object.ts';
import { SYSTEM_BUS } from './type-registry.ts';

/** A machine's tree, with the places where devices go. */
export interface MachineTree {
  readonly tree: ObjectTree;
  /** Devices with an id, by that id. */
  readonly peripheral: QomObject;
  /** Devices that the user added without an id. */
  readonly peripheralAnon: QomObject;
  /** The board's own devices that have no other owner. */
  readonly unattached: QomObject;
  readonly systemBus: BusObject;
}

export function createMachineTree(): MachineTree {
  const tree = new ObjectTree();
  const unattached = tree.container('/machine/unattached');
  const systemBus = new BusObject(SYSTEM_BUS, 'main-system-bus');
  unattached.addChild('sysbus', systemBus);
  return {
    tree,
    peripheral: tree.container('/machine/peripheral'),
    peripheralAnon: tree.container('/machine/peripheral-anon'),
    unattached,
    systemBus,
  };
}
