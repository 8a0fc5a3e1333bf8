/** A bus in the object tree: what devices are plugged into. */
import type { DeviceObject } from './device-object.ts';
import { QomObject } from './qom-object.ts';

/** A bus. Its children are links `child[0]`, `child[1]`… in the order of plugging. */
export class BusObject extends QomObject {
  /** `pci.0`, `main-system-bus` */
  readonly busName: string;
  readonly #devices = new Map<string, DeviceObject>();
  #plugged = 0;

  constructor(typeName: string, busName: string) {
    super(typeName);
    this.busName = busName;
  }

  /** Oldest first. */
  devices(): readonly DeviceObject[] {
    return [...this.#devices.values()];
  }

  plug(device: DeviceObject): void {
    const name = `child[${this.#plugged}]`;
    this.#plugged += 1;
    this.#devices.set(name, device);
    this.addLink(name, device.typeName, () => device);
  }

  unplug(device: DeviceObject): void {
    for (const [name, plugged] of this.#devices) {
      if (plugged === device) {
        this.#devices.delete(name);
        this.removeProperty(name);
      }
    }
  }
}
