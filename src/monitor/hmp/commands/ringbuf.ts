import { defineHumanCommand } from '../command.ts';
import { chardevLabels } from './chardev.ts';

export const ringbufWrite = defineHumanCommand({
  name: 'ringbuf_write',
  arguments: [
    { name: 'device', kind: 'string', candidates: chardevLabels },
    { name: 'data', kind: 'string' },
  ],
  params: 'device data',
  help: 'write text into a ring buffer character device',
  async run({ services, caller }, { device, data }) {
    await services.executeQmp('ringbuf-write', { device, data }, caller);
    return '';
  },
});

export const ringbufRead = defineHumanCommand({
  name: 'ringbuf_read',
  arguments: [
    { name: 'device', kind: 'string', candidates: chardevLabels },
    { name: 'size', kind: 'int32' },
  ],
  params: 'device size',
  help: 'take up to size bytes out of a ring buffer character device and print them',
  async run({ services, caller }, { device, size }) {
    const data = await services.executeQmp('ringbuf-read', { device, size: Number(size) }, caller);
    return `${printable(data)}\n`;
  },
});

/** Control characters other than line feed and tab as \uXXXX, backslashes doubled. */
function printable(text: string): string {
  return text.replaceAll('\\', '\\\\').replace(/\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0);
    // The C1 controls are no bytes of their own here, but parts of UTF-8 text.
    if (character === '\n' || character === '\t' || code > 0x7f) return character;
    return `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`;
  });
}
