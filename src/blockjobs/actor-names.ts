/** What the actors around a job are called: the supervisor spawns them, the machine asks for them. */

/** The storage actor, as a job refers to it. */
export const STORAGE_REFERENCE = 'storage';

export function blockJobActorName(number: number): string {
  return `block-job-${number}`;
}
