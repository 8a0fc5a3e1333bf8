/** From all options read to the MachineConfig: what can only be said once every option is known. */
import { chardevFromOptions } from '../backends/chardev/chardev-options.ts';
import type {
  BoardConfig,
  InheritedDescriptor,
  MachineConfig,
  MonitorConfig,
  NamedChardev,
  QtestConfig,
  SmpConfig,
  VgaModel,
} from '../machine/machine-config.ts';
import type { MachineType } from '../machine/machine-types.ts';
import type { OptionItem } from '../options/option-store.ts';
import { booleanValue, numberValue, stringValue } from '../options/option-values.ts';
import { describeCpu } from '../vcpu/cpu-description.ts';
import { bootConfig, checkPcBootDevices, rtcConfig } from './board-options.ts';
import { badOptionValue, CommandLineError, located, unavailable } from './command-line-error.ts';
import type { CommandLineDraft } from './draft.ts';
import { buildDrives } from './drive-options.ts';
import { buildFirmware } from './firmware-options.ts';
import { chooseMachine, DEVICE_TEST } from './machine-options.ts';
import { addDefaultMonitor } from './monitor-options.ts';
import { buildCharacterPorts, replaceDefaultDevices } from './port-options.ts';

/** Groups that an item of a configuration file may name but that nothing in this version can carry out. */
const UNAVAILABLE_GROUPS = ['netdev', 'net', 'trace', 'tpmdev'];
/** Groups of one boolean that can only be off. */
const OFF_GROUPS: Readonly<Record<string, string>> = { sandbox: 'enable', realtime: 'mlock' };

function conflict(message: string): CommandLineError {
  return new CommandLineError('ERR_CLI_CONFLICT', message);
}

function asksForNothing({ group, values }: OptionItem): boolean {
  return group.name === 'net' && stringValue(values, 'type') === 'none';
}

function refuseUnavailableGroups(items: readonly OptionItem[]): void {
  for (const item of items.filter((candidate) => !asksForNothing(candidate))) {
    const group = item.group.name;
    const switchName = OFF_GROUPS[group];
    located(item.origin, () => {
      const isOn = switchName !== undefined && (booleanValue(item.values, switchName) ?? true);
      if (UNAVAILABLE_GROUPS.includes(group) || isOn) {
        throw unavailable(`[${group}]`);
      }
    });
  }
}

function buildChardevs(draft: CommandLineDraft): NamedChardev[] {
  const chardevs: NamedChardev[] = [];
  let hasTerminal = false;
  for (const item of draft.store.itemsOf('chardev')) {
    located(item.origin, () => {
      if (item.id === undefined) {
        throw conflict('chardev: no id specified');
      }
      const { config, mux } = chardevFromOptions(item.values, item.id, { stdioSignal: !draft.nographic });
      if (config.kind === 'mux' && !chardevs.some(({ id }) => id === config.chardev)) {
        throw conflict(`mux: base chardev ${config.chardev} not found`);
      }
      if (config.kind === 'stdio' && hasTerminal) {
        throw conflict('cannot use stdio by multiple character devices');
      }
      if (config.kind === 'stdio' && draft.daemonize) {
        throw conflict('cannot use stdio with -daemonize');
      }
      hasTerminal ||= config.kind === 'stdio';
      chardevs.push({ id: item.id, config, mux });
    });
  }
  return chardevs;
}

/** How many front ends a multiplexer serves (behaviour.md §8). */
const MAX_MUX_FRONT_ENDS = 4;

function checkMonitorChardev(id: string, chardevs: readonly NamedChardev[], monitors: MonitorConfig[]): void {
  const chardev = chardevs.find((candidate) => candidate.id === id);
  if (chardev === undefined) {
    throw conflict(`chardev "${id}" not found`);
  }
  const isShared = chardev.mux || chardev.config.kind === 'mux';
  const users = monitors.filter((monitor) => monitor.chardev === id).length;
  if (users > 0 && !isShared) {
    throw conflict(`chardev "${id}" already has a monitor; expected mux=on on it to share it`);
  }
  if (users >= MAX_MUX_FRONT_ENDS) {
    throw conflict(`chardev "${id}" already has ${MAX_MUX_FRONT_ENDS} monitors, the most that can share one`);
  }
  if (chardevs.some(({ config }) => config.kind === 'mux' && config.chardev === id)) {
    throw conflict(`chardev "${id}" is the base of a mux`);
  }
}

function buildMonitors(draft: CommandLineDraft, chardevs: readonly NamedChardev[]): MonitorConfig[] {
  const monitors: MonitorConfig[] = [];
  for (const { origin, values } of draft.store.itemsOf('mon')) {
    located(origin, () => {
      const mode = stringValue(values, 'mode') ?? 'readline';
      if (mode !== 'readline' && mode !== 'control') {
        throw badOptionValue(`mode to be readline or control; unknown monitor mode "${mode}"`);
      }
      const chardev = stringValue(values, 'chardev');
      if (chardev === undefined) {
        throw badOptionValue('chardev=ID');
      }
      checkMonitorChardev(chardev, chardevs, monitors);
      monitors.push({
        chardev,
        mode,
        pretty: booleanValue(values, 'pretty') ?? false,
        isDefault: booleanValue(values, 'default') ?? false,
      });
    });
  }
  return monitors;
}

const LAST_STANDARD_STREAM = 2;

function buildDescriptors(items: readonly OptionItem[]): InheritedDescriptor[] {
  return items.map(({ origin, values }) =>
    located(origin, () => {
      const fd = numberValue(values, 'fd');
      const set = numberValue(values, 'set');
      if (fd === undefined || set === undefined) {
        throw badOptionValue('fd=N and set=S, both non-negative');
      }
      if (fd <= LAST_STANDARD_STREAM) {
        throw badOptionValue(
          `an inherited descriptor above ${LAST_STANDARD_STREAM}; fd cannot be a standard I/O stream`,
        );
      }
      return { fd, set, opaque: stringValue(values, 'opaque') };
    }),
  );
}

function buildBoard(draft: CommandLineDraft, machine: MachineType): BoardConfig {
  const bootItems = draft.store.itemsOf('boot-opts');
  const boot = bootConfig(bootItems);
  if (machine.name !== 'none') {
    located(bootItems.at(-1)?.origin ?? '-boot', () => checkPcBootDevices(boot));
  }
  return {
    boot,
    rtc: rtcConfig(draft.store.itemsOf('rtc')),
    numaNodes: draft.numaNodes,
    acpi: draft.acpi,
    hpet: draft.hpet,
    floppySignatureCheck: draft.floppySignatureCheck,
    keyboardLayout: draft.keyboardLayout,
    watchdogAction: draft.watchdogAction,
  };
}

function buildSmp(draft: CommandLineDraft, machine: MachineType): SmpConfig {
  if (draft.smp.cpus > machine.maxCpus) {
    throw conflict(
      `${draft.smpOrigin}: number of CPUs requested (${draft.smp.cpus}) exceeds the maximum of machine '${machine.name}' (${machine.maxCpus})`,
    );
  }
  return draft.smp;
}

/** `check` tells of features that are left out; `enforce` refuses the machine (cli.md §1, -cpu). */
function checkCpu({ cpu, warnings }: CommandLineDraft): void {
  if (cpu === undefined) {
    return;
  }
  const { missing, check } = describeCpu(cpu);
  if (check) {
    warnings.push(...missing.map((feature) => `warning: this CPU lacks the requested feature ${feature}`));
  }
}

function checkGlobals(draft: CommandLineDraft): void {
  for (const { origin, values } of draft.store.itemsOf('global')) {
    const [driver, property, value] = ['driver', 'property', 'value'].map((key) => stringValue(values, key));
    if (driver === undefined || property === undefined || value === undefined) {
      throw new CommandLineError('ERR_CLI_BAD_VALUE', `${origin}: expected driver, property and value`);
    }
  }
}

/** -nographic puts the default ports on the terminal, which a daemon does not have. */
function checkDaemon(draft: CommandLineDraft): void {
  const usesTerminal =
    draft.wantsDefaultMonitor ||
    !draft.withoutDevices.has('serial port') ||
    !draft.withoutDevices.has('parallel port');
  if (draft.daemonize && draft.nographic && !draft.noDefaults && usesTerminal) {
    throw conflict('-nographic cannot be used with -daemonize');
  }
}

/** The adapter that -vga names, or the default one unless something stands in for it. */
function buildVga(draft: CommandLineDraft, machine: MachineType): VgaModel {
  if (draft.vga !== undefined) {
    return draft.vga;
  }
  const hasDefault = machine.hasDefaultDevices && !draft.noDefaults && !draft.withoutDevices.has('VGA');
  return hasDefault ? 'cirrus' : 'none';
}

/** -qtest and accel=qtest belong together, as a test that nobody drives would wait for ever. */
function buildQtest(draft: CommandLineDraft): QtestConfig | undefined {
  const accelerator = draft.store
    .itemsOf('machine')
    .map(({ values }) => stringValue(values, 'accel'))
    .findLast((value) => value !== undefined);
  if (accelerator?.split(':')[0] === DEVICE_TEST && draft.qtest === undefined) {
    throw conflict(`-machine accel=${accelerator}: expected -qtest DEV to go with it`);
  }
  if (draft.qtestLog !== undefined && draft.qtest === undefined) {
    throw conflict('-qtest-log: expected -qtest DEV to go with it');
  }
  return draft.qtest === undefined
    ? undefined
    : { chardev: draft.qtest, log: draft.qtestLog, runsCpus: accelerator?.split(':')[0] !== DEVICE_TEST };
}

/** Completes and checks the draft. Throws CommandLineError; adds warnings to the draft. */
export function buildMachineConfig(draft: CommandLineDraft): MachineConfig {
  const machine = chooseMachine(draft.store.itemsOf('machine'), (text) => draft.warnings.push(text));
  refuseUnavailableGroups(draft.store.items());
  checkDaemon(draft);
  checkGlobals(draft);
  checkCpu(draft);
  replaceDefaultDevices(draft);
  const { serials, parallels } = buildCharacterPorts(draft, machine.hasDefaultDevices);
  addDefaultMonitor(draft);
  const chardevs = buildChardevs(draft);
  const config: MachineConfig = {
    machine: machine.name,
    cpu: draft.cpu ?? { model: machine.defaultCpu, features: [] },
    smp: buildSmp(draft, machine),
    ramBytes: draft.ramBytes,
    board: buildBoard(draft, machine),
    name: draft.name,
    processTitle: draft.processTitle,
    uuid: draft.uuid,
    startPaused: draft.startPaused,
    noReboot: draft.noReboot,
    noShutdown: draft.noShutdown,
    singleStep: draft.singleStep,
    log: { items: draft.logItems, file: draft.logFile },
    incoming: draft.incoming,
    noDefaults: draft.noDefaults,
    drives: buildDrives(draft, machine.hasDefaultDevices),
    firmware: buildFirmware(draft),
    serials,
    parallels,
    debugConsole: draft.debugConsole,
    vga: buildVga(draft, machine),
    qtest: buildQtest(draft),
    balloon: draft.balloon,
    noGraphic: draft.nographic,
    chardevs,
    monitors: buildMonitors(draft, chardevs),
    inheritedDescriptors: buildDescriptors(draft.store.itemsOf('add-fd')),
    pidFile: draft.pidFile,
    daemonize: draft.daemonize,
    escapeCharacter: draft.escapeCharacter,
    sections: draft.store
      .items()
      .map(({ group, id, values }) => ({ group: group.name, id, values: [...values] })),
  };
  return config;
}
