/** IDENTIFY PACKET DEVICE (ATA/ATAPI-6, 8.16). */
import { IdentifyPage } from '../identify-page.ts';
import type { TransferModeState } from '../transfer-modes.ts';

/** Packet device, CD-ROM, removable, DRQ within 50 µs, packets of 12 bytes. */
const CONFIGURATION = 0x85c0;
const LBA_AND_DMA = 0x0300;
const IORDY = 0x0c00;
const VALID_WORDS = 0x0007;
const PIO_MODES_3_AND_4 = 0x0003;
const FASTEST_CYCLE_NS = 0xb4;
const MAJOR_VERSIONS = 0x001e;
/** Packet, device reset. */
const FEATURES_82 = 0x0210;
const VALID_83 = 0x4000;

export function identifyPacketDevice(
  identity: { readonly model: string; readonly serial: string; readonly version: string },
  modes: TransferModeState,
): Uint8Array {
  const page = new IdentifyPage()
    .word(0, CONFIGURATION)
    .text(10, 10, identity.serial)
    .text(23, 4, identity.version)
    .text(27, 20, identity.model)
    .word(49, LBA_AND_DMA | IORDY)
    .word(53, VALID_WORDS)
    .word(63, modes.multiWord)
    .word(64, PIO_MODES_3_AND_4)
    .word(80, MAJOR_VERSIONS)
    .word(82, FEATURES_82)
    .word(83, VALID_83)
    .word(84, VALID_83)
    .word(85, FEATURES_82)
    .word(87, VALID_83)
    .word(88, modes.ultra);
  for (const cycle of [65, 66, 67, 68]) page.word(cycle, FASTEST_CYCLE_NS);
  return page.bytes;
}
