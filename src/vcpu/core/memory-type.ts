// Memory types as PAT and MTRRs encode them (SDM vol. 3, tables 11-8 and 11-10).

const UC: u32 = 0;
const WC: u32 = 1;
const WT: u32 = 4;
const WP: u32 = 5;
const WB: u32 = 6;
const UC_MINUS: u32 = 7;

/** UC, WC, WT, WP or WB. */
export function isMtrrType(type: u32): bool {
  return type == UC || type == WC || type == WT || type == WP || type == WB;
}

/** What an MTRR may hold, and UC-. */
export function isPatType(type: u32): bool {
  return isMtrrType(type) || type == UC_MINUS;
}

/** Are all eight bytes MTRR types? */
export function areMtrrTypes(bytes: u64): bool {
  for (let i = 0; i < 8; i++) {
    if (!isMtrrType(<u32>(bytes >> (i << 3)) & 0xff)) return false;
  }
  return true;
}

/** Are all eight bytes PAT types? */
export function arePatTypes(bytes: u64): bool {
  for (let i = 0; i < 8; i++) {
    if (!isPatType(<u32>(bytes >> (i << 3)) & 0xff)) return false;
  }
  return true;
}
