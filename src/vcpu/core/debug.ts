// Hardware breakpoints: matching of data accesses (SDM vol. 3, 17.2).
import { CPU_DR, CPU_DEBUG_HITS } from "../../memory/layout";

/** Notes in CPU_DEBUG_HITS which of DR0..DR3 the access touches; the trap is taken after the instruction. */
export function noteDataAccess(cpu: usize, linear: u64, size: u32, isWrite: bool): void {
  const dr7 = load<u32>(cpu, CPU_DR + 56);
  for (let i: u32 = 0; i < 4; i++) {
    if (!((dr7 >> (i * 2)) & 3)) continue;
    const kind = (dr7 >> (16 + i * 4)) & 3;
    if (kind != 3 && !(kind == 1 && isWrite)) continue;
    const field = (dr7 >> (18 + i * 4)) & 3;
    const length: u64 = field == 2 ? 8 : <u64>field + 1;
    const start = load<u64>(cpu + (i << 3), CPU_DR) & ~(length - 1);
    if (linear < start + length && start < linear + size) {
      store<u32>(cpu, load<u32>(cpu, CPU_DEBUG_HITS) | (1 << i), CPU_DEBUG_HITS);
    }
  }
}
