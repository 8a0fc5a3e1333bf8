/** Building the 512 bytes of IDENTIFY DEVICE and IDENTIFY PACKET DEVICE, word by word. */

const WORDS = 256;

export class IdentifyPage {
  readonly bytes = new Uint8Array(WORDS * 2);
  readonly #view = new DataView(this.bytes.buffer);

  word(index: number, value: number): this {
    this.#view.setUint16(index * 2, value, true);
    return this;
  }

  /** Two words, low one first. */
  double(index: number, value: number): this {
    this.#view.setUint32(index * 2, value, true);
    return this;
  }

  /** Four words, low one first. */
  quad(index: number, value: bigint): this {
    this.#view.setBigUint64(index * 2, value, true);
    return this;
  }

  /** ASCII padded with blanks, its characters swapped in pairs as ATA has them (ATA/ATAPI-6, 3.2.9). */
  text(index: number, words: number, text: string): this {
    const padded = text.slice(0, words * 2).padEnd(words * 2);
    for (let at = 0; at < padded.length; at += 2) {
      this.#view.setUint8(index * 2 + at, padded.charCodeAt(at + 1));
      this.#view.setUint8(index * 2 + at + 1, padded.charCodeAt(at));
    }
    return this;
  }
}
