/** Chooses what a machine starts with: a BIOS, or a kernel without one (docs/boot.md). */
import { basename } from 'node:path';
import type { MachineConfig } from '../machine-config.ts';
import { userTable } from './acpi/user-tables.ts';
import { BiosBoot } from './bios-boot.ts';
import { DirectBoot } from './direct/direct-boot.ts';
import { haltRom } from './direct/halt-rom.ts';
import type { Firmware, FirmwareDemand } from './firmware-contract.ts';
import { FirmwareError } from './firmware-error.ts';
import { firmwareFolders, readFirmwareFile } from './firmware-files.ts';
import { type KernelChoice, needsNoBios, openKernel } from './kernel-choice.ts';
import { smbiosOverrides } from './smbios/smbios-options.ts';

const DEFAULT_BIOS: readonly string[] = ['bios-256k.bin', 'bios.bin'];
/** Without a host bridge nothing shows more of a BIOS than its last 128 KiB. */
const DEFAULT_ISA_BIOS: readonly string[] = ['bios.bin'];
const BOARD_OF_DIRECT_BOOT = 'pc-i440fx-1.5';
const ROM_UNIT = 0x10000;
const MAX_ROM_BYTES = 0x1000000;

/** What stands in for a BIOS where nothing is to be booted. */
const HALT_ROM = 'troupe-halt.bin';

interface NamedBios {
  readonly bios: Uint8Array;
  readonly biosName: string;
}

/** A BIOS must end at 4 GiB: a file that is no multiple of 64 KiB gets zeros before it. */
function padded(name: string, contents: Uint8Array): Uint8Array {
  if (contents.length === 0 || contents.length > MAX_ROM_BYTES) {
    throw new FirmwareError(
      'ERR_FIRMWARE_BIOS',
      `BIOS ${name}: expected 1 to ${MAX_ROM_BYTES} bytes, not ${contents.length}`,
    );
  }
  const image = new Uint8Array(Math.ceil(contents.length / ROM_UNIT) * ROM_UNIT);
  image.set(contents, image.length - contents.length);
  return image;
}

/** The BIOS of -bios, or SeaBIOS where it is found; undefined when there is none and none was asked for. */
function findBios({ firmware, machine }: MachineConfig): NamedBios | undefined {
  const names = machine === 'isapc' ? DEFAULT_ISA_BIOS : DEFAULT_BIOS;
  for (const name of firmware.bios === undefined ? names : [firmware.bios]) {
    const contents = readFirmwareFile(firmware, name);
    if (contents !== undefined) return { bios: padded(name, contents), biosName: basename(name) };
  }
  if (firmware.bios !== undefined) {
    throw new FirmwareError('ERR_FIRMWARE_BIOS', `Could not load PC BIOS '${firmware.bios}'`);
  }
  return undefined;
}

/** What wants to be booted and cannot be without a BIOS, for the message. */
function whatNeedsBios(config: MachineConfig, kernel: KernelChoice | undefined): string | undefined {
  if (kernel !== undefined) return `-kernel ${kernel.image.file.path}`;
  const drive = config.drives.find(({ drive }) => drive.file !== undefined);
  if (drive !== undefined) return `drive ${drive.drive.id}`;
  return config.firmware.optionRoms[0]?.file;
}

function noBios(config: MachineConfig, wanting: string): FirmwareError {
  return new FirmwareError(
    'ERR_FIRMWARE_BIOS',
    `Booting ${wanting} needs SeaBIOS (${DEFAULT_BIOS.join(' or ')}), which is in none of ` +
      `${firmwareFolders(config.firmware).join(', ')}: install Debian's package seabios, give its folder by -L, ` +
      'or let npm start fetch it',
  );
}

/**
 * The firmware of a machine. Throws FirmwareError for files that cannot be used, and when something is to be booted that needs
 * a BIOS where none is found.
 */
export function createFirmware(demand: FirmwareDemand): Firmware {
  const { config } = demand;
  const { firmware, machine } = config;
  const kernel = openKernel(firmware);
  const parts = {
    userTables: firmware.acpiTables.map(userTable),
    smbios: smbiosOverrides(firmware.smbios),
  };
  const isDirect =
    kernel !== undefined &&
    firmware.bios === undefined &&
    machine === BOARD_OF_DIRECT_BOOT &&
    firmware.optionRoms.length === 0 &&
    needsNoBios(kernel);
  if (isDirect) return new DirectBoot(demand, { kernel, ...parts });
  const found = findBios(config);
  const wanting = whatNeedsBios(config, kernel);
  if (found === undefined && wanting !== undefined) throw noBios(config, wanting);
  return new BiosBoot(demand, { ...(found ?? { bios: haltRom(), biosName: HALT_ROM }), kernel, ...parts });
}
