/** The bus of a virtio-serial controller: what a port that is plugged into it gives and gets. */
import type { BoardServices } from '../board-services.ts';
import type { CharacterPort } from '../character-port.ts';
import type { DeviceState } from '../device-class.ts';

/** Type name of the bus. */
export const VIRTIO_SERIAL_BUS = 'virtio-serial-bus';
/** `nr` of a port that takes the first free number. */
export const ANY_PORT = 0xffffffff;

export interface SerialPortOptions {
  /** Its number on the controller, or ANY_PORT. */
  readonly number: number;
  /** What the guest's /dev/virtio-ports shows; empty: none. */
  readonly name: string;
  /** The guest makes a console of it (hvc0…). */
  readonly isConsole: boolean;
}

/** A port as the device that made it sees it. */
export interface PluggedPort {
  /** Its number on the controller. */
  readonly number: number;
  /** Both sides and the flow, for `info qtree`. */
  status(): { readonly guestOpen: boolean; readonly hostOpen: boolean; readonly throttled: boolean };
  reset(): void;
  save(): DeviceState;
  restore(state: DeviceState): void;
  /** Takes the port off the controller; the guest is told. */
  remove(): void;
}

export interface VirtioSerialPorts extends BoardServices {
  /**
   * @param openCharacter gives the character device, once the port has its place; undefined: what the guest writes is lost
   * @throws VirtioConfigError when the number is taken, reserved or out of range, or the name is taken
   */
  addPort(options: SerialPortOptions, openCharacter: () => CharacterPort | undefined): PluggedPort;
}
