/**
 * What travels between the end of a character device that a guest's device holds and the one that the device itself has,
 * on two threads. Both directions are bounded: see the two ends. `port` is a number that the guest's side gives to each of
 * its ends: several of them may share one multiplexer.
 */

/** How many bytes of input may be on their way to a port or wait at it. */
export const INPUT_WINDOW_BYTES = 4096;

/** An end that a guest's device holds. */
export interface CharacterClaim {
  readonly port: number;
  readonly label: string;
}

/** From the guest's side. */
export type CharacterRequest =
  | ({ readonly kind: 'claimed' } & CharacterClaim)
  | { readonly kind: 'released'; readonly port: number }
  /** To be answered by `taken` once the host has room for more. */
  | { readonly kind: 'output'; readonly port: number; readonly bytes: Uint8Array }
  /** So many bytes of input have been taken by the guest's device since the last of these. */
  | { readonly kind: 'consumed'; readonly port: number; readonly bytes: number };

/** To the guest's side. */
export type CharacterNotice =
  | { readonly kind: 'input'; readonly port: number; readonly bytes: Uint8Array }
  | { readonly kind: 'event'; readonly port: number; readonly event: 'opened' | 'closed' | 'break' }
  | { readonly kind: 'taken'; readonly port: number }
  /** How many front ends a character device still takes; 0 when it is gone. */
  | { readonly kind: 'available'; readonly label: string; readonly frontEnds: number };
