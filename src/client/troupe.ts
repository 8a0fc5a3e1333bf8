/**
 * Troupe for other programs: start a machine, or connect to one, and drive it through typed QMP.
 *
 *     import { launch } from 'troupe';
 *
 *     await using machine = await launch(['-S', '-nodefaults']);
 *     const running = machine.qmp.waitForEvent('RESUME');
 *     await machine.execute('cont');
 *     await running;
 */
// biome-ignore-all lint/performance/noBarrelFile: this is the package's one entry, and nothing inside imports it

export { TroupeError } from '../errors/troupe-error.ts';
export { QmpFloat, type QmpJson, type QmpObject } from '../qapi/json-value.ts';
export type { QmpCommands, QmpEvents } from '../qapi/qmp-types.generated.ts';
export type { ProcessExit } from './child-process.ts';
export {
  LaunchError,
  QmpCommandError,
  QmpConnectionClosedError,
  QmpDeadlineError,
  QmpEventOverflowError,
  QmpProtocolError,
} from './client-error.ts';
export { connect, type QmpAddress } from './connect.ts';
export type { WaitOptions } from './deadline.ts';
export type { EventQueue } from './event-queue.ts';
export { type LaunchOptions, launch } from './launch.ts';
export type { Machine } from './machine.ts';
export type { QmpClient, QmpClientOptions, WaitForEventOptions } from './qmp-client.ts';
export type { QmpEvent, QmpGreeting } from './qmp-protocol.ts';
