/** System-mode guests: cases in assembly under a small kernel, made into a 64 KiB ROM with GNU as. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a case starts as: ring 0 in flat 32-bit code without paging, or in 64-bit code. */
export type Kernel = 'protected' | 'long';

/** QEMU's answer is not to be compared: the manual says otherwise, or QEMU does not look. */
export interface Deviation {
  /** Section of the SDM (or APM) that decides. */
  readonly section: string;
  /** What QEMU 7.2 does instead. */
  readonly qemu: string;
}

export interface SystemCase {
  readonly name: string;
  /** GNU as, Intel syntax; starts in the kernel's mode. Must end in END, a fault, or a reset. */
  readonly code: string;
  readonly deviation?: Deviation;
  /** Has a read-modify-write, whose page fault is one of a write; QEMU reports the read that it makes first. */
  readonly updates?: boolean;
}

export interface SystemGuest {
  readonly name: string;
  readonly kernel: Kernel;
  /** Subroutines and data that the cases share. */
  readonly shared?: string;
  readonly cases: readonly SystemCase[];
}

const KERNELS = fileURLToPath(new URL('./kernel/', import.meta.url));
const LINK_ADDRESS = '0x10000';

/** The whole source of a guest. */
export function guestSource(guest: SystemGuest): string {
  const part = (name: string): string => readFileSync(join(KERNELS, `${name}.S`), 'utf8');
  const wide = guest.kernel === 'long';
  const mode = wide ? '.code64' : '.code32';
  const table = guest.cases.map((_, index) => `  ${wide ? '.quad' : '.long'} case_${index}`);
  return [
    `.equ CASES, ${guest.cases.length}`,
    part('common'),
    part(guest.kernel),
    mode,
    guest.shared ?? '',
    '.align 8',
    'case_table:',
    ...table,
    ...guest.cases.map(({ code }, index) => `${mode}\ncase_${index}:\n${code}`),
    part('end'),
  ].join('\n');
}

/** The 64 KiB image. Throws the assembler's messages. */
export function assembleGuest(guest: SystemGuest): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-system-'));
  const wide = guest.kernel === 'long';
  try {
    const object = join(directory, 'guest.o');
    const image = join(directory, 'guest.bin');
    execFileSync('as', [wide ? '--64' : '--32', '-o', object, '-'], { input: guestSource(guest) });
    const format = ['-m', wide ? 'elf_x86_64' : 'elf_i386', '--oformat', 'binary'];
    execFileSync('ld', [...format, '-Ttext', LINK_ADDRESS, '-o', image, object]);
    return readFileSync(image);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** A report cut at its `#` lines: the lines of each case, in order. */
export function splitReport(report: string): string[] {
  return report
    .split(/^#[0-9a-f]{4}\n/m)
    .slice(1)
    .map((part) => part.trimEnd());
}

/** Vectors whose frames show EFLAGS as it was: traps and interrupts. */
const NOT_FAULTS = new Set(['01', '02', '03', '04', '40', '41', '42', '43', '44', '45']);
const RESUME_FLAG = 0x10000;

const PAGE_FAULT = /^v0e e([0-9a-f]{4})/;
const PRESENT = 1;
const WRITE = 2;
const RESERVED = 8;
const ACCESSED = 0x20;
const DIRTY = 0x40;

/**
 * QEMU leaves P clear in the error codes of reserved bits (SDM vol. 3, 4.7: RSVD only with P), and sets A in the entries of an
 * access that faults, as no processor needs to (4.8); D in the first page of an update that faults in the second is as free. `D`, `A` and `B` are the entries that the paging guests show.
 */
function comparableFault(line: string, updates: boolean): string {
  const error = Number.parseInt(PAGE_FAULT.exec(line)?.[1] ?? '', 16);
  if (Number.isNaN(error)) return line;
  const bits = (error & RESERVED ? error | PRESENT : error) & (updates ? ~WRITE : -1);
  const code = bits.toString(16).padStart(4, '0');
  return line
    .replace(PAGE_FAULT, `v0e e${code}`)
    .replace(/\b([DAB])([0-9a-f]{8})\b/g, (_, letter: string, entry: string) => {
      const masked = (Number.parseInt(entry, 16) & ~(updates ? ACCESSED | DIRTY : ACCESSED)) >>> 0;
      return `${letter}${masked.toString(16).padStart(8, '0')}`;
    });
}

/** A case's report without RF in the frames of faults, which QEMU leaves clear (SDM vol. 3, 17.3.1.1 sets it). */
export function comparable(report: string, { updates = false }: Pick<SystemCase, 'updates'> = {}): string {
  const masked = report.replace(
    /^v(..)( .*? f)([0-9a-f]{6})/gm,
    (whole, vector: string, middle: string, flags: string) => {
      if (NOT_FAULTS.has(vector)) return whole;
      const bits = Number.parseInt(flags, 16) & ~RESUME_FLAG;
      return `v${vector}${middle}${bits.toString(16).padStart(6, '0')}`;
    },
  );
  return masked
    .split('\n')
    .map((line) => comparableFault(line, updates))
    .join('\n');
}
