/** Gives the PCI functions of bus 0 addresses and interrupt lines, as a BIOS does (PCI 3.0, 6.2.5.1). */
import { alignUp } from '../bytes.ts';
import { FirmwareError } from '../firmware-error.ts';
import type { PciConfig } from './pci-config.ts';

const FUNCTIONS = 256;
const NO_DEVICE = 0xffff;
const VENDOR = 0x00;
const COMMAND = 0x04;
const CLASS = 0x0a;
const HEADER_TYPE = 0x0e;
const MULTI_FUNCTION = 0x80;
const FIRST_BAR = 0x10;
const BARS = 6;
const ROM_BAR = 0x30;
const INTERRUPT_LINE = 0x3c;
const INTERRUPT_PIN = 0x3d;

const COMMAND_IO_AND_MEMORY = 0x3;
const BAR_IO = 1;
const BAR_64_BIT = 4;
const IO_MASK = 0xfffffffc;
const MEMORY_MASK = 0xfffffff0;
const ROM_MASK = 0xfffff800;

const IO_WINDOW = { first: 0xc000, end: 0x10000 } as const;
/** What each PIRQ is routed to: A and B to 10, C and D to 11. */
export const PIRQ_LINES = [10, 10, 11, 11] as const;

export interface PciFunctionPlace {
  readonly devfn: number;
  /** Class and subclass, such as 0300H. */
  readonly class: number;
  /** Address given to the expansion ROM, not enabled, and its bytes. */
  readonly rom: { readonly address: number; readonly bytes: number } | undefined;
}

interface Request {
  readonly devfn: number;
  readonly register: number;
  readonly bytes: number;
  readonly isIo: boolean;
}

/** All functions that are there: those beyond the first only of devices that say they have several. */
function functions(config: PciConfig): readonly number[] {
  const found: number[] = [];
  for (let devfn = 0; devfn < FUNCTIONS; devfn++) {
    const isFirst = (devfn & 7) === 0;
    if (!isFirst && (config.read(devfn & ~7, HEADER_TYPE, 1) & MULTI_FUNCTION) === 0) continue;
    if (config.read(devfn, VENDOR, 2) !== NO_DEVICE) found.push(devfn);
  }
  return found;
}

/** Bytes that a base address register decodes, 0 for one that is not there: what stays of a write of all ones. */
function sizeOf(config: PciConfig, devfn: number, register: number, mask: number, ones: number): number {
  const before = config.read(devfn, register, 4);
  config.write(devfn, register, 4, ones);
  const answer = (config.read(devfn, register, 4) & mask) >>> 0;
  config.write(devfn, register, 4, before);
  return answer === 0 ? 0 : (~answer + 1) >>> 0;
}

function requestsOf(config: PciConfig, devfn: number): readonly Request[] {
  const requests: Request[] = [];
  for (let bar = 0; bar < BARS; bar++) {
    const register = FIRST_BAR + 4 * bar;
    const kind = config.read(devfn, register, 4);
    const isIo = (kind & BAR_IO) !== 0;
    const bytes = sizeOf(config, devfn, register, isIo ? IO_MASK : MEMORY_MASK, 0xffffffff);
    if (bytes !== 0) requests.push({ devfn, register, bytes: isIo ? bytes & 0xffff : bytes, isIo });
    if (!isIo && (kind & BAR_64_BIT) !== 0) {
      bar++;
      config.write(devfn, register + 4, 4, 0);
    }
  }
  const romBytes = sizeOf(config, devfn, ROM_BAR, ROM_MASK, ROM_MASK);
  if (romBytes !== 0) requests.push({ devfn, register: ROM_BAR, bytes: romBytes, isIo: false });
  return requests;
}

/** Places requests in a window, large ones first, so that nothing is lost to alignment. */
function place(
  config: PciConfig,
  requests: readonly Request[],
  window: { readonly first: number; readonly end: number },
): ReadonlyMap<Request, number> {
  const places = new Map<Request, number>();
  let next = window.first;
  for (const request of requests.toSorted((left, right) => right.bytes - left.bytes)) {
    const address = alignUp(next, request.bytes);
    next = address + request.bytes;
    if (next > window.end) {
      throw new FirmwareError(
        'ERR_FIRMWARE_PCI',
        `PCI function ${request.devfn >> 3}.${request.devfn & 7} needs ${request.bytes} bytes of ` +
          `${request.isIo ? 'ports' : 'memory'}; ${Math.max(0, window.end - address)} are left`,
      );
    }
    config.write(request.devfn, request.register, 4, address);
    places.set(request, address);
  }
  return places;
}

/** INTx of slot s, pin p (A = 1) goes to PIRQ (s + p - 2) mod 4. */
function setInterruptLine(config: PciConfig, devfn: number): void {
  const pin = config.read(devfn, INTERRUPT_PIN, 1);
  if (pin === 0) return;
  config.write(devfn, INTERRUPT_LINE, 1, PIRQ_LINES[((devfn >> 3) + pin + 2) & 3] ?? 0);
}

/**
 * Assigns everything and enables decoding. `memory` is the window for memory. Throws `ERR_FIRMWARE_PCI` when a window is full.
 */
export function assignPciResources(
  config: PciConfig,
  memory: { readonly first: number; readonly end: number },
): readonly PciFunctionPlace[] {
  const found = functions(config);
  for (const devfn of found) config.write(devfn, COMMAND, 2, 0);
  const requests = found.flatMap((devfn) => requestsOf(config, devfn));
  place(
    config,
    requests.filter(({ isIo }) => isIo),
    IO_WINDOW,
  );
  const places = place(
    config,
    requests.filter(({ isIo }) => !isIo),
    memory,
  );
  for (const devfn of found) {
    setInterruptLine(config, devfn);
    config.write(devfn, COMMAND, 2, COMMAND_IO_AND_MEMORY);
  }
  return found.map((devfn) => {
    const rom = requests.find((request) => request.devfn === devfn && request.register === ROM_BAR);
    const address = rom === undefined ? undefined : places.get(rom);
    return {
      devfn,
      class: config.read(devfn, CLASS, 2),
      rom: rom === undefined || address === undefined ? undefined : { address, bytes: rom.bytes },
    };
  });
}

const ROM_ENABLE = 1;

/** Enables a function's expansion ROM for as long as `use` runs. */
export function withExpansionRom<T>(
  config: PciConfig,
  place: PciFunctionPlace & { readonly rom: { readonly address: number } },
  use: () => T,
): T {
  config.write(place.devfn, ROM_BAR, 4, (place.rom.address | ROM_ENABLE) >>> 0);
  try {
    return use();
  } finally {
    config.write(place.devfn, ROM_BAR, 4, place.rom.address);
  }
}
