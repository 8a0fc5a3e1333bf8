/**
 * The ROM of a machine that boots a kernel without a BIOS. The machine itself has set up the chip set and loaded the kernel
 * (see direct-boot.ts); what is left for the processors is done here: memory types on each, the graphics card's own ROM,
 * the local APIC as a BIOS leaves it, and the jump into the kernel, or after a sleep to where the system wants to wake.
 */
import { Assembler } from '../assembler/assembler.ts';
import { linearOf, memory, offsetOf } from '../assembler/operands.ts';
import { u16, u32 } from '../bytes.ts';
import { memoryTypeRoutine } from './mtrr-code.ts';

export const ROM_BYTES = 0x10000;
/** Real-mode segment, and linear address, at which the ROM shows below 1 MiB. */
export const ROM_SEGMENT = 0xf000;
export const ROM_BASE = 0xf0000;
/** The first 48 KiB are free for tables that guests search for between F0000H and FFFFFH. */
export const ROM_TABLES_BYTES = 0xc000;

const STACK_TOP = 0xdff0;
const CODE_OFFSET = 0xe000;
const RESET_VECTOR = 0xfff0;
const MODEL_OFFSET = 0xfffe;
const MODEL_AT = 0xfc;

/** Where other processors start: a SIPI names a page below 1 MiB. */
const SIPI_PAGE = (ROM_BASE + CODE_OFFSET) >> 12;

const VGA_ROM_SEGMENT = 0xc000;
const VGA_ROM_ENTRY = 3;
const TEXT_MODE = 3;

const APIC_SVR = 0xfee000f0;
const APIC_ICR_LOW = 0xfee00300;
const APIC_LVT_LINT0 = 0xfee00350;
const APIC_LVT_LINT1 = 0xfee00360;
const SVR_ENABLED = 0x1ff;
const LVT_EXTERNAL = 0x700;
const LVT_NMI = 0x400;
const IPI_START_ALL_OTHERS = 0xc4600;

/** PAM 0: bits 5:4 say what F0000H–FFFFFH is; 1 = RAM that is read only (82441FX data sheet, 3.2.18). */
const PCI_ADDRESS = 0xcf8;
const PAM0_ADDRESS = 0x80000058;
const PAM0_DATA_PORT = 0xcfd;
const PAM_READ_ONLY = 0x10;

const CR0_PE = 1;
const EFLAGS_ID = 1 << 21;

const CODE32 = 0x10;
const DATA32 = 0x18;
const CODE16 = 0x20;
const DATA16 = 0x28;

/** The ROM, and where it reads what to do: the machine writes that into the copy in RAM. Offsets in the ROM's segment. */
export interface BootRom {
  readonly image: Uint8Array;
  /** Offset of an IRET, for interrupt vectors that nobody serves. */
  readonly ignoreInterrupt: number;
  readonly parameters: {
    /** u32: processors beside the boot processor. */
    readonly otherCpus: number;
    /** u32: how many of them have set themselves up; must be zero. */
    readonly readyCpus: number;
    /** u16: bus, device and function of the graphics card whose ROM lies at C0000H, or NO_VGA. */
    readonly vga: number;
    /** u32: 0 = stop, 1 = enter a 32-bit kernel, 2 = wake. */
    readonly action: number;
    /** u32 each: EIP, EAX, EBX, ESI at the entry of a kernel. */
    readonly entry: number;
    readonly eax: number;
    readonly ebx: number;
    readonly esi: number;
    /** u16 offset, u16 segment: where to wake. */
    readonly wakeOffset: number;
    readonly wakeSegment: number;
  };
}

export const NO_VGA = 0xffff;
export const ACTIONS = { stop: 0, enter: 1, wake: 2 } as const;

const variable = (label: string, size: 2 | 4) =>
  memory({ displacement: offsetOf(label), segment: 'cs' }, size);
const flatVariable = (label: string) => memory({ displacement: linearOf(label) }, 4);

/** Other processors: memory types, then they say so and stop until the kernel starts them. */
function otherProcessors(asm: Assembler): void {
  asm.op('cli');
  asm.op('cld');
  asm.jmpFar(ROM_SEGMENT, offsetOf('otherMain'), 2);
  asm.label('otherMain');
  memoryTypeRoutine(asm, 'otherMemoryTypes', 'otherReady');
  asm.label('otherReady');
  asm.mov('ax', ROM_SEGMENT);
  asm.movToSegment('ds', 'ax');
  asm.inc(memory({ displacement: offsetOf('readyCpus') }, 4), true);
  asm.label('otherStop');
  asm.op('cli');
  asm.op('hlt');
  asm.jmp('otherStop');
}

/** The boot processor up to protected mode. Without CPUID there is no memory type and no APIC to set. */
function realModeStart(asm: Assembler): void {
  asm.label('start');
  asm.op('cli');
  asm.op('cld');
  asm.mov('ax', ROM_SEGMENT);
  asm.movToSegment('ss', 'ax');
  asm.mov('sp', STACK_TOP);
  asm.alu('xor', 'ax', 'ax');
  asm.movToSegment('ds', 'ax');
  asm.movToSegment('es', 'ax');
  graphicsRom(asm);
  toggleCpuidFlag(asm);
  asm.jcc('z', 'typesSet');
  memoryTypeRoutine(asm, 'bootMemoryTypes', 'typesSet');
  asm.label('typesSet');
  asm.lgdt(memory({ displacement: offsetOf('gdtPointer'), segment: 'cs' }));
  asm.movFromControl('eax', 0);
  asm.alu('or', 'eax', CR0_PE);
  asm.movToControl(0, 'eax');
  asm.jmpFar(CODE32, linearOf('protectedMode'), 4);
}

/** ZF = 0, and EFLAGS.ID set in EBP, when that flag can be changed: the processor has CPUID (SDM vol. 1, 3.4.3.3). */
function toggleCpuidFlag(asm: Assembler): void {
  asm.bytes(0x66);
  asm.op('pushf');
  asm.pop('eax');
  asm.mov('ebx', 'eax');
  asm.alu('xor', 'eax', EFLAGS_ID);
  asm.push('eax');
  asm.bytes(0x66);
  asm.op('popf');
  asm.bytes(0x66);
  asm.op('pushf');
  asm.pop('eax');
  asm.alu('xor', 'eax', 'ebx');
  asm.mov('ebp', 'eax');
  asm.test('ebp', EFLAGS_ID);
}

/**
 * Real mode in which data segments reach 4 GiB, as expansion ROMs expect it (PCI Firmware 3.0, 5.2.1.8): a segment
 * register loaded in real mode keeps the limit that it was given in protected mode.
 */
function bigRealMode(asm: Assembler): void {
  const segments = ['ds', 'es', 'fs', 'gs'] as const;
  asm.lgdt(memory({ displacement: offsetOf('gdtPointer'), segment: 'cs' }));
  asm.movFromControl('ebx', 0);
  asm.mov('eax', 'ebx');
  asm.alu('or', 'eax', CR0_PE);
  asm.movToControl(0, 'eax');
  asm.mov('ax', DATA32);
  for (const segment of segments) asm.movToSegment(segment, 'ax');
  asm.movToControl(0, 'ebx');
  asm.alu('xor', 'ax', 'ax');
  for (const segment of segments) asm.movToSegment(segment, 'ax');
}

/** Calls the card's ROM as a BIOS does, AX naming the card (PCI Firmware 3.0, 5.2.1.9), and sets text mode. */
function graphicsRom(asm: Assembler): void {
  asm.alu('cmp', variable('vga', 2), NO_VGA);
  asm.jcc('z', 'noGraphics');
  bigRealMode(asm);
  asm.mov('bx', offsetOf('graphicsReady'));
  asm.push('cs');
  asm.push('bx');
  asm.mov('ax', variable('vga', 2));
  asm.jmpFar(VGA_ROM_SEGMENT, VGA_ROM_ENTRY, 2);
  asm.label('graphicsReady');
  asm.mov('ax', TEXT_MODE);
  asm.int(0x10);
  asm.op('cli');
  asm.op('cld');
  asm.label('noGraphics');
}

function protectedMode(asm: Assembler): void {
  asm.bits(32);
  asm.label('protectedMode');
  asm.mov('ax', DATA32);
  for (const segment of ['ds', 'es', 'ss', 'fs', 'gs'] as const) asm.movToSegment(segment, 'ax');
  asm.test('ebp', EFLAGS_ID);
  asm.jcc('z', 'processorsReady');
  asm.mov(memory({ displacement: APIC_SVR }, 4), SVR_ENABLED);
  asm.mov(memory({ displacement: APIC_LVT_LINT0 }, 4), LVT_EXTERNAL);
  asm.mov(memory({ displacement: APIC_LVT_LINT1 }, 4), LVT_NMI);
  asm.alu('cmp', flatVariable('otherCpus'), 0);
  asm.jcc('z', 'processorsReady');
  asm.mov(memory({ displacement: APIC_ICR_LOW }, 4), IPI_START_ALL_OTHERS | SIPI_PAGE);
  asm.label('waitForOthers');
  asm.op('pause');
  asm.mov('eax', flatVariable('readyCpus'));
  asm.alu('cmp', 'eax', flatVariable('otherCpus'));
  asm.jcc('c', 'waitForOthers');
  asm.label('processorsReady');
  asm.mov('ecx', flatVariable('action'));
  asm.mov('ebp', flatVariable('entry'));
  asm.mov('ebx', flatVariable('ebx'));
  asm.mov('esi', flatVariable('esi'));
  asm.mov('eax', PAM0_ADDRESS);
  asm.mov('edx', PCI_ADDRESS);
  asm.out('dx', 'eax');
  asm.mov('edx', PAM0_DATA_PORT);
  asm.mov('eax', PAM_READ_ONLY);
  asm.out('dx', 'al');
  asm.alu('cmp', 'ecx', ACTIONS.wake);
  asm.jcc('z', 'wake');
  asm.alu('cmp', 'ecx', ACTIONS.enter);
  asm.jcc('z', 'enter');
  asm.label('stop');
  asm.op('cli');
  asm.op('hlt');
  asm.jmp('stop');
}

/** Into the kernel: EBP, EDI and (for Linux) EBX zero, paging and interrupts off, flat segments. */
function enterKernel(asm: Assembler): void {
  asm.label('enter');
  asm.mov('edx', 'ebp');
  asm.mov('eax', flatVariable('eax'));
  asm.alu('xor', 'ebp', 'ebp');
  asm.alu('xor', 'edi', 'edi');
  asm.alu('xor', 'ecx', 'ecx');
  asm.jmpRegister('edx');
}

/** Back to real mode with 64 KiB segments (SDM vol. 3, 9.9.2), then to the waking vector. */
function wake(asm: Assembler): void {
  asm.label('wake');
  asm.mov('ax', DATA16);
  for (const segment of ['ds', 'es', 'ss', 'fs', 'gs'] as const) asm.movToSegment(segment, 'ax');
  asm.jmpFar(CODE16, offsetOf('leaveProtected'), 4);
  asm.bits(16);
  asm.label('leaveProtected');
  asm.movFromControl('eax', 0);
  asm.alu('and', 'eax', ~CR0_PE);
  asm.movToControl(0, 'eax');
  asm.jmpFar(ROM_SEGMENT, offsetOf('realAgain'), 2);
  asm.label('realAgain');
  asm.alu('xor', 'ax', 'ax');
  for (const segment of ['ds', 'es', 'ss', 'fs', 'gs'] as const) asm.movToSegment(segment, 'ax');
  asm.bytes(0xea);
  asm.label('wakeOffset');
  asm.word(0);
  asm.label('wakeSegment');
  asm.word(0);
}

const PARAMETERS = ['otherCpus', 'readyCpus', 'action', 'entry', 'eax', 'ebx', 'esi', 'vga'] as const;

function data(asm: Assembler): void {
  asm.align(8);
  asm.label('gdt');
  asm.data(u32(0, 0, 0, 0));
  asm.data(u32(0x0000ffff, 0x00cf9b00, 0x0000ffff, 0x00cf9300));
  asm.data(u32(0x0000ffff, 0x00009b0f, 0x0000ffff, 0x00009300));
  asm.label('gdtEnd');
  asm.label('gdtPointer');
  asm.data(u16(asm.address('gdtEnd') - asm.address('gdt') - 1));
  asm.dword(linearOf('gdt'));
  asm.align(4);
  for (const parameter of PARAMETERS) {
    asm.label(parameter);
    asm.dword(0);
  }
  asm.label('ignoreInterrupt');
  asm.op('iret');
}

/** Assembles the ROM. */
export function bootRom(): BootRom {
  const asm = new Assembler({ origin: 0, segmentBase: ROM_BASE, bits: 16 });
  asm.data(new Uint8Array(CODE_OFFSET));
  otherProcessors(asm);
  realModeStart(asm);
  protectedMode(asm);
  enterKernel(asm);
  wake(asm);
  data(asm);
  const used = asm.assemble();
  const image = new Uint8Array(ROM_BYTES);
  image.set(used);
  image.set([0xea, ...u16(asm.address('start'), ROM_SEGMENT)], RESET_VECTOR);
  image[MODEL_OFFSET] = MODEL_AT;
  const at = (label: string): number => asm.address(label);
  return {
    image,
    ignoreInterrupt: asm.address('ignoreInterrupt'),
    parameters: {
      otherCpus: at('otherCpus'),
      readyCpus: at('readyCpus'),
      vga: at('vga'),
      action: at('action'),
      entry: at('entry'),
      eax: at('eax'),
      ebx: at('ebx'),
      esi: at('esi'),
      wakeOffset: at('wakeOffset'),
      wakeSegment: at('wakeSegment'),
    },
  };
}
