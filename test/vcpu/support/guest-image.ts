/** Small guests as 64 KiB BIOS images: assembled with GNU as, run by QEMU and by the core, both reporting on port E9h. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CPU_EXCEPTION_HOOKS, EXIT_BUDGET } from '../../../src/memory/layout.ts';
import { TestCpu } from './test-cpu.ts';

const GUESTS = fileURLToPath(new URL('../../guests/vcpu/', import.meta.url));
const REPORT_PORT = 0xe9;
const END_PORT = 0xf4;
const IMAGE_BYTES = 0x10000;
const LOW_ROM = 0xf0000;
const HIGH_ROM = 0xffff0000;
const RAM_MIB = 16;
const RAM_BYTES = RAM_MIB * 1024 * 1024;
const LIMIT_INSTRUCTIONS = 2_000_000;

/** True if guests can be assembled and QEMU can run them here. */
export function hasGuestTools(): boolean {
  return ['as', 'ld', 'qemu-system-x86_64'].every((tool) => spawnSync(tool, ['--version']).status === 0);
}

/** Assembles `test/guests/vcpu/NAME.S`. */
export function assembleGuest(name: string): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-guest-'));
  try {
    const object = join(directory, 'guest.o');
    const image = join(directory, 'guest.bin');
    execFileSync('as', ['--32', '-o', object, join(GUESTS, `${name}.S`)]);
    execFileSync('ld', [
      '-m',
      'elf_i386',
      '-T',
      join(GUESTS, 'bios.ld'),
      '--oformat',
      'binary',
      '-o',
      image,
      object,
    ]);
    return readFileSync(image);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** What the image reports under QEMU's TCG. */
export function runInQemu(image: Uint8Array): string {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-guest-'));
  try {
    const bios = join(directory, 'bios.bin');
    const report = join(directory, 'report');
    execFileSync('tee', [bios], { input: image, stdio: ['pipe', 'ignore', 'inherit'] });
    spawnSync(
      'qemu-system-x86_64',
      [
        ...[
          '-accel',
          'tcg',
          '-cpu',
          'max',
          '-M',
          'pc',
          '-m',
          String(RAM_MIB),
          '-bios',
          bios,
          '-display',
          'none',
          '-nodefaults',
        ],
        ...[
          '-chardev',
          `file,id=c,path=${report}`,
          '-device',
          `isa-debugcon,iobase=${REPORT_PORT},chardev=c`,
        ],
        ...['-device', `isa-debug-exit,iobase=${END_PORT},iosize=1`, '-no-reboot'],
      ],
      { timeout: 20_000, killSignal: 'SIGKILL' },
    );
    return readFileSync(report, 'latin1');
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** What it reports on the core. The last line says how the run ended if not by the guest's own wish. */
export async function runOnCore(image: Uint8Array): Promise<string> {
  let report = '';
  let ended = false;
  const cpu = await TestCpu.create({
    ramMiB: RAM_MIB,
    host: {
      portOut: (port, _size, value) => {
        if (port === REPORT_PORT) report += String.fromCharCode(value & 255);
        if (port === END_PORT) ended = true;
      },
    },
  });
  // The image lies in the last page group of RAM's backing, out of the guest's own reach.
  const backing = RAM_BYTES - IMAGE_BYTES;
  cpu.bytes.set(image, backing);
  cpu.map.unmap(0xa0000, 0x60000);
  cpu.map.map(LOW_ROM, IMAGE_BYTES, cpu.ramBase + backing, 'rom');
  cpu.map.map(HIGH_ROM, IMAGE_BYTES, cpu.ramBase + backing, 'rom');
  cpu.core.reset();
  cpu.setState32(CPU_EXCEPTION_HOOKS, 0);
  for (let left = LIMIT_INSTRUCTIONS; left > 0; left -= 1000) {
    const reason = cpu.run(1000);
    if (ended) return report;
    if (reason !== EXIT_BUDGET) return `${report}\nended with reason ${reason} at ${cpu.rip.toString(16)}`;
  }
  return `${report}\nstill running at ${cpu.rip.toString(16)}`;
}
