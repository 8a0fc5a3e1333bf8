/** What a BIOS learns of the machine through fw_cfg, beside its kernel and its ACPI tables. */
import { basename } from 'node:path';
import type { FirmwareItems } from '../../devices/firmware-items.ts';
import {
  FW_CFG_BOOT_DEVICE,
  FW_CFG_BOOT_MENU,
  FW_CFG_CPUS,
  FW_CFG_HPET,
  FW_CFG_IRQ0_OVERRIDE,
  FW_CFG_MAX_CPUS,
  FW_CFG_NO_GRAPHIC,
  FW_CFG_NUMA,
  FW_CFG_RAM_SIZE,
  FW_CFG_UUID,
} from '../../devices/system/fw-cfg-keys.ts';
import type { MachineConfig, OptionRom } from '../machine-config.ts';
import { HPET_ADDRESS } from './acpi/board-description.ts';
import { cpuNodes, nodeMemory } from './board-facts.ts';
import { bootOrderFile } from './boot-order.ts';
import { concat, u8, u16, u32, u64 } from './bytes.ts';
import { encodeE820, ramMap } from './e820.ts';
import type { BootPath, FirmwareDemand } from './firmware-contract.ts';
import { FirmwareError } from './firmware-error.ts';
import { readFirmwareFile } from './firmware-files.ts';

const HPET_BLOCK_ID = 0x8086a201;
const HPET_MINIMUM_TICK = 100;
const HPET_ENTRIES = 8;
const HPET_ENTRY_BYTES = 15;

function hpetItem(): Uint8Array {
  const entry = concat(u32(HPET_BLOCK_ID), u64(HPET_ADDRESS), u16(HPET_MINIMUM_TICK), u8(0));
  return concat(u8(1), entry, new Uint8Array((HPET_ENTRIES - 1) * HPET_ENTRY_BYTES));
}

/** Number of nodes, the node of each vCPU that can be, the bytes of each node. */
function numaItem(config: MachineConfig): Uint8Array {
  const nodes = config.board.numaNodes;
  if (nodes.length === 0) return u64(0, ...Array.from({ length: config.smp.maxCpus }, () => 0));
  return u64(nodes.length, ...cpuNodes(config), ...nodeMemory(config));
}

function uuidBytes(uuid: string): Uint8Array {
  return Uint8Array.from(Buffer.from(uuid.replaceAll('-', ''), 'hex'));
}

/** Items with fixed keys. `apicIds` are those of all vCPUs that can be. */
export function registerFixedItems(items: FirmwareItems, { config, apicIds }: FirmwareDemand): void {
  const { boot } = config.board;
  items.item(FW_CFG_UUID, uuidBytes(config.uuid));
  items.item(FW_CFG_RAM_SIZE, u64(config.ramBytes));
  items.item(FW_CFG_NO_GRAPHIC, u16(config.noGraphic ? 1 : 0));
  items.item(FW_CFG_CPUS, u16(config.smp.cpus));
  items.item(FW_CFG_MAX_CPUS, u16(Math.max(...apicIds) + 1));
  items.item(FW_CFG_BOOT_DEVICE, u16((boot.once ?? boot.order).charCodeAt(0) || 0));
  items.item(FW_CFG_BOOT_MENU, u16(boot.menu ? 1 : 0));
  items.item(FW_CFG_NUMA, numaItem(config));
  items.item(FW_CFG_IRQ0_OVERRIDE, u32(1));
  if (config.board.hpet) items.item(FW_CFG_HPET, hpetItem());
}

function splashName(contents: Uint8Array): string {
  return contents[0] === 0x42 && contents[1] === 0x4d ? 'bootsplash.bmp' : 'bootsplash.jpg';
}

function requiredFile(config: MachineConfig, option: string, file: string): Uint8Array {
  const contents = readFirmwareFile(config.firmware, file);
  if (contents === undefined) {
    throw new FirmwareError(
      'ERR_FIRMWARE_FILE',
      `${option}${file}: cannot be read, nor found in the search path`,
    );
  }
  return contents;
}

function registerBootFiles(items: FirmwareItems, config: MachineConfig): void {
  const { boot } = config.board;
  if (boot.splashTimeMs !== undefined) items.file('etc/boot-menu-wait', u16(boot.splashTimeMs));
  items.file('etc/boot-fail-wait', u32(boot.rebootTimeoutMs ?? 0xffffffff));
  if (boot.splash !== undefined) {
    const contents = requiredFile(config, '-boot splash=', boot.splash);
    items.file(splashName(contents), contents);
  }
}

const romName = ({ file }: OptionRom): string => `genroms/${basename(file)}`;

/** Named files. `firstPaths` are boot devices that come before all others, `bootPaths` those with an index. */
export function registerFiles(
  items: FirmwareItems,
  demand: FirmwareDemand,
  firstPaths: readonly string[],
  bootPaths: readonly BootPath[],
): void {
  const { config } = demand;
  items.file('etc/e820', encodeE820(ramMap(demand.lowRamBytes, demand.highRamBytes)));
  registerBootFiles(items, config);
  const { optionRoms } = config.firmware;
  for (const rom of optionRoms) items.file(romName(rom), requiredFile(config, '-option-rom ', rom.file));
  const roms = optionRoms.flatMap((rom) =>
    rom.bootIndex === undefined ? [] : [{ index: rom.bootIndex, path: `/rom@${romName(rom)}` }],
  );
  const byIndex = [...roms, ...bootPaths].toSorted((left, right) => left.index - right.index);
  const paths = [...firstPaths, ...byIndex.map(({ path }) => path)];
  const order = bootOrderFile(paths, config.board.boot.strict);
  if (order !== undefined) items.file('bootorder', order);
}
