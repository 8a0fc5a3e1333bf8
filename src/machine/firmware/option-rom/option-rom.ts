/** The frame of an option ROM that offers a boot entry (Plug and Play BIOS 1.0a, 3; PCI Firmware 3.0, 5.1). */
import type { Assembler } from '../assembler/assembler.ts';
import { offsetOf } from '../assembler/operands.ts';
import { alignUp, checksum } from '../bytes.ts';

const BLOCK = 512;
const PNP_POINTER_OFFSET = 0x1a;
const PNP_HEADER_OFFSET = 0x20;
const PNP_HEADER_BYTES = 0x20;
const PNP_CHECKSUM_OFFSET = 9;
const BLOCKS_OFFSET = 2;
const CHECKSUM_OFFSET = 6;
/** A device that can be booted from (device indicators, bit 2: may be initial program load device). */
const INDICATORS = 0x64;

/** The head; `bootEntry` is the label that the BIOS calls to boot. The code follows. */
export function optionRomHeader(asm: Assembler, bootEntry: string, product: string): void {
  asm.bytes(0x55, 0xaa, 0);
  asm.bytes(0xeb, 0x03);
  asm.bytes(0, 0, 0);
  asm.op('retf');
  asm.bytes(...new Array<number>(PNP_POINTER_OFFSET - 9).fill(0));
  asm.word(PNP_HEADER_OFFSET);
  asm.align(PNP_HEADER_OFFSET);
  asm.data(Buffer.from('$PnP', 'latin1'));
  asm.bytes(1, PNP_HEADER_BYTES / 16, 0, 0, 0, 0, 0, 0, 0, 0);
  asm.word(offsetOf('manufacturer'));
  asm.word(offsetOf('product'));
  asm.bytes(0, 0, 0, INDICATORS);
  asm.word(0);
  asm.word(0);
  asm.word(offsetOf(bootEntry));
  asm.word(0);
  asm.word(0);
  asm.label('manufacturer');
  asm.text('Troupe');
  asm.label('product');
  asm.text(product);
}

/** Whole blocks, with both checksums. */
export function finishOptionRom(asm: Assembler): Uint8Array {
  const code = asm.assemble();
  const rom = new Uint8Array(alignUp(code.length, BLOCK));
  rom.set(code);
  rom[BLOCKS_OFFSET] = rom.length / BLOCK;
  rom[PNP_HEADER_OFFSET + PNP_CHECKSUM_OFFSET] = checksum(
    rom.subarray(PNP_HEADER_OFFSET, PNP_HEADER_OFFSET + PNP_HEADER_BYTES),
  );
  rom[CHECKSUM_OFFSET] = checksum(rom);
  return rom;
}
