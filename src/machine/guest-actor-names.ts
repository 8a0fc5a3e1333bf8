/** What the actors of a machine with a board are called: the supervisor spawns them, the machine asks for them. */

export const STORAGE_ACTOR = 'storage';

export function vcpuActorName(index: number): string {
  return `cpu${index}`;
}
