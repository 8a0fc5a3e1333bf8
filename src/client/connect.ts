/** Opening a QMP session with a machine that runs already. */
import { connect as connectSocket } from 'node:net';
import type { Duplex } from 'node:stream';

import { QmpConnectionClosedError } from './client-error.ts';
import { QmpClient, type QmpClientOptions } from './qmp-client.ts';

/** Where a machine's QMP monitor is: a unix socket, a TCP port, or a stream that leads there. */
export type QmpAddress =
  | { readonly path: string }
  | { readonly host?: string; readonly port: number }
  | { readonly stream: Duplex };

/**
 * Connects, waits for the greeting and negotiates.
 *
 *     await using qmp = await connect({ path: '/run/vm.qmp' });
 *     const { status } = await qmp.execute('query-status');
 *
 * @throws QmpConnectionClosedError when nothing listens there, QmpDeadlineError, QmpProtocolError
 */
export async function connect(address: QmpAddress, options: QmpClientOptions = {}): Promise<QmpClient> {
  if ('stream' in address) {
    return QmpClient.open(address.stream, options);
  }
  const where = 'path' in address ? address.path : `${address.host ?? 'localhost'}:${address.port}`;
  try {
    return await QmpClient.open(connectSocket({ ...address }), options);
  } catch (error) {
    if (error instanceof QmpConnectionClosedError) {
      throw new QmpConnectionClosedError(`the session with ${where} began`, error.cause);
    }
    throw error;
  }
}
