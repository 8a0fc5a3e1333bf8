import { ActorError } from './actor-error.ts';
import type { UntypedDefinition, UntypedLocation } from './define-actor.ts';

/** Imports the module of an actor. Throws `ERR_ACTOR_UNKNOWN` when it exports no such definition. */
export async function loadDefinition({ module, exportName }: UntypedLocation): Promise<UntypedDefinition> {
  const definition: unknown = (await import(module))[exportName];
  if (typeof definition !== 'object' || definition === null || !('create' in definition)) {
    throw new ActorError('ERR_ACTOR_UNKNOWN', `${module} exports no actor called ${exportName}`);
  }
  return definition as UntypedDefinition;
}
