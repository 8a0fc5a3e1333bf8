/** The two 8259s of a PC on a fake board. */
import type { Wire } from '../../../src/devices/board-services.ts';
import { type I8259, isaI8259 } from '../../../src/devices/isa/i8259.ts';
import type { FakeBoard } from './fake-board.ts';

export interface PicPair {
  readonly master: I8259;
  readonly slave: I8259;
  /** ISA interrupt 0 to 15. */
  input(irq: number): Wire;
}

const SLAVE_INPUTS = 8;
const CASCADE = 2;

/** INT of the pair is the board's wire `intr`. */
export function createPicPair(board: FakeBoard): PicPair {
  const chips: I8259[] = [];
  const attach = (chip: I8259): void => {
    chips.push(chip);
  };
  const slaveOf = (): I8259 | undefined => chips[1];
  isaI8259.create(
    { ...board, intr: board.wire('intr'), attach, slave: slaveOf },
    { iobase: 0x20, elcr_addr: 0x4d0, elcr_mask: 0xf8, master: true },
  );
  const [master] = chips;
  if (master === undefined) throw new Error('The master was not attached');
  const cascade = { set: (asserted: boolean) => master.input(CASCADE).set(asserted) };
  isaI8259.create(
    { ...board, intr: cascade, attach, slave: () => undefined },
    { iobase: 0xa0, elcr_addr: 0x4d1, elcr_mask: 0xde, master: false },
  );
  const [, slave] = chips;
  if (slave === undefined) throw new Error('The slave was not attached');
  return {
    master,
    slave,
    input: (irq) => (irq < SLAVE_INPUTS ? master.input(irq) : slave.input(irq - SLAVE_INPUTS)),
  };
}
