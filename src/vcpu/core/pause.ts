// PAUSE: a vCPU that spins for long lets its processor go, since what it waits for may need it.
import {
  CPU_ATTENTION_MASK,
  CPU_BUDGET,
  CPU_PENDING,
  GLOBAL_CPU_COUNT,
  RECORD_REG,
} from '../../memory/layout';
import { enterGuest, leaveGuest } from './exclusive';
import { XCHG_ACC } from './mov';
import { byPrefix, define, MAP_ONE, OP_OPREG, slot } from './opcode-table';
import { finish, next } from './state';

/** Two PAUSEs belong to one spin loop if at most so many instructions lie between them. */
const LOOP_INSTRUCTIONS: u32 = 64;
/** PAUSEs of one loop before the first sleep, and between two sleeps: some 10 µs, far more than a lock is held. */
const SPINS: u32 = 500;
const SPINS_BETWEEN: u32 = 50;
const SLEEP_NS: i64 = 50_000;

let spins: u32 = 0;
let budgetAtLast: i32 = 0;

/** Requests end the sleep at once. With one vCPU a spin loop waits for time to pass, which a sleep would overshoot. */
function PAUSE<T>(cpu: usize, record: usize): usize {
  // With REX.B it is XCHG R8 (SDM vol. 2, "NOP").
  if (load<u8>(record, RECORD_REG)) return XCHG_ACC<T>(cpu, record);
  const budget = load<i32>(cpu, CPU_BUDGET);
  spins = <u32>(budgetAtLast - budget) <= LOOP_INSTRUCTIONS ? spins + 1 : 0;
  budgetAtLast = budget;
  if (spins < SPINS || load<u32>(GLOBAL_CPU_COUNT) <= 1) return next(record);
  spins = SPINS - SPINS_BETWEEN;
  leaveGuest(cpu);
  const pending = atomic.load<u32>(cpu + CPU_PENDING);
  if (!(pending & load<u32>(cpu, CPU_ATTENTION_MASK))) atomic.wait<i32>(cpu + CPU_PENDING, <i32>pending, SLEEP_NS);
  enterGuest(cpu);
  return finish(cpu, record);
}

export function registerPause(): void {
  const entry = byPrefix(slot(MAP_ONE, 0x90), 2);
  define(entry, OP_OPREG, 0, (c, r) => PAUSE<u16>(c, r), (c, r) => PAUSE<u32>(c, r), (c, r) => PAUSE<u64>(c, r));
}
