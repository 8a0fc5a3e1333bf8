/** -monitor and -qmp: shorthand for a character device and a monitor on it (cli.md §1). */
import { parseLegacyChardev } from '../backends/chardev/legacy-syntax.ts';
import type { MonitorConfig } from '../machine/machine-config.ts';
import type { OptionPair } from '../options/option-list.ts';
import type { CommandLineDraft } from './draft.ts';

function addItem(
  draft: CommandLineDraft,
  group: string,
  id: string | undefined,
  pairs: readonly OptionPair[],
): void {
  const item = draft.store.create(group, id, draft.origin);
  for (const [key, value] of pairs) {
    draft.store.set(item, key, value);
  }
}

/**
 * Adds the monitor that `-monitor TEXT` or `-qmp TEXT` asks for. Its character device is called compat_monitorN, where
 * N counts these options; `chardev:ID` uses a device that is defined elsewhere; `none` only drops the default monitor.
 */
export function addLegacyMonitor(draft: CommandLineDraft, text: string, mode: MonitorConfig['mode']): void {
  draft.wantsDefaultMonitor = false;
  const chardev = parseLegacyChardev(text);
  if (chardev.type === 'none') {
    return;
  }
  const label = chardev.type === 'reference' ? chardev.id : `compat_monitor${draft.legacyMonitors}`;
  if (chardev.type === 'device') {
    addItem(draft, 'chardev', label, chardev.values);
  }
  const isFirstOwn = chardev.type === 'device' && draft.legacyMonitors === 0;
  addItem(draft, 'mon', label, [
    ['mode', mode],
    ['chardev', label],
    ...(isFirstOwn ? [['default', 'on'] as const] : []),
  ]);
  draft.legacyMonitors += 1;
}

/**
 * Adds the monitor that a machine has when no option speaks of one: on the terminal with -nographic, otherwise on a text
 * console of its own. A default serial port on the terminal has brought its monitor already.
 */
export function addDefaultMonitor(draft: CommandLineDraft): void {
  if (!draft.wantsDefaultMonitor || draft.noDefaults) {
    return;
  }
  draft.origin = draft.nographic ? '-nographic' : 'default monitor';
  addLegacyMonitor(draft, draft.nographic ? 'stdio' : 'vc:80Cx24C', 'readline');
}
