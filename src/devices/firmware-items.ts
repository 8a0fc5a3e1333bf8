/** What the board tells its firmware through fw_cfg (QEMU's docs/specs/fw_cfg). Implemented by the fw_cfg device. */
export interface FirmwareItems {
  /** An item with a fixed key, such as 0x8000 for the ACPI tables of old firmware. */
  item(key: number, contents: Uint8Array): void;
  /**
   * A named file of the directory (`etc/…`, at most 55 bytes). `selected` is called before the guest reads it, and may
   * give new contents of the same length.
   */
  file(name: string, contents: Uint8Array, selected?: () => Uint8Array): void;
}
