/** Runs accesses to the local APIC on Debian's QEMU: a ROM that enters flat 32-bit code, makes them and prints what it reads. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A write of a value to a register of the APIC's page, or a read of one. */
export type Access = readonly ['write', number, number] | readonly ['read', number];

const ROM_BYTES = 0x10000;
const ROM_BASE = 0xffff0000;
const APIC = 0xfee00000;
const GDT = 0x20;
const GDT_POINTER = 0x40;
const CODE32 = 0x100;
const RESET_VECTOR = 0xfff0;
const TIMEOUT_MS = 30_000;

const u16 = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff];
const u32 = (value: number): number[] => [...u16(value), ...u16(value >>> 16)];

/**
 * mov al, FFh; out 21h, al; out A1h, al: masks the 8259s. The PIT runs from power-on, and its first interrupt, 55 ms later,
 * would come through LINT0 as whatever the accesses have just made of its entry.
 */
const MASK_8259 = [0xb0, 0xff, 0xe6, 0x21, 0xe6, 0xa1];
/** cli; lgdt cs:[GDT_POINTER]; mov eax, cr0; or al, 1; mov cr0, eax; jmp far 8:CODE32 */
const ENTER = [0xfa, ...MASK_8259, 0x2e, 0x66, 0x0f, 0x01, 0x16, ...u16(GDT_POINTER)]
  .concat([0x0f, 0x20, 0xc0, 0x0c, 0x01, 0x0f, 0x22, 0xc0])
  .concat([0x66, 0xea, ...u32(ROM_BASE + CODE32), ...u16(8)]);
/** mov ax, 16; mov ds, ax */
const LOAD_DS = [0x66, 0xb8, 0x10, 0x00, 0x8e, 0xd8];
/** out 0xe9, al, and three times shr eax, 8 with another */
const PRINT = [0xe6, 0xe9, ...[1, 2, 3].flatMap(() => [0xc1, 0xe8, 0x08, 0xe6, 0xe9])];
/** mov al, 0; out 0xf4, al: ends QEMU through its debug-exit device */
const EXIT = [0xb0, 0x00, 0xe6, 0xf4, 0xf4];

function code(accesses: readonly Access[]): number[] {
  const body = accesses.flatMap((access) =>
    access[0] === 'write'
      ? [0xc7, 0x05, ...u32(APIC + access[1]), ...u32(access[2])]
      : [0xa1, ...u32(APIC + access[1]), ...PRINT],
  );
  return [...LOAD_DS, ...body, ...EXIT];
}

function rom(accesses: readonly Access[]): Uint8Array {
  const image = new Uint8Array(ROM_BYTES);
  image.set(ENTER);
  const view = new DataView(image.buffer);
  view.setBigUint64(GDT + 8, 0x00cf9b000000ffffn, true);
  view.setBigUint64(GDT + 16, 0x00cf93000000ffffn, true);
  image.set([...u16(23), ...u32(ROM_BASE + GDT)], GDT_POINTER);
  image.set(code(accesses), CODE32);
  // jmp to the ROM's first byte
  image.set([0xe9, ...u16(-(RESET_VECTOR + 3))], RESET_VECTOR);
  return image;
}

/** The values that the reads gave, in order. */
export async function accessOnQemu(accesses: readonly Access[]): Promise<number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-apic-'));
  try {
    const image = join(folder, 'rom');
    await writeFile(image, rom(accesses));
    const output = await new Promise<Buffer>((resolve, reject) => {
      const args = [
        '-M',
        'pc',
        '-accel',
        'tcg',
        '-bios',
        image,
        '-nodefaults',
        '-display',
        'none',
        '-debugcon',
        'stdio',
      ];
      const exit = ['-device', 'isa-debug-exit,iobase=0xf4,iosize=1', '-no-reboot'];
      // The debug-exit device makes any status odd, so an "error" is the way out.
      execFile(
        'qemu-system-x86_64',
        [...args, ...exit],
        { encoding: 'buffer', timeout: TIMEOUT_MS, killSignal: 'SIGKILL' },
        (error, stdout, stderr) => {
          if (error?.killed || stderr.length > 0) {
            reject(
              new Error(`QEMU gave ${stdout.length} bytes in ${TIMEOUT_MS} ms: ${stderr.toString()}`, {
                cause: error,
              }),
            );
          } else resolve(stdout);
        },
      );
    });
    return Array.from({ length: output.length >> 2 }, (_, index) => output.readUInt32LE(index * 4));
  } finally {
    await rm(folder, { recursive: true });
  }
}
