// Hardware breakpoints: matching of data and I/O accesses (SDM vol. 3, 17.2).
import { CPU_CR4, CPU_DEBUG_HITS, CPU_DR } from '../../memory/layout';
import { CR4_DE } from './bits';

// DR7.R/W0..3
const KIND_WRITE: u32 = 1;
const KIND_IO: u32 = 2;
const KIND_DATA: u32 = 3;

/** Notes which of DR0..DR3 a data access touches; the trap is taken after the instruction, or this iteration of a REP. */
export function noteDataAccess(cpu: usize, linear: u64, size: u32, isWrite: bool): void {
  note(cpu, linear, size, KIND_DATA, isWrite ? KIND_WRITE : KIND_DATA);
}

/** The same for an access to ports: they match only while CR4.DE is set (SDM vol. 3, 17.2.4). */
export function noteIoAccess(cpu: usize, port: u32, size: u32): void {
  if (!(load<u32>(cpu, CPU_DR + 56) & 0xff) || !(load<u64>(cpu, CPU_CR4) & CR4_DE)) return;
  note(cpu, port, size, KIND_IO, KIND_IO);
}

/** Adds to CPU_DEBUG_HITS the enabled breakpoints of two kinds whose range overlaps [address, address + size). */
function note(cpu: usize, address: u64, size: u32, kindA: u32, kindB: u32): void {
  const dr7 = load<u32>(cpu, CPU_DR + 56);
  for (let i: u32 = 0; i < 4; i++) {
    if (!((dr7 >> (i * 2)) & 3)) continue;
    const kind = (dr7 >> (16 + i * 4)) & 3;
    if (kind != kindA && kind != kindB) continue;
    const field = (dr7 >> (18 + i * 4)) & 3;
    const length: u64 = field == 2 ? 8 : <u64>field + 1;
    const start = load<u64>(cpu + (i << 3), CPU_DR) & ~(length - 1);
    if (address < start + length && start < address + size) {
      store<u32>(cpu, load<u32>(cpu, CPU_DEBUG_HITS) | (1 << i), CPU_DEBUG_HITS);
    }
  }
}
