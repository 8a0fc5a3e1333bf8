// MSRs that only AMD processors have (AMD APM vol. 2, appendix A; BKDG of the families). Operating systems read and set
// their chicken bits without asking; none has an effect here, and none is kept.
import {
  AMD_BU_CFG,
  AMD_DE_CFG,
  AMD_HWCR,
  AMD_INT_PENDING,
  AMD_LS_CFG,
  AMD_NB_CFG,
  AMD_OSVW_ID_LENGTH,
  AMD_OSVW_STATUS,
  AMD_PATCH_LOADER,
  AMD_SYSCFG,
  AMD_TOP_MEM,
  AMD_TOP_MEM2,
} from './msr-numbers';
import { isAmd } from './cpuid-table';
import { give } from './msr-result';

/** LFENCE is dispatch-serialising. */
const DE_CFG_LFENCE: u64 = 2;
/** The time-stamp counter counts at the P0 frequency. */
const HWCR_TSC_FREQ_SEL: u64 = 0x1000000;

export function isAmdMsr(index: u32): bool {
  return index >> 16 == 0xc001;
}

/** False is #GP. */
export function readAmdMsr(cpu: usize, index: u32): bool {
  if (!isAmd(cpu)) return false;
  if (index == AMD_DE_CFG) return give(DE_CFG_LFENCE);
  if (index == AMD_HWCR) return give(HWCR_TSC_FREQ_SEL);
  return isIgnored(index) && index != AMD_PATCH_LOADER && give(0);
}

/** False is #GP. */
export function writeAmdMsr(cpu: usize, index: u32): bool {
  return isAmd(cpu) && (index == AMD_DE_CFG || index == AMD_HWCR || isIgnored(index));
}

function isIgnored(index: u32): bool {
  return (
    index == AMD_SYSCFG ||
    index == AMD_TOP_MEM ||
    index == AMD_TOP_MEM2 ||
    index == AMD_NB_CFG ||
    index == AMD_PATCH_LOADER ||
    index == AMD_INT_PENDING ||
    index == AMD_OSVW_ID_LENGTH ||
    index == AMD_OSVW_STATUS ||
    (index >= AMD_LS_CFG && index <= AMD_BU_CFG)
  );
}
