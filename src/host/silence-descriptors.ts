/** Taking the descriptors of a thread that is about to be ended by force. */
import { O_CLOEXEC, redirect } from './descriptor.ts';
import { DescriptorRecord } from './descriptor-record.ts';
import { lastError } from './host-error.ts';
import { libc } from './libc.ts';

const PIPE_ENDS = 2;

/**
 * Puts a pipe that nobody writes to in the place of every descriptor on record: peers see the end of their connections,
 * and nothing becomes ready for the thread any more. koffi aborts the process when a poll callback is due in a thread
 * that is being terminated. The numbers stay taken until the thread's successor closes them.
 *
 * @param buffer the thread's `DescriptorRecord`
 * Throws HostError.
 */
export function silenceDescriptors(buffer: SharedArrayBuffer): void {
  const ends = new Int32Array(PIPE_ENDS);
  if (libc().pipe2(ends, O_CLOEXEC) < 0) {
    throw lastError('pipe2');
  }
  // The writing end stays open for good: without a writer the reading end would be ready for ever.
  const [neverReady = -1] = ends;
  for (const fd of new DescriptorRecord(buffer).list()) {
    redirect(neverReady, fd, O_CLOEXEC);
  }
  libc().close(neverReady);
}
