import { DEFAULT_BOARD } from '../machine/default-board.ts';
import type { Geometry } from '../machine/drives/drive-geometry.ts';
import type { CpuConfig, NumaNode, SmpConfig, VgaModel } from '../machine/machine-config.ts';
import { OptionStore } from '../options/option-store.ts';
import type { LogItem } from '../vcpu/log-items.ts';
import type { CommandLineEnvironment } from './environment.ts';

/** Devices that a board has unless something switches them off: -nodefaults, or the option of that device. */
export const DEFAULT_DEVICES = [
  'serial port',
  'parallel port',
  'VGA',
  'network card',
  'CD-ROM',
  'floppy',
  'SD card',
] as const;
export type DefaultDevice = (typeof DEFAULT_DEVICES)[number];

/** -serial or -parallel as given. */
export interface GivenPort {
  readonly text: string;
  readonly origin: string;
}

const DEFAULT_RAM_BYTES = 128 * 2 ** 20;
const CTRL_A = 1;

/**
 * What the options read so far have said. Options with a group of their own are kept as items of the store, because
 * `-set` and `-readconfig` may still change them; everything else is kept here.
 */
export class CommandLineDraft {
  readonly store = new OptionStore();
  readonly warnings: string[] = [];
  readonly environment: CommandLineEnvironment;
  /** The option being read, as given: `-chardev null,id=a`. */
  origin = '';

  cpu: CpuConfig | undefined;
  smp: SmpConfig = { cpus: 1, sockets: 1, cores: 1, threads: 1, maxCpus: 1 };
  smpOrigin = '-smp 1';
  ramBytes = DEFAULT_RAM_BYTES;
  numaNodes: NumaNode[] = [];
  name: string | undefined;
  processTitle: string | undefined;
  uuid = '00000000-0000-0000-0000-000000000000';
  startPaused = false;
  noReboot = false;
  noShutdown = false;
  singleStep = false;
  logItems: readonly LogItem[] = [];
  logFile: string | undefined;
  incoming: string | undefined;
  noDefaults = false;
  nographic = false;
  pidFile: string | undefined;
  daemonize = false;
  escapeCharacter = CTRL_A;
  acpi = DEFAULT_BOARD.acpi;
  hpet = DEFAULT_BOARD.hpet;
  floppySignatureCheck = DEFAULT_BOARD.floppySignatureCheck;
  keyboardLayout = DEFAULT_BOARD.keyboardLayout;
  watchdogAction = DEFAULT_BOARD.watchdogAction;
  /** -snapshot: every drive writes to a temporary overlay. */
  snapshot = false;
  /** -hdachs */
  hdaGeometry: Geometry | undefined;

  readonly ports: Readonly<Record<'serial' | 'parallel', GivenPort[]>> = { serial: [], parallel: [] };
  /** Labels of character devices. */
  debugConsole: string | undefined;
  qtest: string | undefined;
  qtestLog: string | undefined;
  vga: VgaModel | undefined;
  balloon: { readonly address: string | undefined } | undefined;
  bios: string | undefined;
  readonly firmwarePath: string[] = [];
  readonly acpiTables: string[] = [];
  readonly smbios: string[] = [];

  /** How many of -monitor and -qmp have been read; numbers compat_monitor0, compat_monitor1... */
  legacyMonitors = 0;
  wantsDefaultMonitor = true;
  /** Default devices that an option has switched off (`-serial none`). */
  readonly withoutDevices = new Set<DefaultDevice>();

  constructor(environment: CommandLineEnvironment) {
    this.environment = environment;
  }

  /** Makes the item of a group that the present option describes. */
  parseGroup(group: string, text: string): void {
    this.store.parse(group, text, this.origin);
  }
}
