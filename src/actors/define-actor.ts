import type {
  ActorBehaviour,
  ActorContext,
  ActorContract,
  ActorDefinition,
  ActorLocation,
} from './contract.ts';

/**
 * Declares an actor: where another thread finds it, and how it is created there.
 *
 *     export const clockActor = defineActor<ClockContract, ClockConfig>({
 *       module: import.meta.url,
 *       exportName: 'clockActor',
 *       create: (context, config) => ({ asks: { … }, tells: { … } }),
 *     });
 */
export function defineActor<C extends ActorContract, Config>(
  definition: ActorDefinition<C, Config>,
): ActorDefinition<C, Config> {
  return definition;
}

/** A contract with its types forgotten: what the runtime sees of every actor. */
export interface UntypedContract {
  asks: Record<string, (argument: unknown) => unknown>;
  tells: Record<string, (argument: unknown) => void>;
  events: Record<string, unknown>;
}

export type UntypedContext = ActorContext<UntypedContract>;
export type UntypedBehaviour = ActorBehaviour<UntypedContract>;
export type UntypedDefinition = ActorDefinition<UntypedContract, unknown>;
export type UntypedLocation = ActorLocation<UntypedContract, unknown>;
