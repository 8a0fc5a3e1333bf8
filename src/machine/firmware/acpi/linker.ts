/**
 * Tables that point to each other are handed over unlinked, with a script that says where addresses and checksums
 * belong: `etc/table-loader`, which SeaBIOS carries out (its romfile_loader interface: commands of 128 bytes). Where no BIOS
 * runs, `link` carries it out.
 */
import { checksum, concat, fixedText, u8, u32, viewOf } from '../bytes.ts';

export type Zone = 'high' | 'low';

export type LoaderCommand =
  | { readonly kind: 'allocate'; readonly file: string; readonly alignment: number; readonly zone: Zone }
  /** Adds the address of `source` to what stands at `offset` of `file`, in 4 or 8 bytes. */
  | {
      readonly kind: 'pointer';
      readonly file: string;
      readonly source: string;
      readonly offset: number;
      readonly bytes: 4 | 8;
    }
  | {
      readonly kind: 'checksum';
      readonly file: string;
      readonly offset: number;
      readonly start: number;
      readonly length: number;
    };

const COMMAND_BYTES = 128;
const FILE_NAME_BYTES = 56;
const ALLOCATE = 1;
const ADD_POINTER = 2;
const ADD_CHECKSUM = 3;
const ZONE_CODES = { high: 1, low: 2 } as const;

const fileName = (name: string): Uint8Array => fixedText(name, FILE_NAME_BYTES, '\0');

function encodeCommand(command: LoaderCommand): Uint8Array {
  const bytes = new Uint8Array(COMMAND_BYTES);
  switch (command.kind) {
    case 'allocate':
      bytes.set(
        concat(u32(ALLOCATE), fileName(command.file), u32(command.alignment), u8(ZONE_CODES[command.zone])),
      );
      break;
    case 'pointer':
      bytes.set(
        concat(
          u32(ADD_POINTER),
          fileName(command.file),
          fileName(command.source),
          u32(command.offset),
          u8(command.bytes),
        ),
      );
      break;
    case 'checksum':
      bytes.set(
        concat(u32(ADD_CHECKSUM), fileName(command.file), u32(command.offset, command.start, command.length)),
      );
      break;
  }
  return bytes;
}

export function encodeScript(commands: readonly LoaderCommand[]): Uint8Array {
  return concat(...commands.map(encodeCommand));
}

function addPointer(file: Uint8Array, offset: number, bytes: 4 | 8, address: number): void {
  const view = viewOf(file);
  if (bytes === 4) view.setUint32(offset, view.getUint32(offset, true) + address, true);
  else view.setBigUint64(offset, view.getBigUint64(offset, true) + BigInt(address), true);
}

/** Carries the script out over `files`, which it changes; `addresses` says where each will lie. */
export function link(
  commands: readonly LoaderCommand[],
  files: ReadonlyMap<string, Uint8Array>,
  addresses: ReadonlyMap<string, number>,
): void {
  for (const command of commands) {
    const file = files.get(command.file);
    if (file === undefined)
      throw new RangeError(`The loader script names ${command.file}, which is not there`);
    if (command.kind === 'pointer') {
      addPointer(file, command.offset, command.bytes, addresses.get(command.source) ?? 0);
    } else if (command.kind === 'checksum') {
      file[command.offset] = 0;
      file[command.offset] = checksum(file.subarray(command.start, command.start + command.length));
    }
  }
}
