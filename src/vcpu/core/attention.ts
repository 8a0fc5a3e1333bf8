// What waits in CPU_PENDING, in the order of SDM vol. 3, table 6-2.
import {
  APIC_BASE_BSP,
  APIC_BASE_MSR,
  CPU_APIC,
  CPU_ATTENTION_MASK,
  CPU_EXIT_REASON,
  CPU_HALT_STATE,
  CPU_NMI_BLOCKED,
  CPU_PENDING,
  EXIT_REQUEST,
  HALT_SHUTDOWN,
  HALT_WAIT_SIPI,
  PENDING_APIC,
  PENDING_EXCLUSIVE,
  PENDING_EXIT,
  PENDING_FLUSH_TLB,
  PENDING_FLUSH_WRITES,
  PENDING_INIT,
  PENDING_NMI,
  PENDING_PIC,
  PENDING_SIPI,
  PENDING_SMI,
  PENDING_TIMER,
} from '../../memory/layout';
import { apicTakeExternal } from './apic/lines';
import { apicAccept, apicDeliverable } from './apic/registers';
import { apicTimerTick } from './apic/timer';
import { serveRequests, standStill } from './exclusive';
import { VECTOR_NMI } from './fault';
import { picAcknowledge } from './host';
import { deliverExternal } from './interrupt';
import { updateAttention } from './mode';
import { init, startup } from './reset';
import { enterSmm } from './smm';

/** Serves requests at an instruction boundary: at most one event that changes the flow. */
export function attend(cpu: usize): void {
  const pending = atomic.load<u32>(cpu + CPU_PENDING) & load<u32>(cpu, CPU_ATTENTION_MASK);
  if (pending & (PENDING_FLUSH_TLB | PENDING_FLUSH_WRITES)) serveRequests(cpu);
  if (pending & PENDING_EXCLUSIVE) standStill(cpu);
  if (pending & PENDING_TIMER) apicTimerTick(cpu);
  if (pending & PENDING_EXIT) {
    atomic.and<u32>(cpu + CPU_PENDING, ~PENDING_EXIT);
    store<u32>(cpu, EXIT_REQUEST, CPU_EXIT_REASON);
    return;
  }
  if (pending & PENDING_INIT) {
    init(cpu, (load<u64>(cpu + CPU_APIC, APIC_BASE_MSR) & APIC_BASE_BSP) != 0);
    return;
  }
  if (pending & PENDING_SIPI) {
    startup(cpu);
    return;
  }
  const halt = load<u32>(cpu, CPU_HALT_STATE);
  if (halt == HALT_WAIT_SIPI || halt == HALT_SHUTDOWN) return;
  interrupt(cpu, pending);
}

function interrupt(cpu: usize, pending: u32): void {
  if (pending & PENDING_SMI) {
    atomic.and<u32>(cpu + CPU_PENDING, ~PENDING_SMI);
    enterSmm(cpu);
    return;
  }
  if (pending & PENDING_NMI) {
    atomic.and<u32>(cpu + CPU_PENDING, ~PENDING_NMI);
    store<u32>(cpu, 1, CPU_NMI_BLOCKED);
    updateAttention(cpu);
    deliverExternal(cpu, VECTOR_NMI);
    return;
  }
  if (pending & PENDING_PIC && apicTakeExternal(cpu)) {
    deliverExternal(cpu, picAcknowledge());
    return;
  }
  if (pending & PENDING_APIC && apicDeliverable(cpu) >= 0) deliverExternal(cpu, apicAccept(cpu));
}
