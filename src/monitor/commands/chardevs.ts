/** Commands about character devices. */
import { readRingbuf, ringbufOf, writeRingbuf } from '../../backends/chardev/ringbuf-commands.ts';
import type { CommandEntry } from '../command-definition.ts';
import { defineCommand } from '../command-definition.ts';
import { chardevConfig } from './chardev-backend.ts';

const PTY_PREFIX = 'pty:';

export const chardevCommands: readonly CommandEntry[] = [
  defineCommand('query-chardev', (_args, { services }) =>
    services.chardevs.list().map(({ label, filename }) => ({ label, filename })),
  ),

  defineCommand('chardev-add', async ({ id, backend }, { services, caller }) => {
    const device = await services.chardevs.add(id, chardevConfig(backend), {
      caller,
      origin: 'monitor',
    });
    return backend.type === 'pty' ? { pty: device.filename.slice(PTY_PREFIX.length) } : {};
  }),

  defineCommand('chardev-remove', async ({ id }, { services }) => {
    await services.chardevs.remove(id);
    return {};
  }),

  defineCommand('ringbuf-write', ({ device, data, format }, { services }) => {
    writeRingbuf(ringbufOf(services.chardevs.find(device), device), data, format ?? 'utf8');
    return {};
  }),

  defineCommand('ringbuf-read', ({ device, size, format }, { services }) =>
    readRingbuf(ringbufOf(services.chardevs.find(device), device), size, format ?? 'utf8'),
  ),
];
