// The local APIC after power-up, RESET and INIT (SDM vol. 3, 10.4.7).
import {
  APIC_BASE_BSP,
  APIC_BASE_EN,
  APIC_BASE_MSR,
  APIC_CONFIG,
  APIC_CONFIG_BOOTSTRAP,
  APIC_CONFIG_DIRECTED_EOI,
  APIC_DFR,
  APIC_ERRORS,
  APIC_ID,
  APIC_INITIAL_ID,
  APIC_LINES,
  APIC_LINE_EXTINT_MESSAGE,
  APIC_LVT_ERROR,
  APIC_LVT_TIMER,
  APIC_SVR,
  APIC_TIMER_EXPIRY,
  APIC_TIMER_RUNNING,
  APIC_TSC_DEADLINE,
  APIC_VERSION,
  CPU_APIC,
  CPU_PENDING,
  LVT_MASKED,
  PENDING_APIC,
  PENDING_PIC,
  PENDING_TIMER,
} from '../../../memory/layout';
import { FEATURE_APIC } from '../../cpu-features';
import { hasFeature } from '../state';
import { register, setRegister } from './registers';

const DEFAULT_BASE: u64 = 0xfee00000;
/** An integrated APIC with six entries in its local vector table; bit 24: EOI broadcasts can be suppressed. */
const VERSION: u32 = 0x50014;
const VERSION_DIRECTED_EOI: u32 = 0x1000000;

/** Registers as after power-up. INIT keeps the APIC ID. */
export function resetRegisters(cpu: usize, resetId: bool): void {
  const id = register(cpu, APIC_ID);
  for (let offset: u32 = 0; offset < 0x400; offset += 16) setRegister(cpu, offset, 0);
  setRegister(cpu, APIC_ID, resetId ? register(cpu, APIC_INITIAL_ID) << 24 : id);
  const directed = register(cpu, APIC_CONFIG) & APIC_CONFIG_DIRECTED_EOI;
  setRegister(cpu, APIC_VERSION, VERSION | (directed ? VERSION_DIRECTED_EOI : 0));
  setRegister(cpu, APIC_DFR, 0xffffffff);
  setRegister(cpu, APIC_SVR, 0xff);
  for (let offset: u32 = APIC_LVT_TIMER; offset <= <u32>APIC_LVT_ERROR; offset += 16) setRegister(cpu, offset, LVT_MASKED);
  setRegister(cpu, APIC_ERRORS, 0);
  setRegister(cpu, APIC_TIMER_RUNNING, 0);
  store<u64>(cpu + CPU_APIC, 0, APIC_TSC_DEADLINE);
  store<f64>(cpu + CPU_APIC, Infinity, APIC_TIMER_EXPIRY);
  atomic.and<u32>(cpu + CPU_APIC + APIC_LINES, ~APIC_LINE_EXTINT_MESSAGE);
  atomic.and<u32>(cpu + CPU_PENDING, ~(PENDING_APIC | PENDING_PIC | PENDING_TIMER));
}

/** Power-up and RESET: xAPIC mode at its default address, if the model has an APIC. The levels of the pins are not ours. */
export function apicReset(cpu: usize): void {
  const bootstrap = register(cpu, APIC_CONFIG) & APIC_CONFIG_BOOTSTRAP;
  const enabled: u64 = hasFeature(cpu, FEATURE_APIC) ? DEFAULT_BASE | APIC_BASE_EN : 0;
  store<u64>(cpu + CPU_APIC, enabled | (bootstrap ? APIC_BASE_BSP : 0), APIC_BASE_MSR);
  resetRegisters(cpu, true);
}

/** INIT: as power-up, but the ID, IA32_APIC_BASE and with it the mode stay (10.4.7.3 and 10.12.5.1). */
export function apicInit(cpu: usize): void {
  resetRegisters(cpu, false);
}
