/** A virtio disk of the reference, found on its PCI bus and driven through its test protocol. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { littleEndian, readLittleEndian } from '../../../../src/devices/virtio/little-endian.ts';
import { QemuPlatform } from '../../../machine/firmware/qemu-platform.ts';
import type { DriverBoard, DriverFunction } from './driver-transport.ts';

const CONFIG_ADDRESS = 0xcf8;
const CONFIG_DATA = 0xcfc;
const ENABLE = 0x80000000;
const SLOT = 4;
const IO_BASE = 0xc000;
const MEMORY_BASE = 0xfe000000;
const IO_MEMORY_MASTER = 7;
const CAPABILITIES_POINTER = 0x34;

type Size = 1 | 2 | 4;

export class QemuDisk implements AsyncDisposable {
  readonly board: DriverBoard;
  readonly function: DriverFunction;
  readonly #platform: QemuPlatform;
  readonly #folder: string;

  /** @param device properties of the device: `,serial=x` */
  constructor(contents: Uint8Array, device: string) {
    this.#folder = mkdtempSync(join(tmpdir(), 'troupe-virtio-'));
    const image = join(this.#folder, 'disk');
    writeFileSync(image, contents);
    const drive = `if=none,id=d,format=raw,discard=unmap,file=${image}`;
    // A machine of today: those of the time have no modern devices.
    const args = [
      '-machine',
      'pc',
      '-nodefaults',
      '-drive',
      drive,
      '-device',
      `virtio-blk-pci,drive=d,addr=${SLOT}${device}`,
    ];
    const platform = new QemuPlatform(new Uint8Array(65536), 1, args);
    this.#platform = platform;
    const sized = (size: number): Size => (size === 1 ? 1 : size === 2 ? 2 : 4);
    this.board = {
      ports: {
        read: (address, size) => platform.readPort(address, sized(size)),
        write: (address, size, value) => platform.writePort(address, sized(size), value),
      },
      memory: {
        read: (address, size) => readLittleEndian(platform.readMemory(address, size), 0, size),
        write: (address, size, value) => platform.writeMemory(address, littleEndian(value, size)),
      },
      guest: {
        read: (address, bytes) => platform.readMemory(address, bytes),
        write: (address, bytes) => platform.writeMemory(address, bytes),
      },
    };
    this.function = this.#place();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#platform[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true });
  }

  #place(): DriverFunction {
    const select = (offset: number): number => {
      this.board.ports.write(CONFIG_ADDRESS, 4, (ENABLE | (SLOT << 11) | (offset & 0xfc)) >>> 0);
      return CONFIG_DATA + (offset & 3);
    };
    const read = (offset: number, size: number): number => this.board.ports.read(select(offset), size);
    const write = (offset: number, size: number, value: number): void =>
      this.board.ports.write(select(offset), size, value);
    write(0x10, 4, IO_BASE);
    write(0x20, 4, MEMORY_BASE);
    write(0x24, 4, 0);
    write(4, 2, IO_MEMORY_MASTER);
    return {
      bases: new Map([
        [0, IO_BASE],
        [4, MEMORY_BASE],
      ]),
      msixEnabled: false,
      readConfig: read,
      capabilities: (id) => {
        const found: number[] = [];
        for (let at = read(CAPABILITIES_POINTER, 1); at !== 0; at = read(at + 1, 1)) {
          if (read(at, 1) === id) found.push(at);
        }
        return found;
      },
    };
  }
}
