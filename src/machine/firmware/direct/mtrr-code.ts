/**
 * Code that programs the memory types of one processor (SDM vol. 3, 11.11): RAM below 640 KiB and C0000H–FFFFFH write-back,
 * graphics memory uncached, everything else write-back but the PCI hole from E0000000H to 4 GiB.
 * All processors must be given the same, so each runs it.
 */
import type { Assembler } from '../assembler/assembler.ts';
import { memory, offsetOf } from '../assembler/operands.ts';
import { u32 } from '../bytes.ts';

const MTRR_FIX_64K_00000 = 0x250;
const MTRR_FIX_16K_80000 = 0x258;
const MTRR_FIX_16K_A0000 = 0x259;
const MTRR_FIX_4K_C0000 = 0x268;
const FIX_4K_REGISTERS = 8;
const MTRR_PHYS_BASE_0 = 0x200;
const MTRR_PHYS_MASK_0 = 0x201;
const MTRR_DEF_TYPE = 0x2ff;

const UNCACHED = 0;
const WRITE_BACK = 0x06;
const EIGHT_WRITE_BACK = 0x06060606;
const MASK_VALID = 0x800;
const ENABLE_FIXED_AND_VARIABLE = 0xc00;

const PCI_HOLE = 0xe0000000;
const CPUID_ADDRESS_SIZES = 0x80000008;
const DEFAULT_PHYSICAL_BITS = 36;
const CPUID_MTRR = 1 << 12;

const FIXED: readonly (readonly [register: number, types: number])[] = [
  [MTRR_FIX_64K_00000, EIGHT_WRITE_BACK],
  [MTRR_FIX_16K_80000, EIGHT_WRITE_BACK],
  [MTRR_FIX_16K_A0000, UNCACHED],
  ...Array.from({ length: FIX_4K_REGISTERS }, (_, index): readonly [number, number] => [
    MTRR_FIX_4K_C0000 + index,
    EIGHT_WRITE_BACK,
  ]),
];

/**
 * A routine `name` in 16-bit code of segment CS, with its table. The processor must have CPUID; there need be no stack.
 * Changes all general registers but EBP and ESP; ends by a jump to `done`.
 */
export function memoryTypeRoutine(asm: Assembler, name: string, done: string): void {
  const label = (part: string): string => `${name}.${part}`;
  asm.label(name);
  asm.mov('eax', 1);
  asm.op('cpuid');
  asm.test('edx', CPUID_MTRR);
  asm.jcc('z', done);
  asm.mov('esi', offsetOf(label('table')));
  asm.mov('edi', FIXED.length);
  asm.label(label('next'));
  asm.mov('ecx', memory({ base: 'esi', segment: 'cs' }));
  asm.mov('eax', memory({ base: 'esi', displacement: 4, segment: 'cs' }));
  asm.mov('edx', 'eax');
  asm.op('wrmsr');
  asm.alu('add', 'esi', 8);
  asm.dec('edi');
  asm.jcc('nz', label('next'));
  holeRegisters(asm, label('short'));
  asm.mov('ecx', MTRR_DEF_TYPE);
  asm.alu('xor', 'edx', 'edx');
  asm.mov('eax', ENABLE_FIXED_AND_VARIABLE | WRITE_BACK);
  asm.op('wrmsr');
  asm.jmp(done);
  asm.align(4);
  asm.label(label('table'));
  for (const [register, types] of FIXED) asm.data(u32(register, types));
}

/** Variable range 0 covers the PCI hole; its mask has as many bits as the processor has physical address bits. */
function holeRegisters(asm: Assembler, short: string): void {
  asm.mov('edi', DEFAULT_PHYSICAL_BITS);
  asm.mov('eax', 0x80000000);
  asm.op('cpuid');
  asm.alu('cmp', 'eax', CPUID_ADDRESS_SIZES);
  asm.mov('ecx', 'edi');
  asm.jcc('c', short);
  asm.mov('eax', CPUID_ADDRESS_SIZES);
  asm.op('cpuid');
  asm.movzx('ecx', 'al');
  asm.label(short);
  asm.alu('sub', 'ecx', 32);
  asm.mov('edi', 1);
  asm.shiftByCl('shl', 'edi');
  asm.dec('edi');
  asm.mov('ecx', MTRR_PHYS_BASE_0);
  asm.alu('xor', 'edx', 'edx');
  asm.mov('eax', PCI_HOLE | UNCACHED);
  asm.op('wrmsr');
  asm.mov('ecx', MTRR_PHYS_MASK_0);
  asm.mov('edx', 'edi');
  asm.mov('eax', PCI_HOLE | MASK_VALID);
  asm.op('wrmsr');
}
