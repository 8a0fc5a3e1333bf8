// Raising exceptions. An instruction that faults must not have changed guest-visible state; raising never returns.
import {
  CPU_FAULT_ERROR,
  CPU_FAULT_HAS_ERROR,
  CPU_FAULT_PENDING,
  CPU_FAULT_VECTOR,
  CPU_CR2,
} from '../../memory/layout';
import { unwind } from './host';

// Vectors, SDM vol. 3, table 6-1
export const VECTOR_DE: u32 = 0;
export const VECTOR_DB: u32 = 1;
export const VECTOR_NMI: u32 = 2;
export const VECTOR_BP: u32 = 3;
export const VECTOR_OF: u32 = 4;
export const VECTOR_BR: u32 = 5;
export const VECTOR_UD: u32 = 6;
export const VECTOR_NM: u32 = 7;
export const VECTOR_DF: u32 = 8;
export const VECTOR_TS: u32 = 10;
export const VECTOR_NP: u32 = 11;
export const VECTOR_SS: u32 = 12;
export const VECTOR_GP: u32 = 13;
export const VECTOR_PF: u32 = 14;
export const VECTOR_MF: u32 = 16;
export const VECTOR_AC: u32 = 17;
export const VECTOR_MC: u32 = 18;
export const VECTOR_XM: u32 = 19;

export function raise(cpu: usize, vector: u32): void {
  store<u32>(cpu, vector, CPU_FAULT_VECTOR);
  store<u32>(cpu, 0, CPU_FAULT_HAS_ERROR);
  store<u32>(cpu, 0, CPU_FAULT_ERROR);
  store<u32>(cpu, 1, CPU_FAULT_PENDING);
  unwind();
  unreachable();
}

export function raiseWithError(cpu: usize, vector: u32, error: u32): void {
  store<u32>(cpu, vector, CPU_FAULT_VECTOR);
  store<u32>(cpu, 1, CPU_FAULT_HAS_ERROR);
  store<u32>(cpu, error, CPU_FAULT_ERROR);
  store<u32>(cpu, 1, CPU_FAULT_PENDING);
  unwind();
  unreachable();
}

export function raiseUD(cpu: usize): void {
  raise(cpu, VECTOR_UD);
}

export function raiseGP(cpu: usize, error: u32): void {
  raiseWithError(cpu, VECTOR_GP, error);
}

/** Page fault: CR2 gets the linear address, SDM vol. 3, 6.15 "Interrupt 14". */
export function raisePF(cpu: usize, linear: u64, error: u32): void {
  store<u64>(cpu, linear, CPU_CR2);
  raiseWithError(cpu, VECTOR_PF, error);
}
