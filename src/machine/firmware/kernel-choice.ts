/** What `-kernel`, `-initrd` and `-append` name, opened and recognised. */
import type { FirmwareConfig } from '../machine-config.ts';
import { FirmwareError } from './firmware-error.ts';
import { ImageFile } from './image-file.ts';
import { hasProtectedEntry, type LinuxImage, linuxImage } from './linux-image.ts';
import { type MultibootImage, multibootImage } from './multiboot-image.ts';
import { type Module, openModules } from './multiboot-information.ts';

export type KernelChoice =
  | {
      readonly kind: 'linux';
      readonly image: LinuxImage;
      readonly initrd: ImageFile | undefined;
      readonly commandLine: string;
    }
  | {
      readonly kind: 'multiboot';
      readonly image: MultibootImage;
      readonly modules: readonly Module[];
      readonly commandLine: string;
    };

/**
 * Opens the kernel; undefined when none is given. Throws `ERR_FIRMWARE_FILE` or `ERR_FIRMWARE_KERNEL` for what cannot be
 * read or is neither a Linux nor a multiboot image.
 */
export function openKernel(config: FirmwareConfig): KernelChoice | undefined {
  if (config.kernel === undefined) return undefined;
  const file = new ImageFile('-kernel', config.kernel);
  const append = config.append ?? '';
  const linux = linuxImage(file);
  if (linux !== undefined) {
    const initrd = config.initrd === undefined ? undefined : new ImageFile('-initrd', config.initrd);
    return { kind: 'linux', image: linux, initrd, commandLine: append };
  }
  const multiboot = multibootImage(file);
  if (multiboot === undefined) {
    file.close();
    throw new FirmwareError(
      'ERR_FIRMWARE_KERNEL',
      `-kernel ${config.kernel}: expected a Linux image (bzImage) or a multiboot image`,
    );
  }
  const modules = config.initrd === undefined ? [] : openModules(config.initrd);
  const commandLine = append === '' ? config.kernel : `${config.kernel} ${append}`;
  return { kind: 'multiboot', image: multiboot, modules, commandLine };
}

export function closeKernel(kernel: KernelChoice): void {
  kernel.image.file.close();
  if (kernel.kind === 'linux') kernel.initrd?.close();
  else for (const module of kernel.modules) module.file.close();
}

/** Whether it can be started where no BIOS answers interrupts. */
export function needsNoBios(kernel: KernelChoice): boolean {
  return kernel.kind === 'multiboot' || hasProtectedEntry(kernel.image);
}
