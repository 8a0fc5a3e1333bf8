import type { BoardConfig } from './machine-config.ts';

/** The board of a machine that no option describes (cli.md §1). */
export const DEFAULT_BOARD: BoardConfig = {
  rtc: { base: { kind: 'utc' }, clock: 'host', driftFix: 'none' },
  boot: {
    order: 'cad',
    once: undefined,
    menu: false,
    strict: false,
    splash: undefined,
    splashTimeMs: undefined,
    rebootTimeoutMs: undefined,
  },
  numaNodes: [],
  acpi: true,
  hpet: true,
  floppySignatureCheck: true,
  keyboardLayout: undefined,
  watchdogAction: 'reset',
};
