/** The differentiated system description: everything of the board that ACPI drivers find by name. */
import { concat } from '../bytes.ts';
import { type Aml, call, integer, method, name, packageOf, scope } from './aml.ts';
import type { BoardDescription } from './board-description.ts';
import { isaDevices, systemDevices } from './dsdt-isa.ts';
import { interruptLinks, pciRoot } from './dsdt-pci.ts';

/** SLP_TYP of PM1a control that the PIIX4 takes for each sleep state (Intel 82371AB data sheet, 7.2.5). */
export const SLEEP_TYPES = { s3: 1, s4: 2, s5: 0 } as const;

function sleepState(text: string, type: number): Aml {
  return name(text, packageOf(integer(type), integer(type), integer(0), integer(0)));
}

/** GPE 1 is the PCI hot-plug controller's, GPE 2 the CPU's; both are edge-triggered. */
function generalEvents(): Aml {
  return scope('\\_GPE', method('_E01', {}, call('\\_SB.PCI0.PCNT')), method('_E02', {}, call('\\_SB.PRSC')));
}

export function dsdtTerms(board: BoardDescription): Aml {
  return concat(
    scope('\\_SB', pciRoot(board, isaDevices(board)), systemDevices(board)),
    scope('\\_SB', interruptLinks()),
    sleepState('\\_S3', SLEEP_TYPES.s3),
    sleepState('\\_S4', SLEEP_TYPES.s4),
    sleepState('\\_S5', SLEEP_TYPES.s5),
    generalEvents(),
  );
}
