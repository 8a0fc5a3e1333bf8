/** Selector keys of fw_cfg (QEMU's docs/specs/fw_cfg; those of the PC firmware that have no name there as SeaBIOS reads them). */

export const FW_CFG_SIGNATURE = 0x00;
/** Features, 32 bits: bit 0 the traditional interface, bit 1 DMA. */
export const FW_CFG_ID = 0x01;
/** 16 bytes. */
export const FW_CFG_UUID = 0x02;
/** Bytes, 64 bits. */
export const FW_CFG_RAM_SIZE = 0x03;
/** Flags, 16 bits. */
export const FW_CFG_NO_GRAPHIC = 0x04;
export const FW_CFG_CPUS = 0x05;
export const FW_CFG_MACHINE_ID = 0x06;
export const FW_CFG_KERNEL_ADDRESS = 0x07;
export const FW_CFG_KERNEL_SIZE = 0x08;
export const FW_CFG_KERNEL_COMMAND_LINE = 0x09;
export const FW_CFG_INITRD_ADDRESS = 0x0a;
export const FW_CFG_INITRD_SIZE = 0x0b;
/** The first boot letter, 16 bits. */
export const FW_CFG_BOOT_DEVICE = 0x0c;
/** Counts and places of CPUs and memory, 64 bits each. */
export const FW_CFG_NUMA = 0x0d;
/** 16 bits. */
export const FW_CFG_BOOT_MENU = 0x0e;
/** Highest APIC id + 1, 16 bits. */
export const FW_CFG_MAX_CPUS = 0x0f;
export const FW_CFG_KERNEL_ENTRY = 0x10;
export const FW_CFG_KERNEL_DATA = 0x11;
export const FW_CFG_INITRD_DATA = 0x12;
export const FW_CFG_COMMAND_LINE_ADDRESS = 0x13;
export const FW_CFG_COMMAND_LINE_SIZE = 0x14;
export const FW_CFG_COMMAND_LINE_DATA = 0x15;
export const FW_CFG_SETUP_ADDRESS = 0x16;
export const FW_CFG_SETUP_SIZE = 0x17;
export const FW_CFG_SETUP_DATA = 0x18;
export const FW_CFG_FILE_DIRECTORY = 0x19;
export const FW_CFG_FIRST_FILE = 0x20;
/** Keys of the x86 machines. */
export const FW_CFG_ACPI_TABLES = 0x8000;
export const FW_CFG_SMBIOS = 0x8001;
export const FW_CFG_IRQ0_OVERRIDE = 0x8002;
export const FW_CFG_E820 = 0x8003;
export const FW_CFG_HPET = 0x8004;
