// The APIC timer: one-shot, periodic and TSC-deadline, on the virtual clock (SDM vol. 3, 10.5.4).
import {
  APIC_DIVIDE,
  APIC_INITIAL_COUNT,
  APIC_LVT_TIMER,
  APIC_TIMER_EXPIRY,
  APIC_TIMER_HZ,
  APIC_TIMER_RUNNING,
  APIC_TIMER_START,
  APIC_TSC_DEADLINE,
  CPU_APIC,
  CPU_PENDING,
  PENDING_TIMER,
} from '../../../memory/layout';
import { endSlice } from '../run';
import { nowNs, timeOfTsc } from '../tsc';
import { deliverLocal } from './deliver';
import { register, setRegister } from './registers';

const NS_PER_COUNT: u64 = 1000000000 / APIC_TIMER_HZ;

/** LVT timer bits 18..17. */
export const TIMER_MODE_MASK: u32 = 0x60000;
const TIMER_ONE_SHOT: u32 = 0;
const TIMER_PERIODIC: u32 = 0x20000;
export const TIMER_TSC_DEADLINE: u32 = 0x40000;

function timerMode(cpu: usize): u32 {
  return register(cpu, APIC_LVT_TIMER) & TIMER_MODE_MASK;
}

function timerStart(cpu: usize): u64 {
  return load<u64>(cpu + CPU_APIC, APIC_TIMER_START);
}

function setTimerStart(cpu: usize, ns: u64): void {
  store<u64>(cpu + CPU_APIC, ns, APIC_TIMER_START);
}

/** Nanoseconds a count: bits 3, 1 and 0 of the divide register, SDM vol. 3, figure 10-10 (111b = divide by 1). */
function nsPerCount(divide: u32): u64 {
  const code = (divide & 3) | ((divide & 8) >> 1);
  return NS_PER_COUNT << ((code + 1) & 7);
}

/** The current-count register. */
export function currentCount(cpu: usize): u32 {
  if (!register(cpu, APIC_TIMER_RUNNING)) return 0;
  const initial = <u64>register(cpu, APIC_INITIAL_COUNT);
  const counts = (nowNs() - timerStart(cpu)) / nsPerCount(register(cpu, APIC_DIVIDE));
  if (timerMode(cpu) == TIMER_PERIODIC) return <u32>(initial - (counts % initial));
  return counts >= initial ? 0 : <u32>(initial - counts);
}

/** Starts counting down from `count`; 0 stops. Ignored in TSC-deadline mode. */
export function writeInitialCount(cpu: usize, count: u32): void {
  if (timerMode(cpu) == TIMER_TSC_DEADLINE) return;
  apicTimerTick(cpu);
  setRegister(cpu, APIC_INITIAL_COUNT, count);
  setRegister(cpu, APIC_TIMER_RUNNING, count ? 1 : 0);
  setTimerStart(cpu, nowNs());
  schedule(cpu);
}

/** A running count goes on from where it is, at the new speed. */
export function writeDivide(cpu: usize, divide: u32): void {
  apicTimerTick(cpu);
  const done = <u64>(register(cpu, APIC_INITIAL_COUNT) - currentCount(cpu));
  setRegister(cpu, APIC_DIVIDE, divide & 11);
  setTimerStart(cpu, nowNs() - done * nsPerCount(divide));
  schedule(cpu);
}

/** A write of the LVT entry: between TSC-deadline and the other modes the timer is disarmed (SDM vol. 3, 10.5.4.1). */
export function writeTimerEntry(cpu: usize, value: u32): void {
  apicTimerTick(cpu);
  const wasDeadline = timerMode(cpu) == TIMER_TSC_DEADLINE;
  setRegister(cpu, APIC_LVT_TIMER, value);
  if (wasDeadline != (timerMode(cpu) == TIMER_TSC_DEADLINE)) {
    setRegister(cpu, APIC_TIMER_RUNNING, 0);
    setRegister(cpu, APIC_INITIAL_COUNT, 0);
    store<u64>(cpu + CPU_APIC, 0, APIC_TSC_DEADLINE);
  }
  schedule(cpu);
}

/** IA32_TSC_DEADLINE reads 0 when it is not armed. */
export function readTscDeadline(cpu: usize): u64 {
  apicTimerTick(cpu);
  return load<u64>(cpu + CPU_APIC, APIC_TSC_DEADLINE);
}

/** Arms the timer for a TSC value, 0 disarms it; ignored in the other modes. */
export function writeTscDeadline(cpu: usize, value: u64): void {
  if (timerMode(cpu) != TIMER_TSC_DEADLINE) return;
  store<u64>(cpu + CPU_APIC, value, APIC_TSC_DEADLINE);
  schedule(cpu);
  apicTimerTick(cpu);
}

/** After the TSC was written: an armed deadline comes sooner or later. */
export function tscMoved(cpu: usize): void {
  schedule(cpu);
  apicTimerTick(cpu);
}

/** Virtual time in ns of the next expiry, or +Infinity. A vCPU that sleeps must wake then and call apicTimerTick(). */
export function apicTimerExpiry(cpu: usize): f64 {
  return load<f64>(cpu + CPU_APIC, APIC_TIMER_EXPIRY);
}

/** A running vCPU's slice is to end before the expiry, so it ends now and the next one is measured anew. */
function setExpiry(cpu: usize, ns: f64): void {
  store<f64>(cpu + CPU_APIC, ns, APIC_TIMER_EXPIRY);
  if (ns < Infinity) endSlice(cpu);
}

/** Derives the next expiry. Periods that are over have been served: callers tick first. */
function schedule(cpu: usize): void {
  const mode = timerMode(cpu);
  if (mode == TIMER_TSC_DEADLINE) {
    const deadline = load<u64>(cpu + CPU_APIC, APIC_TSC_DEADLINE);
    setExpiry(cpu, deadline ? <f64>timeOfTsc(cpu, deadline) : Infinity);
  } else if (!register(cpu, APIC_TIMER_RUNNING)) {
    setExpiry(cpu, Infinity);
  } else {
    const start = timerStart(cpu);
    const period = <u64>register(cpu, APIC_INITIAL_COUNT) * nsPerCount(register(cpu, APIC_DIVIDE));
    const over = mode == TIMER_PERIODIC ? (nowNs() - start) / period : 0;
    setExpiry(cpu, <f64>(start + (over + 1) * period));
  }
}

/** Answers PENDING_TIMER: if the expiry has passed, the LVT entry's interrupt happens (once, however many periods are over). */
export function apicTimerTick(cpu: usize): void {
  atomic.and<u32>(cpu + CPU_PENDING, ~PENDING_TIMER);
  if (<f64>nowNs() < apicTimerExpiry(cpu)) return;
  const mode = timerMode(cpu);
  if (mode == TIMER_ONE_SHOT) setRegister(cpu, APIC_TIMER_RUNNING, 0);
  else if (mode == TIMER_TSC_DEADLINE) store<u64>(cpu + CPU_APIC, 0, APIC_TSC_DEADLINE);
  schedule(cpu);
  deliverLocal(cpu, APIC_LVT_TIMER);
}
