/**
 * What the board and its firmware promise each other. The board owns address spaces, devices and vCPUs; the firmware
 * says what stands in the BIOS ROM, what fw_cfg tells the guest, and, where no BIOS runs, sets up the chip set and loads the
 * kernel as a BIOS would. All of it on the machine's thread.
 */
import type { FirmwareItems } from '../../devices/firmware-items.ts';
import type { MachineConfig } from '../machine-config.ts';

/** A device that has its place in the boot order: its index and its OpenFirmware path (`/pci@i0cf8/ide@1,1/drive@0/disk@0`). */
export interface BootPath {
  readonly index: number;
  readonly path: string;
}

/** What the firmware reads and writes of the machine: the accesses that the boot processor could make, made for it. */
export interface Platform {
  /** Port accesses of 1, 2 or 4 bytes, values unsigned. */
  readPort(port: number, size: 1 | 2 | 4): number;
  writePort(port: number, size: 1 | 2 | 4, value: number): void;
  /** Guest-physical memory as the boot processor sees it now: RAM that PAM hides is not reached. */
  readMemory(address: number, bytes: number): Uint8Array;
  /** Writes that hit no RAM are lost. Vcpus are told (code generations, dirty bits). */
  writeMemory(address: number, bytes: Uint8Array): void;
  /**
   * The shared memory that backs a range wholly in RAM, to read a file into; undefined where any of it is no RAM. To be
   * followed by `noteWrite` of the same range.
   */
  ram(address: number, bytes: number): Uint8Array | undefined;
  noteWrite(address: number, bytes: number): void;
  /** Whether the vCPU with that index is there (hot-plugged ones come later). */
  isCpuPresent(index: number): boolean;
  /** What has a boot index, lowest first. */
  bootPaths(): readonly BootPath[];
  /** PCI devices below these slots answer to eject requests (hot-plugged or hot-pluggable): bit n is slot n. */
  removableSlots(): number;
}

/** What the board knows before it builds its devices. */
export interface FirmwareDemand {
  readonly config: MachineConfig;
  /** Bytes of RAM from 0, and from 4 GiB on. */
  readonly lowRamBytes: number;
  readonly highRamBytes: number;
  /** Local APIC ids by vCPU index, of all `maxCpus`. */
  readonly apicIds: readonly number[];
}

/** Why the vCPUs begin at their reset vector. `resume` is the wake from S3: RAM holds a sleeping guest. */
export type StartCause = 'power-on' | 'reset' | 'resume';

export interface Firmware {
  /** The ROM that ends at 4 GiB; its last 128 KiB also show at E0000H–FFFFFH until PAM says otherwise. A multiple of 64 KiB. */
  readonly bios: Uint8Array;
  /** What `info roms` calls it. */
  readonly biosName: string;
  /** Bytes of the RTC's CMOS RAM that the firmware wants beside what the board itself writes there: index → value. */
  readonly cmos: ReadonlyMap<number, number>;
  /** Tells fw_cfg everything. Once, when all devices of the command line are there. Not on boards without fw_cfg. */
  registerItems(items: FirmwareItems, platform: Platform): void;
  /**
   * To be called after each reset of all devices, before a vCPU runs; also before the first start.
   * Throws a FirmwareError if a kernel or an initrd cannot be read any more.
   */
  prepare(platform: Platform, cause: StartCause): void;
  /** Lets go of files. */
  close(): void;
}
