/** Posts many writes, then asks, and reports the answer. */
import { parentPort, workerData } from 'node:worker_threads';
import { MAILBOX_PORT_IN, MAILBOX_PORT_OUT } from '../../src/memory/layout.ts';
import { MailboxSender } from '../../src/memory/mailbox.ts';

const { memory, posted } = workerData as { memory: WebAssembly.Memory; posted: number };
const sender = new MailboxSender(memory, 0);
for (let i = 0; i < posted; i++)
  sender.post({ kind: MAILBOX_PORT_OUT, size: 1, low: 0x80, high: 0, value: i });
parentPort?.postMessage(sender.ask({ kind: MAILBOX_PORT_IN, size: 4, low: 0xcfc, high: 0, value: 0 }));
