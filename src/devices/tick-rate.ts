/** When a hardware oscillator ticks, on a clock in nanoseconds. The inverse of `counterTicks`. */

const NS_PER_SECOND = 1_000_000_000;

/** The first ns at which `counterTicks` of `hz` gives `ticks`. Exact for rates up to some 8 MHz. */
export function nsOfTick(ticks: number, hz: number): number {
  const rest = ticks % hz;
  return ((ticks - rest) / hz) * NS_PER_SECOND + Math.ceil((rest * NS_PER_SECOND) / hz);
}
