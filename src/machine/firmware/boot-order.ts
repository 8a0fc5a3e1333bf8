/** `-boot`: what a BIOS reads of it through fw_cfg. */

/** `bootorder`: device paths, one a line; HALT keeps the BIOS from trying what is not listed. Undefined when there is none. */
export function bootOrderFile(paths: readonly string[], strict: boolean): Uint8Array | undefined {
  const lines = strict ? [...paths, 'HALT'] : paths;
  return lines.length === 0 ? undefined : Uint8Array.from(Buffer.from(`${lines.join('\n')}\0`, 'latin1'));
}
