/** The header that all ACPI tables but FACS and RSDP have (ACPI Specification 5.0, 5.2.6). */
import { checksum, concat, fixedText, u8, u32 } from '../bytes.ts';

export const HEADER_BYTES = 36;
export const CHECKSUM_OFFSET = 9;

const OEM_ID = 'TROUPE';
const OEM_REVISION = 1;
const CREATOR_ID = 'TRPE';
const CREATOR_REVISION = 1;

export interface TableHeader {
  readonly signature: string;
  readonly revision: number;
  readonly oemId?: string;
  readonly oemTableId?: string;
  readonly oemRevision?: number;
  readonly creatorId?: string;
  readonly creatorRevision?: number;
}

/** A table with header and checksum around `body`. */
export function table(header: TableHeader, body: Uint8Array): Uint8Array {
  const bytes = concat(
    fixedText(header.signature, 4, '\0'),
    u32(HEADER_BYTES + body.length),
    u8(header.revision, 0),
    fixedText(header.oemId ?? OEM_ID, 6, '\0'),
    fixedText(header.oemTableId ?? `TRP${header.signature}`, 8, '\0'),
    u32(header.oemRevision ?? OEM_REVISION),
    fixedText(header.creatorId ?? CREATOR_ID, 4, '\0'),
    u32(header.creatorRevision ?? CREATOR_REVISION),
    body,
  );
  bytes[CHECKSUM_OFFSET] = checksum(bytes);
  return bytes;
}
