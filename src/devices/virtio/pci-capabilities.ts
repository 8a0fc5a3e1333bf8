/** The capabilities by which a modern driver finds the register blocks (VIRTIO 1.1, 4.1.4). */
import type { RegionHandler } from '../board-services.ts';
import type { PciFunction } from '../pci/pci-contract.ts';
import { littleEndian, readLittleEndian } from './little-endian.ts';
import {
  BLOCK_BYTES,
  COMMON_BLOCK,
  DEVICE_BLOCK,
  ISR_BLOCK,
  MODERN_BAR_BYTES,
  NOTIFY_BLOCK,
  NOTIFY_MULTIPLIER,
} from './modern-interface.ts';

/** PCI capability list entry of a vendor's own. */
const CAPABILITY_VENDOR = 9;
/** Fields of struct virtio_pci_cap, and what follows it in two kinds. */
const CAP_LEN = 2;
const CFG_TYPE = 3;
const BAR = 4;
const OFFSET = 8;
const LENGTH = 12;
const CAP_BYTES = 16;
const NOTIFY_OFF_MULTIPLIER = 16;
const PCI_CFG_DATA = 16;
const DATA_BYTES = 4;
/** Kinds of block. */
const COMMON_CFG = 1;
const NOTIFY_CFG = 2;
const ISR_CFG = 3;
const DEVICE_CFG = 4;
const PCI_CFG = 5;

const BLOCKS = [
  { kind: COMMON_CFG, offset: COMMON_BLOCK, extra: 0 },
  { kind: ISR_CFG, offset: ISR_BLOCK, extra: 0 },
  { kind: DEVICE_CFG, offset: DEVICE_BLOCK, extra: 0 },
  { kind: NOTIFY_CFG, offset: NOTIFY_BLOCK, extra: NOTIFY_MULTIPLIER },
] as const;

/**
 * Announces the blocks behind BAR `bar` of `pci`, and opens a window on them in configuration space.
 * @returns what puts the window back to power-on
 */
export function announceBlocks(pci: PciFunction, bar: number, blocks: RegionHandler): () => void {
  for (const { kind, offset, extra } of BLOCKS) {
    const at = addCapability(pci, kind, extra === 0 ? CAP_BYTES : CAP_BYTES + DATA_BYTES);
    pci.config[at + BAR] = bar;
    pci.config.set(littleEndian(offset, DATA_BYTES), at + OFFSET);
    pci.config.set(littleEndian(BLOCK_BYTES, DATA_BYTES), at + LENGTH);
    if (extra !== 0) {
      pci.config.set(littleEndian(extra, DATA_BYTES), at + NOTIFY_OFF_MULTIPLIER);
    }
  }
  return openWindow(pci, bar, blocks);
}

function addCapability(pci: PciFunction, kind: number, bytes: number): number {
  const at = pci.capability(CAPABILITY_VENDOR, bytes);
  pci.config[at + CAP_LEN] = bytes;
  pci.config[at + CFG_TYPE] = kind;
  return at;
}

/** 4.1.4.7: the driver names a place and a width, then reads or writes the data field. */
function openWindow(pci: PciFunction, bar: number, blocks: RegionHandler): () => void {
  const at = addCapability(pci, PCI_CFG, CAP_BYTES + DATA_BYTES);
  pci.writable[at + BAR] = 0xff;
  pci.writable.fill(0xff, at + OFFSET, at + CAP_BYTES + DATA_BYTES);
  const data = at + PCI_CFG_DATA;

  const target = (offset: number, size: number): { offset: number; size: number } | undefined => {
    const touchesData = offset < data + DATA_BYTES && offset + size > data;
    const place = readLittleEndian(pci.config, at + OFFSET, DATA_BYTES);
    const width = readLittleEndian(pci.config, at + LENGTH, DATA_BYTES);
    const allowed = (width === 1 || width === 2 || width === 4) && place % width === 0;
    const inside = pci.config[at + BAR] === bar && place + width <= MODERN_BAR_BYTES;
    return touchesData && allowed && inside ? { offset: place, size: width } : undefined;
  };
  pci.onConfigRead((offset, size) => {
    const place = target(offset, size);
    if (place !== undefined) {
      pci.config.set(littleEndian(blocks.read(place.offset, place.size), DATA_BYTES), data);
    }
  });
  pci.onConfigWrite((offset, size) => {
    const place = target(offset, size);
    if (place !== undefined) {
      blocks.write(place.offset, place.size, readLittleEndian(pci.config, data, place.size));
    }
  });
  return () => {
    pci.config[at + BAR] = 0;
    pci.config.fill(0, at + OFFSET, data + DATA_BYTES);
  };
}
