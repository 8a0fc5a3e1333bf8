/** Messages of the control queues of a console device (VIRTIO 1.1, 5.3.6.2). */

export const CONTROL_DEVICE_READY = 0;
export const CONTROL_DEVICE_ADD = 1;
export const CONTROL_DEVICE_REMOVE = 2;
export const CONTROL_PORT_READY = 3;
export const CONTROL_CONSOLE_PORT = 4;
export const CONTROL_PORT_OPEN = 6;
export const CONTROL_PORT_NAME = 7;

/** Bytes of a message without what follows it. */
export const CONTROL_BYTES = 8;

export interface ControlMessage {
  /** Number of the port that it is about. */
  readonly port: number;
  readonly event: number;
  readonly value: number;
}

/** @param text follows the message, with its terminator */
export function encodeControl({ port, event, value }: ControlMessage, text?: string): Uint8Array {
  const tail = text === undefined ? new Uint8Array(0) : new TextEncoder().encode(`${text}\0`);
  const bytes = new Uint8Array(CONTROL_BYTES + tail.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, port, true);
  view.setUint16(4, event, true);
  view.setUint16(6, value, true);
  bytes.set(tail, CONTROL_BYTES);
  return bytes;
}

/** Undefined when there are too few bytes. */
export function decodeControl(bytes: Uint8Array): ControlMessage | undefined {
  if (bytes.length < CONTROL_BYTES) {
    return undefined;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, CONTROL_BYTES);
  return { port: view.getUint32(0, true), event: view.getUint16(4, true), value: view.getUint16(6, true) };
}
