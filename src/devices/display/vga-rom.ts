/** How a VGA BIOS reaches the firmware. */
import type { BoardServices } from '../board-services.ts';
import type { PciFunction } from '../pci/pci-contract.ts';

/** Through fw_cfg: where there is no PCI, or no base address register is wanted. */
export function offerVgaRom(ports: BoardServices, file: string): void {
  const contents = ports.firmwareFile(file);
  if (contents !== undefined) {
    ports.firmwareItems.file(`vgaroms/${file}`, contents);
  }
}

/**
 * As the option ROM of a PCI function, unless its properties say otherwise.
 * @param usual the file when `romfile` is empty
 * @returns the file's name
 */
export function attachVgaRom(
  ports: BoardServices,
  pci: PciFunction,
  values: { readonly romfile: string; readonly rombar: number },
  usual: string,
): string {
  const file = values.romfile === '' ? usual : values.romfile;
  const contents = ports.firmwareFile(file);
  if (contents !== undefined) {
    if (values.rombar === 0) ports.firmwareItems.file(`vgaroms/${file}`, contents);
    else pci.rom(contents);
  }
  return file;
}
