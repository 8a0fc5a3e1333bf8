/** SMART of a disk that has nothing to complain of (ATA/ATAPI-6, 8.55). */

export const SMART_READ_DATA = 0xd0;
export const SMART_READ_THRESHOLDS = 0xd1;
export const SMART_AUTOSAVE = 0xd2;
export const SMART_OFFLINE = 0xd4;
export const SMART_READ_LOG = 0xd5;
export const SMART_ENABLE = 0xd8;
export const SMART_DISABLE = 0xd9;
export const SMART_STATUS = 0xda;

/** Key in LBA mid and high; the second pair tells that a threshold is exceeded. */
export const SMART_KEY_MID = 0x4f;
export const SMART_KEY_HIGH = 0xc2;

const PAGE_BYTES = 512;
const FIRST_ATTRIBUTE = 2;
const ATTRIBUTE_BYTES = 12;
const REVISION = 0x10;
const OFFLINE_NEVER_STARTED = 0x00;
const OFFLINE_CAPABILITY = 0x19;
const SAVES_ATTRIBUTES = 0x0003;
const ERROR_LOGGING = 0x01;
const SHORT_TEST_MINUTES = 2;
const EXTENDED_TEST_MINUTES = 48;

interface Attribute {
  readonly id: number;
  readonly flags: number;
  readonly value: number;
  readonly threshold: number;
}

/** Read error rate, spin-up time, start/stop count, reallocated sectors, power-on hours, power cycles, temperature. */
const ATTRIBUTES: readonly Attribute[] = [
  { id: 0x01, flags: 0x03, value: 100, threshold: 6 },
  { id: 0x03, flags: 0x03, value: 100, threshold: 0 },
  { id: 0x04, flags: 0x02, value: 100, threshold: 20 },
  { id: 0x05, flags: 0x03, value: 100, threshold: 36 },
  { id: 0x09, flags: 0x03, value: 100, threshold: 0 },
  { id: 0x0c, flags: 0x03, value: 100, threshold: 0 },
  { id: 0xbe, flags: 0x03, value: 69, threshold: 50 },
];

/** The bytes of a page add up to 0 (8.55.5.8). */
function withChecksum(page: Uint8Array): Uint8Array {
  const sum = page.subarray(0, PAGE_BYTES - 1).reduce((total, byte) => total + byte, 0);
  page[PAGE_BYTES - 1] = -sum & 0xff;
  return page;
}

/** SMART READ DATA. @param autosave what SMART ENABLE/DISABLE ATTRIBUTE AUTOSAVE has set */
export function smartData(autosave: boolean): Uint8Array {
  const page = new Uint8Array(PAGE_BYTES);
  page[0] = REVISION;
  ATTRIBUTES.forEach(({ id, flags, value }, index) => {
    page.set([id, flags, 0, value, value], FIRST_ATTRIBUTE + index * ATTRIBUTE_BYTES);
  });
  page[362] = OFFLINE_NEVER_STARTED | (autosave ? 0x80 : 0);
  page[367] = OFFLINE_CAPABILITY;
  page[368] = SAVES_ATTRIBUTES;
  page[370] = ERROR_LOGGING;
  page[372] = SHORT_TEST_MINUTES;
  page[373] = EXTENDED_TEST_MINUTES;
  return withChecksum(page);
}

export function smartThresholds(): Uint8Array {
  const page = new Uint8Array(PAGE_BYTES);
  page[0] = REVISION;
  ATTRIBUTES.forEach(({ id, threshold }, index) => {
    page.set([id, threshold], FIRST_ATTRIBUTE + index * ATTRIBUTE_BYTES);
  });
  return withChecksum(page);
}

/** SMART READ LOG: the directory, an error log and a self-test log without entries. Undefined for other addresses. */
export function smartLog(address: number): Uint8Array | undefined {
  const page = new Uint8Array(PAGE_BYTES);
  page[0] = 0x01;
  switch (address) {
    case 0x00:
      page[2] = 1;
      page[12] = 1;
      return page;
    case 0x01:
    case 0x06:
      return withChecksum(page);
    default:
      return undefined;
  }
}
