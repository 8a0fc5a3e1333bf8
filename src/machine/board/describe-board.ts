/** The board as text: `info mtree`, `info pic`, `info roms`. */
import type { MachineTopic } from '../machine-contract.ts';
import type { PcBoard } from './pc-board.ts';

interface NamedRange {
  readonly first: number;
  readonly last: number;
  readonly name: string;
}

function ranges(title: string, digits: number, all: readonly NamedRange[]): string {
  const hex = (value: number): string => value.toString(16).padStart(digits, '0');
  return `${title}\n${all.map(({ first, last, name }) => `${hex(first)}-${hex(last)} : ${name}\n`).join('')}`;
}

const ADDRESS_DIGITS = 16;

export function describeBoard({ hardware }: PcBoard, topic: MachineTopic): string {
  switch (topic) {
    case 'mtree':
      return (
        ranges('memory', ADDRESS_DIGITS, hardware.space.describe()) +
        ranges('I/O', ADDRESS_DIGITS, hardware.ports.describe())
      );
    case 'pic':
      return hardware.wiring
        .pics()
        .map(({ view }, index) => {
          const hex = (value: number): string => value.toString(16).padStart(2, '0');
          return (
            `pic${index}: irr=${hex(view.irr)} imr=${hex(view.imr)} isr=${hex(view.isr)} hprio=${view.highest} ` +
            `irq_base=${hex(view.vectorBase)} rr_sel=${view.readsIsr ? 1 : 0} elcr=${hex(view.elcr)} ` +
            `fnm=${view.fullyNested ? 1 : 0}\n`
          );
        })
        .reverse()
        .join('');
    default:
      return '';
  }
}
