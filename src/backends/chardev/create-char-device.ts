/** From a configuration to a device: one line a kind. */
import type { CharDevice } from './char-device.ts';
import type { ChardevConfig } from './chardev-config.ts';
import type { ChardevCreation } from './chardev-environment.ts';
import { ChardevError } from './chardev-error.ts';
import { createFileDevice } from './file-device.ts';
import { MemoryDevice } from './memory-device.ts';
import { MsmouseDevice } from './msmouse-device.ts';
import { MuxDevice } from './mux-device.ts';
import { NullDevice } from './null-device.ts';
import { createPipeDevice } from './pipe-device.ts';
import { PtyDevice } from './pty-device.ts';
import { SocketDevice } from './socket-device.ts';
import { createStdioDevice } from './stdio-device.ts';
import { UdpDevice } from './udp-device.ts';
import { VcDevice } from './vc-device.ts';

/**
 * Opens what the device stands for.
 * @param find the devices that exist, for a multiplexer's base
 * Rejects with ChardevError or HostError.
 */
export async function createCharDevice(
  creation: ChardevCreation,
  config: ChardevConfig,
  find: (label: string) => CharDevice | undefined,
): Promise<CharDevice> {
  const { label, filename } = creation;
  switch (config.kind) {
    case 'null':
      return new NullDevice(label, filename);
    case 'memory':
      return new MemoryDevice(label, filename, config.size);
    case 'file':
      return createFileDevice(creation, config);
    case 'pipe':
      return createPipeDevice(creation, config.path);
    case 'stdio':
      return createStdioDevice(creation, config.signal);
    case 'pty':
      return new PtyDevice(creation);
    case 'socket':
      return await SocketDevice.open(creation, config);
    case 'udp':
      return await UdpDevice.open(creation, config);
    case 'msmouse':
      return new MsmouseDevice(label, filename);
    case 'vc':
      return new VcDevice(creation, config);
    case 'mux': {
      const base = find(config.chardev);
      if (base === undefined) {
        throw new ChardevError('ERR_CHARDEV_CONFIG', `mux: base chardev ${config.chardev} not found`);
      }
      return new MuxDevice(creation, base);
    }
  }
}
