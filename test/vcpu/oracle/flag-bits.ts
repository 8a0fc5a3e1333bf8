/** EFLAGS (SDM vol. 1, 3.4.3). */
export const CF = 0x1;
export const PF = 0x4;
export const AF = 0x10;
export const ZF = 0x40;
export const SF = 0x80;
export const TF = 0x100;
export const IF = 0x200;
export const DF = 0x400;
export const OF = 0x800;
export const RF = 0x10000;
export const AC = 0x40000;
export const ID = 0x200000;
/** The six status flags. */
export const STATUS = CF | PF | AF | ZF | SF | OF;

/** Which status flags each condition code reads (SDM vol. 1, appendix B), by code / 2. */
const CONDITION_READS = [OF, CF, ZF, CF | ZF, SF, PF, SF | OF, SF | OF | ZF];

/** Status flags that decide condition `code`, 0 to 15. */
export function flagsOfCondition(code: number): number {
  return CONDITION_READS[code >> 1] ?? STATUS;
}
