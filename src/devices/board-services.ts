/**
 * What a board hands to its devices: the only ways in which a device touches the machine. Everything here is called on
 * the machine actor's thread. A device does no asynchronous work of its own: it asks a backend and is called back.
 */
import type { SharedPiece } from '../block/shared-piece.ts';
import type { FastAnswer } from '../memory/fast-answer.ts';
import type { QmpJson } from '../qapi/json-value.ts';
import type { BlockBackend } from './block-backend.ts';
import type { CharacterPort } from './character-port.ts';
import type { DisplayHub } from './display/display-contract.ts';
import type { FirmwareItems } from './firmware-items.ts';
import type { InputHub } from './input-contract.ts';

/** An interrupt line, or any other wire with two levels. Several sources on one wire are ORed by who made the wire. */
export interface Wire {
  /** Setting the level it has is nothing. */
  set(asserted: boolean): void;
}

/** Answers accesses of a range. Offsets count from the range's start; sizes are 1, 2 or 4 bytes; values are unsigned. */
export interface RegionHandler {
  read(offset: number, size: number): number;
  write(offset: number, size: number, value: number): void;
}

export interface RegionOptions {
  /** For messages and `info mtree`: `piix4-pm`. */
  readonly name: string;
  /** Widest access that the handler takes; wider ones are split into ascending ones. 4 when absent. */
  readonly widest?: 1 | 2 | 4;
  /** Narrowest access that the handler takes: narrower reads take their part of it, narrower writes are widened
   *  with zeros at their place in it. 1 when absent. */
  readonly narrowest?: 1 | 2 | 4;
  /** Writes may be answered before the device has seen them: nothing but a later access can tell. */
  readonly posted?: boolean;
  /** Which reads a vCPU's thread answers by itself, by offset. */
  readonly fast?: readonly { readonly offset: number; readonly size: number; readonly answer: FastAnswer }[];
}

/** A range that a device has claimed. The latest claim wins where two overlap; removing it uncovers the other. */
export interface Region {
  remove(): void;
}

/** Ports (64 Ki) or guest-physical memory. */
export interface AddressSpace {
  /** Claims `bytes` (or ports) from `first`. */
  claim(first: number, bytes: number, handler: RegionHandler, options: RegionOptions): Region;
}

/** Guest-physical memory as a device sees it by DMA. Addresses and lengths in bytes; what is not RAM reads as ones. */
export interface GuestMemory {
  read(address: number, bytes: number): Uint8Array;
  readInto(address: number, target: Uint8Array): void;
  write(address: number, bytes: Uint8Array): void;
  readU8(address: number): number;
  readU16(address: number): number;
  readU32(address: number): number;
  readU64(address: number): bigint;
  writeU8(address: number, value: number): void;
  writeU16(address: number, value: number): void;
  writeU32(address: number, value: number): void;
  writeU64(address: number, value: bigint): void;
  /**
   * Where `bytes` from `address` lie in shared memory, as pieces that do not overlap, for a backend on another thread.
   * Undefined if any of it is not RAM (of ROM: only for reads by the guest's device, that is `forWrite` false).
   */
  pieces(address: number, bytes: number, forWrite: boolean): readonly SharedPiece[] | undefined;
  /** To be called after another thread has written pieces: ends code generations, marks pages dirty. */
  noteWrite(pieces: readonly SharedPiece[]): void;
}

/**
 * A timer of a device. `expired` runs at or soon after the time, with the clock's time; never while the machine is stopped
 * (virtual clock).
 */
export interface DeviceTimer {
  /** Absolute time of the timer's clock, in ns. Arming an armed timer moves it. */
  arm(atNs: number): void;
  cancel(): void;
  /** Undefined while it is not armed. */
  readonly expiresAt: number | undefined;
}

/** Times in ns. `virtual` stands still while the machine is stopped; `host` is the wall clock since the Unix epoch. */
export interface DeviceClock {
  now(): number;
  timer(expired: () => void): DeviceTimer;
}

export interface DeviceClocks {
  readonly virtual: DeviceClock;
  /** The host's wall clock. */
  readonly host: DeviceClock;
  /** The host's monotonic clock: goes on while the machine is stopped. */
  readonly realtime: DeviceClock;
}

/** What a device can ask of the machine as a whole (see MachinePower). */
export interface MachineSignals {
  /** A reset by the guest. */
  requestReset(): void;
  /** ACPI S5 or an equivalent: SHUTDOWN follows. */
  guestSoftOff(): void;
  guestSuspend(): void;
  guestSuspendToDisk(): void;
  guestPanicked(): void;
  /** A wake event while the guest sleeps (S3); its cause is `other` when absent. */
  wakeup(cause?: 'rtc' | 'pm-timer'): void;
  /** Ends the process with that exit status at once, as isa-debug-exit does. */
  exit(status: number): void;
  /** Announces a QMP event. */
  emit(name: string, data?: QmpJson): void;
  /** Calls `pressed` whenever a monitor asks for system_powerdown (the power button). */
  onPowerButton(pressed: () => void): void;
  /** Calls `woken` with the cause when a sleeping guest is woken. */
  onWakeup(woken: (cause: 'other' | 'rtc' | 'pm-timer') => void): void;
  /** A pulse on the NMI line of every vCPU. */
  pulseNmi(): void;
  /** A system-management interrupt to the bootstrap processor (APM port). */
  raiseSmi(): void;
  /** Address line 20: false holds it low. */
  setA20(enabled: boolean): void;
}

/** What every device gets, whatever its bus. A device that needs more says so in a `Ports` interface of its own. */
export interface BoardServices {
  readonly ports: AddressSpace;
  readonly memory: AddressSpace;
  readonly guest: GuestMemory;
  readonly clocks: DeviceClocks;
  readonly machine: MachineSignals;
  /** Sends an MSI: a write of `data` to `address` (FEExxxxxH). */
  sendMessage(address: number, data: number): void;
  /** Allocates words of shared memory for FastAnswer; a view of `count` 32-bit words and its host address. */
  sharedWords(count: number): { readonly words: Int32Array; readonly host: number };
  /** Video memory that the guest can map: its host address and a view. `bytes` is a multiple of 4096. */
  videoMemory(bytes: number): { readonly host: number; readonly view: Uint8Array };
  /**
   * Shows the guest video memory at a guest-physical address, over what is claimed there, until it is removed. All three
   * are multiples of 4096. It stops every vCPU for a moment: for mode changes, not for accesses.
   */
  mapVideoMemory(first: number, bytes: number, host: number): Region;
  /** Takes the dirty bits of video memory since the last call: bit n of the result is page n from `host` on. */
  takeVideoDirty(host: number, bytes: number): Uint32Array;
  /** The character device with that label. Throws when there is none, or when a front end has it already. */
  character(label: string): CharacterPort;
  /** The drive with that id. Throws when there is none, or when a device has it already. */
  drive(id: string): BlockBackend;
  /** A firmware file (an option ROM, a VGA BIOS) from the search path, or undefined. */
  firmwareFile(name: string): Uint8Array | undefined;
  readonly firmwareItems: FirmwareItems;
  readonly input: InputHub;
  readonly display: DisplayHub;
}
