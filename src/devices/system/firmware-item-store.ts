/** What fw_cfg has to tell, as the board and its devices put it together. The device itself only hands it out. */
import { TroupeError } from '../../errors/troupe-error.ts';
import type { FirmwareItems } from '../firmware-items.ts';
import { FW_CFG_FILE_DIRECTORY, FW_CFG_FIRST_FILE, FW_CFG_SIGNATURE } from './fw-cfg-keys.ts';

const MAX_FILES = 256;
const MAX_NAME_BYTES = 55;
/** An entry of the directory: size, selector, two reserved bytes and the name, numbers big-endian. */
const ENTRY_BYTES = 64;
const ENTRY_SELECTOR = 4;
const ENTRY_NAME = 8;

interface FirmwareFile {
  readonly name: string;
  contents: Uint8Array;
  selected: (() => Uint8Array) | undefined;
}

export class FirmwareItemStore implements FirmwareItems {
  readonly #items = new Map<number, Uint8Array>();
  readonly #files: FirmwareFile[] = [];

  constructor() {
    this.item(FW_CFG_SIGNATURE, new TextEncoder().encode('QEMU'));
  }

  item(key: number, contents: Uint8Array): void {
    this.#items.set(key, contents);
  }

  /**
   * A name that is there already gets new contents and keeps its selector.
   * @throws TroupeError `ERR_FIRMWARE_ITEMS` for a name that is too long, or one file too many
   */
  file(name: string, contents: Uint8Array, selected?: () => Uint8Array): void {
    const present = this.#files.find((file) => file.name === name);
    if (present !== undefined) {
      present.contents = contents;
      present.selected = selected;
      return;
    }
    if (Buffer.byteLength(name) > MAX_NAME_BYTES || this.#files.length === MAX_FILES) {
      throw new TroupeError(
        'ERR_FIRMWARE_ITEMS',
        `No room for the firmware file '${name}': at most ${MAX_FILES} files with names of ${MAX_NAME_BYTES} bytes`,
      );
    }
    this.#files.push({ name, contents, selected });
  }

  /** What the guest reads of a key that it has just selected; nothing for one that is not there. */
  select(key: number): Uint8Array {
    if (key === FW_CFG_FILE_DIRECTORY) return this.#directory();
    const file = this.#files[key - FW_CFG_FIRST_FILE];
    if (file === undefined) return this.#items.get(key) ?? new Uint8Array(0);
    if (file.selected !== undefined) file.contents = file.selected();
    return file.contents;
  }

  /** Names of the files, in the order of their selectors. */
  get names(): readonly string[] {
    return this.#files.map(({ name }) => name);
  }

  /** Bytes of each file, by name, in the same order. */
  get sizes(): readonly (readonly [name: string, bytes: number])[] {
    return this.#files.map(({ name, contents }) => [name, contents.length]);
  }

  #directory(): Uint8Array {
    const directory = new Uint8Array(4 + this.#files.length * ENTRY_BYTES);
    const view = new DataView(directory.buffer);
    view.setUint32(0, this.#files.length);
    this.#files.forEach(({ name, contents }, index) => {
      const entry = 4 + index * ENTRY_BYTES;
      view.setUint32(entry, contents.length);
      view.setUint16(entry + ENTRY_SELECTOR, FW_CFG_FIRST_FILE + index);
      new TextEncoder().encodeInto(name, directory.subarray(entry + ENTRY_NAME, entry + ENTRY_BYTES));
    });
    return directory;
  }
}
