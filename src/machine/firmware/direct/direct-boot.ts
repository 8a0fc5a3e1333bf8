/**
 * Boots a kernel with no BIOS on the machine: does a BIOS's work from outside before the processors start, and leaves to
 * the boot ROM what only a processor can do.
 */
import { acpiTables, RSDP_FILE, TABLES_FILE } from '../acpi/acpi-tables.ts';
import { link } from '../acpi/linker.ts';
import { FACS_WAKING_VECTOR_OFFSET } from '../acpi/small-tables.ts';
import { describeBoard } from '../board-facts.ts';
import { viewOf } from '../bytes.ts';
import { type E820Entry, systemMap } from '../e820.ts';
import type { Firmware, FirmwareDemand, Platform, StartCause } from '../firmware-contract.ts';
import { FirmwareError } from '../firmware-error.ts';
import { closeKernel, type KernelChoice } from '../kernel-choice.ts';
import type { KernelEntry, LoadPiece, LoadPlan } from '../load-plan.ts';
import { INFORMATION_ADDRESS, MULTIBOOT_EAX, multibootInformation } from '../multiboot-information.ts';
import { smbiosDemand } from '../smbios/smbios-demand.ts';
import type { SmbiosOverrides } from '../smbios/smbios-options.ts';
import { smbiosTables } from '../smbios/smbios-tables.ts';
import { writeBiosData } from './bios-data.ts';
import { ACTIONS, type BootRom, bootRom, NO_VGA, ROM_BASE, ROM_BYTES, ROM_SEGMENT } from './boot-rom.ts';
import { openShadowRam, PM_BASE, setUpChipset } from './chipset-setup.ts';
import { placeFixedTables, RSDP_ADDRESS } from './fixed-tables.ts';
import { linuxPlan } from './linux-plan.ts';
import { PciConfig } from './pci-config.ts';
import { type PciFunctionPlace, withExpansionRom } from './pci-resources.ts';

export interface DirectBootParts {
  readonly kernel: KernelChoice;
  readonly userTables: readonly Uint8Array[];
  readonly smbios: SmbiosOverrides;
}

const CLASS_VGA = 0x0300;
const OPTION_ROM_ADDRESS = 0xc0000;
const OPTION_ROM_BLOCK = 512;
const OPTION_ROM_LIMIT = 0x20000;

interface TablesInRam {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly rsdp: Uint8Array;
  readonly facs: number;
}

export class DirectBoot implements Firmware {
  readonly bios: Uint8Array;
  readonly biosName = 'troupe-boot.bin';
  readonly cmos: ReadonlyMap<number, number> = new Map();
  readonly #demand: FirmwareDemand;
  readonly #parts: DirectBootParts;
  readonly #rom: BootRom;

  constructor(demand: FirmwareDemand, parts: DirectBootParts) {
    this.#demand = demand;
    this.#parts = parts;
    this.#rom = bootRom();
    this.bios = this.#rom.image;
  }

  /** A guest that boots like this reads no fw_cfg, except for what the device itself says. */
  registerItems(): void {}

  prepare(platform: Platform, cause: StartCause): void {
    const config = new PciConfig(platform);
    openShadowRam(config);
    const functions = setUpChipset(platform, config, this.#demand.lowRamBytes);
    const tables = this.#demand.config.board.acpi ? this.#tables(platform) : undefined;
    const vector = cause === 'resume' && tables !== undefined ? wakingVector(platform, tables.facs) : 0;
    if (vector !== 0) this.#wake(platform, vector);
    else this.#start(platform, config, functions, tables);
  }

  close(): void {
    closeKernel(this.#parts.kernel);
  }

  /** The tables lie at the end of RAM below 4 GiB. */
  #tables(platform: Platform): TablesInRam {
    const built = acpiTables(describeBoard(this.#demand, platform, PM_BASE), this.#parts.userTables);
    const address = this.#demand.lowRamBytes - built.tables.length;
    link(
      built.script,
      new Map([
        [TABLES_FILE, built.tables],
        [RSDP_FILE, built.rsdp],
      ]),
      new Map([
        [TABLES_FILE, address],
        [RSDP_FILE, RSDP_ADDRESS],
      ]),
    );
    return {
      address,
      bytes: built.tables,
      rsdp: built.rsdp,
      facs: address + (built.offsets.get('FACS') ?? 0),
    };
  }

  #start(
    platform: Platform,
    config: PciConfig,
    functions: readonly PciFunctionPlace[],
    tables: TablesInRam | undefined,
  ): void {
    writeBiosData(platform, ROM_SEGMENT, this.#rom.ignoreInterrupt);
    const vga = copyGraphicsRom(platform, config, functions);
    if (tables !== undefined) platform.writeMemory(tables.address, tables.bytes);
    const plan = this.#plan(tables, vga !== NO_VGA);
    for (const piece of plan.pieces) load(platform, piece);
    const present = this.#demand.apicIds.filter((_, index) => platform.isCpuPresent(index));
    const rom = this.#copyForStart(plan.entry, vga, present.length - 1);
    placeFixedTables(rom, {
      rsdp: tables?.rsdp,
      smbios: smbiosTables(smbiosDemand(this.#demand, this.#parts.smbios, false)),
      apicIds: present,
    });
    platform.writeMemory(ROM_BASE, rom);
  }

  #copyForStart(entry: KernelEntry, vga: number, otherCpus: number): Uint8Array {
    const rom = this.#rom.image.slice();
    const view = viewOf(rom);
    const at = this.#rom.parameters;
    view.setUint32(at.otherCpus, otherCpus, true);
    view.setUint16(at.vga, vga, true);
    view.setUint32(at.action, ACTIONS.enter, true);
    view.setUint32(at.entry, entry.eip, true);
    view.setUint32(at.eax, entry.eax, true);
    view.setUint32(at.ebx, entry.ebx, true);
    view.setUint32(at.esi, entry.esi, true);
    return rom;
  }

  /** The ROM's copy with its tables has stayed in RAM; only what to do changes. */
  #wake(platform: Platform, vector: number): void {
    const at = this.#rom.parameters;
    const put = (offset: number, value: number, size: 2 | 4): void => {
      const bytes = new Uint8Array(size);
      if (size === 4) viewOf(bytes).setUint32(0, value, true);
      else viewOf(bytes).setUint16(0, value, true);
      platform.writeMemory(ROM_BASE + offset, bytes);
    };
    put(at.readyCpus, 0, 4);
    put(at.vga, NO_VGA, 2);
    put(at.action, ACTIONS.wake, 4);
    put(at.wakeOffset, vector & 0xf, 2);
    put(at.wakeSegment, vector >>> 4, 2);
  }

  #plan(tables: TablesInRam | undefined, textMode: boolean): LoadPlan {
    const { kernel } = this.#parts;
    const usableEnd = tables?.address ?? this.#demand.lowRamBytes;
    const map = this.#map(usableEnd);
    if (kernel.kind === 'linux') {
      const rsdp = tables === undefined ? undefined : RSDP_ADDRESS;
      return linuxPlan({ ...kernel, map, usableEnd, rsdp, textMode });
    }
    const { pieces } = multibootInformation({ ...kernel, map, lowRamEnd: usableEnd });
    return {
      pieces: [...kernel.image.pieces, ...pieces],
      entry: { eip: kernel.image.entry, eax: MULTIBOOT_EAX, ebx: INFORMATION_ADDRESS, esi: 0 },
    };
  }

  #map(usableEnd: number): readonly E820Entry[] {
    const { lowRamBytes, highRamBytes } = this.#demand;
    return systemMap({ lowRamBytes, highRamBytes, tableBytes: lowRamBytes - usableEnd, romBytes: ROM_BYTES });
  }
}

/** Real-mode address at which a sleeping system wants to wake, or 0. */
function wakingVector(platform: Platform, facs: number): number {
  return viewOf(platform.readMemory(facs + FACS_WAKING_VECTOR_OFFSET, 4)).getUint32(0, true);
}

/** Copies the ROM of the first graphics card to C0000H; gives the card's place for the ROM's entry, or NO_VGA. */
function copyGraphicsRom(
  platform: Platform,
  config: PciConfig,
  functions: readonly PciFunctionPlace[],
): number {
  for (const place of functions) {
    if (place.class !== CLASS_VGA || place.rom === undefined) continue;
    const { address } = place.rom;
    const bytes = Math.min(place.rom.bytes, OPTION_ROM_LIMIT);
    const contents = withExpansionRom(config, { ...place, rom: place.rom }, () =>
      platform.readMemory(address, bytes),
    );
    if (contents[0] !== 0x55 || contents[1] !== 0xaa) continue;
    const used = Math.min((contents[2] ?? 0) * OPTION_ROM_BLOCK, contents.length);
    platform.writeMemory(OPTION_ROM_ADDRESS, contents.subarray(0, used));
    return place.devfn;
  }
  return NO_VGA;
}

/** Puts a piece into RAM. Throws `ERR_FIRMWARE_KERNEL` where there is none. */
function load(platform: Platform, piece: LoadPiece): void {
  const target = platform.ram(piece.address, piece.bytes);
  if (target === undefined) {
    throw new FirmwareError(
      'ERR_FIRMWARE_KERNEL',
      `The kernel wants ${piece.bytes} bytes at ${piece.address.toString(16)}H, where there is no RAM; give the machine more (-m)`,
    );
  }
  if (piece.contents === undefined) target.fill(0);
  else if (piece.contents instanceof Uint8Array) target.set(piece.contents);
  else piece.contents.file.readInto(piece.contents.offset, target);
  platform.noteWrite(piece.address, piece.bytes);
}
