/** The option ROM by which a BIOS boots `-kernel`: it fetches the pieces through fw_cfg's DMA interface and enters. */
import { Assembler } from '../assembler/assembler.ts';
import { memory, offsetOf } from '../assembler/operands.ts';
import { u32 } from '../bytes.ts';
import { INFORMATION_ADDRESS, MULTIBOOT_EAX } from '../multiboot-information.ts';
import { finishOptionRom, optionRomHeader } from './option-rom.ts';

/** One item of fw_cfg, `bytes` bytes from its beginning, and where it goes. */
export interface RomPiece {
  readonly key: number;
  readonly address: number;
  readonly bytes: number;
}

export type RomEntry =
  /** Real mode, as a boot sector's successor enters Linux: segment registers, then a far jump. */
  | { readonly kind: 'real'; readonly segment: number; readonly stack: number }
  /** A multiboot kernel; the ROM asks the BIOS for the memory map. */
  | {
      readonly kind: 'multiboot';
      readonly entry: number;
      readonly mapAddress: number;
      readonly mapLengthAddress: number;
      readonly mapRoom: number;
    };

/** Low memory that a BIOS leaves alone while it boots. */
const SCRATCH = 0x7000;
const STACK = 0x7c00;
const DESCRIPTOR_BYTES = 16;

const DMA_ADDRESS_LOW = 0x518;
const CONTROL_READ = 0x02;
const CONTROL_SELECT = 0x08;
const ERROR_SWAPPED = 0x01000000;

const MAP_ENTRY_BYTES = 24;
const SMAP = 0x534d4150;
const E820 = 0xe820;
const E820_BYTES = 20;

const CR0_PE = 1;
const CODE32 = 0x08;
const DATA32 = 0x10;

/** A DMA descriptor is big-endian: control, length, address (QEMU's docs/specs/fw_cfg). */
function descriptor(piece: RomPiece): Uint8Array {
  const bytes = new Uint8Array(DESCRIPTOR_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, ((piece.key << 16) | CONTROL_SELECT | CONTROL_READ) >>> 0);
  view.setUint32(4, piece.bytes);
  view.setBigUint64(8, BigInt(piece.address));
  return bytes;
}

const swapped = (value: number): number => Buffer.from(u32(value)).readUInt32BE();

/** Fetches everything. A descriptor is copied to RAM first: the device answers in it. */
function fetchPieces(asm: Assembler, pieces: readonly RomPiece[]): void {
  asm.mov('ecx', pieces.length);
  asm.mov('esi', offsetOf('descriptors'));
  asm.label('fetch');
  for (let offset = 0; offset < DESCRIPTOR_BYTES; offset += 4) {
    asm.mov('eax', memory({ base: 'esi', displacement: offset, segment: 'cs' }));
    asm.mov(memory({ displacement: SCRATCH + offset }), 'eax');
  }
  asm.mov('eax', swapped(SCRATCH));
  asm.mov('dx', DMA_ADDRESS_LOW);
  asm.out('dx', 'eax');
  asm.label('fetching');
  asm.mov('eax', memory({ displacement: SCRATCH }));
  asm.test('eax', ERROR_SWAPPED);
  asm.jcc('nz', 'failed');
  asm.alu('cmp', 'eax', 0);
  asm.jcc('nz', 'fetching');
  asm.alu('add', 'esi', DESCRIPTOR_BYTES);
  asm.dec('ecx');
  asm.jcc('nz', 'fetch');
}

function enterReal(asm: Assembler, segment: number, stack: number): void {
  asm.mov('ax', segment);
  for (const register of ['ss', 'ds', 'es', 'fs', 'gs'] as const) asm.movToSegment(register, 'ax');
  asm.mov('esp', stack);
  asm.op('cld');
  asm.jmpFar(segment + 0x20, 0, 2);
}

/** INT 15H, AX = E820H, until the BIOS has no more or the room is used up. */
function askMemoryMap(asm: Assembler, address: number, lengthAddress: number, room: number): void {
  asm.mov('edi', address);
  asm.alu('xor', 'ebx', 'ebx');
  asm.label('nextRange');
  asm.mov(memory({ base: 'edi' }, 4), E820_BYTES);
  asm.alu('add', 'edi', 4);
  asm.mov('eax', E820);
  asm.mov('edx', SMAP);
  asm.mov('ecx', E820_BYTES);
  asm.int(0x15);
  asm.jcc('c', 'noRange');
  asm.alu('add', 'edi', E820_BYTES);
  asm.alu('cmp', 'ebx', 0);
  asm.jcc('z', 'mapDone');
  asm.alu('cmp', 'edi', address + room * MAP_ENTRY_BYTES);
  asm.jcc('c', 'nextRange');
  asm.jmp('mapDone');
  asm.label('noRange');
  asm.alu('sub', 'edi', 4);
  asm.label('mapDone');
  asm.alu('sub', 'edi', address);
  asm.mov(memory({ displacement: lengthAddress }), 'edi');
}

/** Protected mode with flat segments. Where the ROM lies is only known when it runs. */
function enterProtected(asm: Assembler, entry: number): void {
  asm.op('cli');
  asm.alu('xor', 'eax', 'eax');
  asm.movFromSegment('ax', 'cs');
  asm.shift('shl', 'eax', 4);
  asm.mov('ebx', 'eax');
  asm.alu('add', 'ebx', offsetOf('gdt'));
  asm.mov(memory({ displacement: SCRATCH }, 2), 3 * 8 - 1);
  asm.mov(memory({ displacement: SCRATCH + 2 }), 'ebx');
  asm.lgdt(memory({ displacement: SCRATCH }));
  asm.alu('add', 'eax', offsetOf('flat'));
  asm.mov('ebx', CODE32);
  asm.push('ebx');
  asm.push('eax');
  asm.movFromControl('eax', 0);
  asm.alu('or', 'eax', CR0_PE);
  asm.movToControl(0, 'eax');
  asm.bytes(0x66);
  asm.op('retf');
  asm.bits(32);
  asm.label('flat');
  asm.mov('ax', DATA32);
  for (const register of ['ds', 'es', 'ss', 'fs', 'gs'] as const) asm.movToSegment(register, 'ax');
  asm.mov('eax', MULTIBOOT_EAX);
  asm.mov('ebx', INFORMATION_ADDRESS);
  asm.mov('ecx', entry);
  asm.jmpRegister('ecx');
  asm.bits(16);
}

/** Says what went wrong through the BIOS's teletype output, and stops. */
function failure(asm: Assembler): void {
  asm.label('failed');
  asm.mov('esi', offsetOf('failure'));
  asm.label('nextLetter');
  asm.mov('al', memory({ base: 'esi', segment: 'cs' }));
  asm.alu('cmp', 'al', 0);
  asm.jcc('z', 'halt');
  asm.mov('ax', 0x0e00);
  asm.mov('al', memory({ base: 'esi', segment: 'cs' }));
  asm.mov('bx', 7);
  asm.int(0x10);
  asm.inc('esi');
  asm.jmp('nextLetter');
  asm.label('halt');
  asm.op('hlt');
  asm.jmp('halt');
  asm.label('failure');
  asm.text('The kernel could not be read from the firmware configuration device\r\n');
}

/** The ROM that loads the pieces and enters. */
export function kernelRom(pieces: readonly RomPiece[], entry: RomEntry): Uint8Array {
  const asm = new Assembler({ origin: 0, bits: 16 });
  optionRomHeader(asm, 'boot', 'Linux/multiboot kernel');
  asm.label('boot');
  asm.op('cli');
  asm.op('cld');
  asm.alu('xor', 'ax', 'ax');
  for (const register of ['ss', 'ds', 'es'] as const) asm.movToSegment(register, 'ax');
  asm.mov('esp', STACK);
  asm.op('sti');
  fetchPieces(asm, pieces);
  if (entry.kind === 'real') {
    asm.op('cli');
    enterReal(asm, entry.segment, entry.stack);
  } else {
    askMemoryMap(asm, entry.mapAddress, entry.mapLengthAddress, entry.mapRoom);
    enterProtected(asm, entry.entry);
  }
  failure(asm);
  asm.align(8);
  asm.label('descriptors');
  for (const piece of pieces) asm.data(descriptor(piece));
  asm.label('gdt');
  asm.data(u32(0, 0, 0x0000ffff, 0x00cf9b00, 0x0000ffff, 0x00cf9300));
  return finishOptionRom(asm);
}
