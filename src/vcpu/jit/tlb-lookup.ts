/** Emits the software TLB's lookup (core/tlb.ts). */
import { TLB_ADDEND, TLB_ENTRIES, TLB_ENTRY_SHIFT } from '../../memory/layout.ts';
import * as L from './locals.ts';
import * as O from './ops.ts';
import type { WasmWriter } from './wasm-writer.ts';

/** Pops a linear address into ADDRESS and pushes its entry, which is in ENTRY too, of the TLB that `pushTlb` pushes. */
export function findEntry(w: WasmWriter, pushTlb: () => void): void {
  w.tee(L.ADDRESS);
  w.i64(12 - TLB_ENTRY_SHIFT);
  w.byte(O.I64_SHR_U);
  w.byte(O.I32_WRAP_I64);
  w.i32((TLB_ENTRIES - 1) << TLB_ENTRY_SHIFT);
  w.byte(O.I32_AND);
  pushTlb();
  w.byte(O.I32_ADD);
  w.tee(L.ENTRY);
}

/** Pushes the host address of ADDRESS, by ENTRY. */
export function pushHostAddress(w: WasmWriter): void {
  w.get(L.ADDRESS);
  w.byte(O.I32_WRAP_I64);
  w.get(L.ENTRY);
  w.memory(O.I32_LOAD, TLB_ADDEND);
  w.byte(O.I32_ADD);
}
