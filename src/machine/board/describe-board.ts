/** The board as text: `info mtree`, `info pic`, `info roms`. */
import { basename } from 'node:path';
import type { MachineTopic } from '../machine-contract.ts';
import type { PcBoard } from './pc-board.ts';
import { PORTS } from './port-space.ts';
import type { DescribedRange } from './region-map.ts';

const ADDRESS_DIGITS = 16;
const FOUR_GIB = 2 ** 32;
/** What the reference shows as the end of memory: addresses have 64 bits, lengths too. */
const END_OF_MEMORY = '7ffffffffffffffe';

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** An address space: its name, what it is, and what is claimed of it. */
function addressSpace(title: string, root: string, end: string, ranges: readonly DescribedRange[]): string {
  const line = (first: string, last: string, priority: number, access: string, name: string): string =>
    `${first}-${last} (prio ${priority}, ${access}): ${name}\n`;
  return [
    `${title}\n`,
    line(hex(0, ADDRESS_DIGITS), end, 0, 'RW', root),
    ...ranges.map(({ first, last, priority, isWritable, name }) => {
      const [from, to] = [hex(first, ADDRESS_DIGITS), hex(last, ADDRESS_DIGITS)];
      return `  ${line(from, to, priority, isWritable ? 'RW' : 'R-', name)}`;
    }),
  ].join('');
}

function describeRoms({ roms: { files, bios, biosBytes } }: PcBoard): string {
  const size = (bytes: number): string => `size=0x${hex(bytes, 6)}`;
  return [
    ...files.map(([path, bytes]) => `fw=${path} ${size(bytes)} name="${basename(path)}"\n`),
    `addr=${hex(FOUR_GIB - biosBytes, ADDRESS_DIGITS)} ${size(biosBytes)} mem=rom name="${bios}"\n`,
  ].join('');
}

export function describeBoard(board: PcBoard, topic: MachineTopic): string {
  const { hardware } = board;
  switch (topic) {
    case 'mtree':
      return (
        addressSpace('memory', 'system', END_OF_MEMORY, hardware.space.describe()) +
        addressSpace('I/O', 'io', hex(PORTS - 1, ADDRESS_DIGITS), hardware.ports.describe()) +
        'aliases\n'
      );
    case 'pic':
      return hardware.wiring
        .pics()
        .map(({ view }, index) => {
          const byte = (value: number): string => hex(value, 2);
          return (
            `pic${index}: irr=${byte(view.irr)} imr=${byte(view.imr)} isr=${byte(view.isr)} hprio=${view.highest} ` +
            `irq_base=${byte(view.vectorBase)} rr_sel=${view.readsIsr ? 1 : 0} elcr=${byte(view.elcr)} ` +
            `fnm=${view.fullyNested ? 1 : 0}\n`
          );
        })
        .join('');
    case 'roms':
      return describeRoms(board);
    default:
      return '';
  }
}
