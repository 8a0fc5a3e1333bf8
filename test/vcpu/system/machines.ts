/** Runs ROM guests on the core and under QEMU. Both give what the guest wrote to port E9h. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CPU_EXCEPTION_HOOKS,
  EXIT_BUDGET,
  EXIT_HALT,
  EXIT_TRIPLE_FAULT,
} from '../../../src/memory/layout.ts';
import { TestCpu } from '../support/test-cpu.ts';

const REPORT_PORT = 0xe9;
const END_PORT = 0xf4;
const IMAGE_BYTES = 0x10000;
const LOW_ROM = 0xf0000;
const HIGH_ROM = 0xffff0000;
const RAM_MIB = 16;
const BACKING = RAM_MIB * 1024 * 1024 - IMAGE_BYTES;
const LIMIT_INSTRUCTIONS = 40_000_000;
const SLICE = 20_000;

/** Triple faults reset the vCPU, as a PC's chipset does; RAM stays. */
export async function runOnCore(image: Uint8Array): Promise<string> {
  const report: number[] = [];
  let ended = false;
  const cpu = await TestCpu.create({
    ramMiB: RAM_MIB,
    host: {
      portOut: (port, _size, value) => {
        if (port === REPORT_PORT) report.push(value & 255);
        if (port === END_PORT) ended = true;
      },
    },
  });
  // The image lies at the end of RAM's backing, which no guest touches.
  cpu.bytes.set(image, BACKING);
  cpu.map.unmap(0xa0000, 0x60000);
  cpu.map.map(LOW_ROM, IMAGE_BYTES, cpu.ramBase + BACKING, 'rom');
  cpu.map.map(HIGH_ROM, IMAGE_BYTES, cpu.ramBase + BACKING, 'rom');
  cpu.core.reset();
  cpu.setState32(CPU_EXCEPTION_HOOKS, 0);
  let ending = '';
  for (let left = LIMIT_INSTRUCTIONS; !ended && ending === ''; left -= SLICE) {
    const reason = cpu.run(SLICE);
    if (left <= 0) ending = `still running at ${cpu.rip.toString(16)}\n`;
    else if (reason === EXIT_TRIPLE_FAULT) cpu.core.reset();
    else if (reason !== EXIT_BUDGET && reason !== EXIT_HALT && !ended)
      ending = `ended with reason ${reason} at ${cpu.rip.toString(16)}\n`;
  }
  return Buffer.from(report).toString('latin1') + ending;
}

/** QEMU's TCG with the same memory; its own exit code says nothing. */
export async function runOnQemu(image: Uint8Array): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'troupe-system-'));
  try {
    const bios = join(directory, 'bios.bin');
    const report = join(directory, 'report');
    await writeFile(bios, image);
    const machine = ['-accel', 'tcg', '-cpu', 'max', '-M', 'pc', '-m', String(RAM_MIB), '-nodefaults'];
    const output = ['-display', 'none', '-chardev', `file,id=c,path=${report}`];
    const ports = [
      '-device',
      `isa-debugcon,iobase=${REPORT_PORT},chardev=c`,
      '-device',
      `isa-debug-exit,iobase=${END_PORT},iosize=1`,
    ];
    await promisify(execFile)('qemu-system-x86_64', [...machine, '-bios', bios, ...output, ...ports], {
      timeout: 20_000,
      killSignal: 'SIGKILL',
    }).catch(() => undefined);
    return await readFile(report, 'latin1');
  } finally {
    await rm(directory, { recursive: true });
  }
}
