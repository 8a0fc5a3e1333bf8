import type { WireError } from './error-codec.ts';

/**
 * What travels between two threads. Arrays rather than objects, since they are cheaper to clone; the value that a user
 * gave, if there is one, comes last. Actors are known by number, which is theirs across restarts; numbers of calls,
 * references and subscriptions are drawn by the thread that asks.
 */
export const Op = {
  ask: 0,
  answer: 1,
  reject: 2,
  tell: 3,
  tellCredit: 4,
  subscribe: 5,
  cancel: 6,
  event: 7,
  eventCredit: 8,
  overflow: 9,
  down: 10,
  wake: 11,
  forget: 12,
  subscribed: 13,
} as const;

export type AskMessage = [op: typeof Op.ask, actor: number, call: number, method: string, argument: unknown];
export type AnswerMessage = [op: typeof Op.answer, call: number, result: unknown];
export type RejectMessage = [op: typeof Op.reject, call: number, error: WireError];
export type TellMessage = [
  op: typeof Op.tell,
  actor: number,
  reference: number,
  method: string,
  argument: unknown,
];
/** `count` tells of that reference have been handled. */
export type TellCreditMessage = [op: typeof Op.tellCredit, reference: number, count: number];
export type SubscribeMessage = [op: typeof Op.subscribe, actor: number, subscription: number, event: string];
export type CancelMessage = [op: typeof Op.cancel, subscription: number];
export type EventMessage = [op: typeof Op.event, subscription: number, payload: unknown];
/** From now on that subscription is given what the actor emits. */
export type SubscribedMessage = [op: typeof Op.subscribed, subscription: number];
/** The subscriber has drained `count` events. */
export type EventCreditMessage = [op: typeof Op.eventCredit, subscription: number, count: number];
/** The emitter has ended the subscription because it was not drained. */
export type OverflowMessage = [op: typeof Op.overflow, subscription: number];
/** That life of the actor is over; `cause` is undefined when it was stopped in good order. */
export type DownMessage = [op: typeof Op.down, actor: number, incarnation: number, cause: string | undefined];
/** No more tells will come through that reference. */
export type ForgetMessage = [op: typeof Op.forget, reference: number];
/** From now on bump and notify this word after each message, because the thread sleeps on it. */
export type WakeMessage = [op: typeof Op.wake, index: number, words: Int32Array];

export type WireMessage =
  | AskMessage
  | AnswerMessage
  | RejectMessage
  | TellMessage
  | TellCreditMessage
  | SubscribeMessage
  | CancelMessage
  | EventMessage
  | EventCreditMessage
  | OverflowMessage
  | DownMessage
  | WakeMessage
  | ForgetMessage
  | SubscribedMessage;

/** An actor that another one holds a reference to, as its thread is told of it. */
export interface TargetInfo {
  readonly id: number;
  readonly name: string;
  readonly thread: string;
  readonly incarnation: number;
  readonly up: boolean;
}

/** One life of one actor, as the thread that is to host it is told of it. */
export interface CreateRequest {
  readonly id: number;
  readonly name: string;
  readonly incarnation: number;
  readonly config: unknown;
  readonly dependencies: readonly TargetInfo[];
}
