/** What a guest finds in fw_cfg, read through its ports by whoever can make port accesses. */

const SELECTOR = 0x510;
const DATA = 0x511;
const DIRECTORY = 0x19;
const COUNT_BYTES = 4;
const ENTRY_BYTES = 64;
const ENTRY_KEY = 4;
const ENTRY_NAME = 8;

export interface PortAccess {
  writeWord(port: number, value: number): Promise<void>;
  readBytes(port: number, bytes: number): Promise<Uint8Array>;
}

/** The contents of a named file; undefined when there is none. */
export async function firmwareFile(access: PortAccess, name: string): Promise<Uint8Array | undefined> {
  await access.writeWord(SELECTOR, DIRECTORY);
  const count = Buffer.from(await access.readBytes(DATA, COUNT_BYTES)).readUInt32BE(0);
  for (let index = 0; index < count; index++) {
    const entry = Buffer.from(await access.readBytes(DATA, ENTRY_BYTES));
    if (entry.toString('latin1', ENTRY_NAME).replace(/\0.*$/s, '') === name) {
      await access.writeWord(SELECTOR, entry.readUInt16BE(ENTRY_KEY));
      return access.readBytes(DATA, entry.readUInt32BE(0));
    }
  }
  return undefined;
}
