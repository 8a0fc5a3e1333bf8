// End of interrupt (SDM vol. 3, 10.8.5).
import { APIC_ISR, APIC_SVR, APIC_TMR, SVR_SUPPRESS_EOI } from '../../../memory/layout';
import { eoiBroadcast } from '../host';
import { endLocalLevel } from './lines';
import { afterPriorityChange, highestVector, register, vectorWord } from './registers';

/** Ends the highest interrupt in service; a level-triggered one is told to the I/O APICs unless SVR bit 12 says not to. */
export function endOfInterrupt(cpu: usize): void {
  const highest = highestVector(cpu, APIC_ISR);
  if (highest < 0) return;
  const vector = <u32>highest;
  const bit: u32 = 1 << (vector & 31);
  const service = vectorWord(cpu, APIC_ISR, vector);
  atomic.store<u32>(service, load<u32>(service) & ~bit);
  if (atomic.load<u32>(vectorWord(cpu, APIC_TMR, vector)) & bit) {
    if (!(register(cpu, APIC_SVR) & SVR_SUPPRESS_EOI)) eoiBroadcast(vector);
    endLocalLevel(cpu, vector);
  }
  afterPriorityChange(cpu);
}
