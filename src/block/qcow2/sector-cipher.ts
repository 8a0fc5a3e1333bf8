/**
 * The old encryption of qcow2 (qcow2.txt, crypt method 1): AES-128-CBC, each sector of 512 bytes for itself, with the sector's
 * number on the guest's disk as its first vector. The key is the password, cut or filled up with zeros to 16 bytes. It keeps
 * out nobody who means it (patterns and changes can be seen, and no password is too weak); it is here for images that have it.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { byteLengthOf } from '../../host/file-transfer.ts';
import type { Views } from '../block-node.ts';

export const CIPHER_SECTOR_BYTES = 512;
const KEY_BYTES = 16;
const VECTOR_BYTES = 16;
const ALGORITHM = 'aes-128-cbc';

export class SectorCipher {
  readonly #key = new Uint8Array(KEY_BYTES);

  constructor(password: string) {
    this.#key.set(Buffer.from(password).subarray(0, KEY_BYTES));
  }

  /** What is to be written for `views` at `offset` of the disk. Both are whole sectors. */
  encrypt(offset: number, views: Views): Uint8Array {
    const plain = Buffer.concat(views, byteLengthOf(views));
    this.#transform(offset, plain, createCipheriv);
    return plain;
  }

  /** Makes readable what was read. */
  decrypt(offset: number, bytes: Uint8Array): void {
    this.#transform(offset, bytes, createDecipheriv);
  }

  #transform(
    offset: number,
    bytes: Uint8Array,
    create: typeof createCipheriv | typeof createDecipheriv,
  ): void {
    const vector = new Uint8Array(VECTOR_BYTES);
    const view = new DataView(vector.buffer);
    for (let at = 0; at < bytes.length; at += CIPHER_SECTOR_BYTES) {
      view.setBigUint64(0, BigInt((offset + at) / CIPHER_SECTOR_BYTES), true);
      const cipher = create(ALGORITHM, this.#key, vector).setAutoPadding(false);
      bytes.set(cipher.update(bytes.subarray(at, at + CIPHER_SECTOR_BYTES)), at);
    }
  }
}
