import { closeSync, openSync, writeSync } from 'node:fs';
import type { ActorContext, ActorRef } from '../../src/actors/contract.ts';
import { defineActor } from '../../src/actors/define-actor.ts';
import { beat } from '../../src/actors/this-thread.ts';
import { onThreadExit } from '../../src/actors/thread-exit.ts';
import { TroupeError } from '../../src/errors/troupe-error.ts';
import type { LoopContract } from './loop-actor.ts';

/** An actor that does on request whatever a test needs an actor to do, good or bad. */
export interface ProbeContract {
  asks: {
    echo(value: unknown): unknown;
    add(terms: { a: number; b: number }): Promise<number>;
    /** Emits `tick` for 0 … before-1, answers, then emits the next `after` ones. */
    ticks(counts: { before: number; after: number }): number;
    never(argument: null): Promise<null>;
    /** Answers when told to `release`. */
    held(argument: null): Promise<string>;
    throwTyped(argument: null): null;
    throwPlain(message: string): null;
    throwString(message: string): null;
    rejectLater(message: string): Promise<null>;
    uncloneable(argument: null): unknown;
    told(argument: null): unknown[];
    lives(argument: null): number;
    beat(argument: null): null;
    block(words: Int32Array): null;
    /** Asks `echo` of another probe, which this one depends on. */
    relay(request: { to: string; value: unknown }): Promise<unknown>;
    relayNever(to: string): Promise<string>;
    /** Asks `turns` of the loop actor, which this one depends on. */
    askTurns(to: string): Promise<number>;
    listen(to: string): null;
    /** The same without a handler for the end of the subscription. */
    listenCarelessly(to: string): null;
    heard(argument: null): unknown[];
    undeclared(name: string): null;
    onExit(file: string): null;
  };
  tells: {
    note(value: unknown): void;
    noteLater(value: unknown): void;
    release(argument: null): void;
    crash(message: string): void;
    crashAsync(message: string): void;
    crashInTimer(message: string): void;
    crashInMicrotask(message: string): void;
    fail(message: string): void;
    exit(code: number): void;
    /** Blocks the thread until word 0 becomes nonzero; word 1 is set and notified when it begins. */
    hang(words: Int32Array): void;
  };
  events: { tick: number; said: unknown };
}

export interface ProbeConfig {
  /** How often it has been created: one word that outlives its lives. */
  lives?: Int32Array;
  failCreation?: string;
  failCreationFrom?: number;
  hangCreation?: boolean;
  /** Listens to this actor from its creation on. */
  listenTo?: string;
  /** Where to write one line when stopped. */
  journal?: string;
  stopNever?: boolean;
  stopThrows?: string;
}

class ProbeError extends TroupeError {
  override readonly name = 'ProbeError';
}

export function appendLine(file: string, line: string): void {
  const descriptor = openSync(file, 'a');
  writeSync(descriptor, `${line}\n`);
  closeSync(descriptor);
}

async function create(context: ActorContext<ProbeContract>, config: ProbeConfig) {
  const life = config.lives === undefined ? 1 : Atomics.add(config.lives, 0, 1) + 1;
  if (config.failCreation !== undefined && life >= (config.failCreationFrom ?? 1)) {
    throw new ProbeError('ERR_PROBE_CREATION', config.failCreation);
  }
  if (config.hangCreation) {
    await new Promise(() => undefined);
  }
  const notes: unknown[] = [];
  const heard: unknown[] = [];
  const holders: ((text: string) => void)[] = [];
  const peer = (name: string): ActorRef<ProbeContract> => context.ref<ProbeContract>(name);
  if (config.listenTo !== undefined) {
    peer(config.listenTo).subscribe('tick', (tick) => heard.push(tick));
  }
  return {
    asks: {
      echo: (value: unknown) => value,
      add: async ({ a, b }: { a: number; b: number }) => a + b,
      ticks({ before, after }: { before: number; after: number }) {
        for (let tick = 0; tick < before; tick++) {
          context.emit('tick', tick);
        }
        queueMicrotask(() => {
          for (let tick = before; tick < before + after; tick++) {
            context.emit('tick', tick);
          }
        });
        return before;
      },
      never: () => new Promise<null>(() => undefined),
      held: () => new Promise<string>((resolve) => holders.push(resolve)),
      throwTyped(): null {
        throw new ProbeError('ERR_PROBE', 'Drive ide0 is gone', {
          errorClass: 'DeviceNotFound',
          cause: new Error('no medium', { cause: new Error('tray open') }),
        });
      },
      throwPlain(message: string): null {
        throw new RangeError(message);
      },
      throwString(message: string): null {
        throw message;
      },
      rejectLater: async (message: string): Promise<null> => {
        await null;
        throw new Error(message);
      },
      uncloneable: () => () => 1,
      told: () => notes,
      lives: () => life,
      beat() {
        beat();
        return null;
      },
      block(words: Int32Array) {
        Atomics.wait(words, 0, 0);
        return null;
      },
      relay: ({ to, value }: { to: string; value: unknown }) => peer(to).ask('echo', value),
      relayNever: (to: string) =>
        peer(to)
          .ask('never', null)
          .then(
            () => 'answered',
            (error: { code: string }) => error.code,
          ),
      askTurns: (to: string) => context.ref<LoopContract>(to).ask('turns', null),
      listen(to: string) {
        peer(to).subscribe(
          'tick',
          (tick) => heard.push(tick),
          (error) => heard.push(error instanceof TroupeError ? error.code : 'ended'),
        );
        return null;
      },
      listenCarelessly(to: string) {
        peer(to).subscribe('tick', (tick) => heard.push(tick));
        return null;
      },
      heard: () => heard,
      undeclared(name: string) {
        context.ref(name);
        return null;
      },
      onExit(file: string) {
        onThreadExit(() => appendLine(file, `exit ${context.name}`));
        return null;
      },
    },
    tells: {
      note: (value: unknown) => {
        notes.push(value);
        context.emit('said', value);
      },
      noteLater: async (value: unknown) => {
        await new Promise<string>((resolve) => holders.push(resolve));
        notes.push(value);
      },
      release() {
        for (const resolve of holders.splice(0)) {
          resolve('released');
        }
      },
      crash(message: string): void {
        throw new Error(message);
      },
      crashAsync: async (message: string): Promise<void> => {
        await null;
        throw new Error(message);
      },
      crashInTimer(message: string) {
        setTimeout(() => {
          throw new Error(message);
        }, 0);
      },
      crashInMicrotask(message: string) {
        void Promise.reject(new Error(message));
      },
      fail: (message: string) => context.fail(new Error(message)),
      exit: (code: number) => process.exit(code),
      hang(words: Int32Array) {
        Atomics.store(words, 1, 1);
        Atomics.notify(words, 1);
        while (Atomics.load(words, 0) === 0) {
          Atomics.wait(words, 0, 0, 100);
        }
      },
    },
    async stop() {
      if (config.journal !== undefined) {
        appendLine(config.journal, `stop ${context.name} ${context.signal.aborted}`);
      }
      if (config.stopThrows !== undefined) {
        throw new Error(config.stopThrows);
      }
      if (config.stopNever) {
        await new Promise(() => undefined);
      }
    },
  };
}

export const probe = defineActor<ProbeContract, ProbeConfig>({
  module: import.meta.url,
  exportName: 'probe',
  create,
});

/** Claims to be exported under a name that it is not. */
export const misplaced = defineActor<ProbeContract, ProbeConfig>({
  module: import.meta.url,
  exportName: 'nowhere',
  create,
});
