/** A machine with a BIOS: its ROM, and everything that it reads through fw_cfg. */
import type { FirmwareItems } from '../../devices/firmware-items.ts';
import { cmosBootOrder } from '../../devices/isa/cmos-contents.ts';
import { acpiTables, LOADER_FILE, RSDP_FILE, TABLES_FILE } from './acpi/acpi-tables.ts';
import { encodeScript } from './acpi/linker.ts';
import { registerFiles, registerFixedItems } from './bios-items.ts';
import { describeBoard } from './board-facts.ts';
import { currentPmBase } from './direct/chipset-setup.ts';
import { PciConfig } from './direct/pci-config.ts';
import type { Firmware, FirmwareDemand, Platform, StartCause } from './firmware-contract.ts';
import { closeKernel, type KernelChoice } from './kernel-choice.ts';
import { kernelItems } from './option-rom/kernel-items.ts';
import { kernelRom } from './option-rom/kernel-rom.ts';
import { smbiosDemand } from './smbios/smbios-demand.ts';
import type { SmbiosOverrides } from './smbios/smbios-options.ts';
import { smbiosTables } from './smbios/smbios-tables.ts';

const KERNEL_ROM = 'genroms/troupe-kernel.bin';
const CMOS_INDEX = 0x70;
const CMOS_DATA = 0x71;

export interface BiosBootParts {
  readonly bios: Uint8Array;
  readonly biosName: string;
  readonly kernel: KernelChoice | undefined;
  readonly userTables: readonly Uint8Array[];
  readonly smbios: SmbiosOverrides;
}

/** Writes what `-boot order=` says into CMOS: `once=` was for the first boot. */
function endFirstBoot(platform: Platform, { config }: FirmwareDemand): void {
  const { boot, floppySignatureCheck } = config.board;
  if (boot.once === undefined) return;
  for (const [index, value] of cmosBootOrder(boot.order, floppySignatureCheck)) {
    platform.writePort(CMOS_INDEX, 1, index);
    platform.writePort(CMOS_DATA, 1, value);
  }
}

export class BiosBoot implements Firmware {
  readonly bios: Uint8Array;
  readonly biosName: string;
  readonly cmos: ReadonlyMap<number, number> = new Map();
  readonly #demand: FirmwareDemand;
  readonly #parts: BiosBootParts;
  /** After the first reset the order is left alone: a monitor's boot_set counts until the machine ends. */
  #hasReset = false;

  constructor(demand: FirmwareDemand, parts: BiosBootParts) {
    this.bios = parts.bios;
    this.biosName = parts.biosName;
    this.#demand = demand;
    this.#parts = parts;
  }

  registerItems(items: FirmwareItems, platform: Platform): void {
    registerFixedItems(items, this.#demand);
    const firstPaths = this.#registerKernel(items);
    registerFiles(items, this.#demand, firstPaths, platform.bootPaths());
    if (this.#demand.config.board.acpi) this.#registerAcpi(items, platform);
    const { table, entryPoint } = smbiosTables(smbiosDemand(this.#demand, this.#parts.smbios, true));
    items.file('etc/smbios/smbios-tables', table);
    items.file('etc/smbios/smbios-anchor', entryPoint);
  }

  prepare(platform: Platform, cause: StartCause): void {
    if (cause !== 'reset' || this.#hasReset) return;
    this.#hasReset = true;
    endFirstBoot(platform, this.#demand);
  }

  close(): void {
    if (this.#parts.kernel !== undefined) closeKernel(this.#parts.kernel);
  }

  /** The kernel's ROM comes first in the boot order. */
  #registerKernel(items: FirmwareItems): readonly string[] {
    const { kernel } = this.#parts;
    if (kernel === undefined) return [];
    const { pieces, entry, items: contents } = kernelItems(kernel, this.#demand.lowRamBytes);
    for (const { key, contents: bytes } of contents) items.item(key, bytes);
    items.file(KERNEL_ROM, kernelRom(pieces, entry));
    return [`/rom@${KERNEL_ROM}`];
  }

  /** The tables are made anew when they are read: by then the BIOS has placed the power management block. */
  #registerAcpi(items: FirmwareItems, platform: Platform): void {
    const build = () => {
      const pmBase = currentPmBase(new PciConfig(platform));
      return acpiTables(describeBoard(this.#demand, platform, pmBase), this.#parts.userTables);
    };
    const first = build();
    items.file(TABLES_FILE, first.tables, () => build().tables);
    items.file(RSDP_FILE, first.rsdp);
    items.file(LOADER_FILE, encodeScript(first.script), () => encodeScript(build().script));
  }
}
