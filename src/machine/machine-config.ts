/**
 * The whole virtual machine as the command line describes it: typed, validated, complete. The command line produces
 * it, everything else reads the part that concerns it. Plain data: it crosses threads by structured clone.
 */
import type { ChardevConfig } from '../backends/chardev/chardev-config.ts';
import type { DriveConfig } from '../block/storage-contract.ts';
import type { LogSettings } from '../vcpu/log-items.ts';

/** One `group "id"` of key=value pairs that was given, in the order given (`-device`, `-object`, `-readconfig`…). */
export interface OptionSection {
  readonly group: string;
  readonly id: string | undefined;
  readonly values: readonly (readonly [key: string, value: string])[];
}

export interface NamedChardev {
  /** The id: query-chardev's label. */
  readonly id: string;
  readonly config: ChardevConfig;
  /** Put a multiplexer before it, so that several front ends can share it (`mux=on`, `mon:`). */
  readonly mux: boolean;
}

/** A monitor on a character device (`-mon`, `-qmp`, `-monitor`). */
export interface MonitorConfig {
  readonly chardev: string;
  readonly mode: 'control' | 'readline';
  readonly pretty: boolean;
  /** The monitor that error reports go to (`-mon default`). */
  readonly isDefault: boolean;
}

export interface InheritedDescriptor {
  readonly fd: number;
  readonly set: number;
  readonly opaque: string | undefined;
}

export interface SmpConfig {
  readonly cpus: number;
  readonly sockets: number;
  readonly cores: number;
  readonly threads: number;
  readonly maxCpus: number;
}

export interface CpuConfig {
  readonly model: string;
  /** `+feature` / `-feature` and `key=value`, in the order given. */
  readonly features: readonly string[];
}

/** What the real-time clock shows at start. A date is what it reads, without a time zone. */
export type RtcBase =
  | { readonly kind: 'utc' }
  | { readonly kind: 'localtime' }
  | { readonly kind: 'date'; readonly epochMs: number };

export interface RtcConfig {
  readonly base: RtcBase;
  /** The clock it advances by: host wall clock, host monotonic clock, or virtual time. */
  readonly clock: 'host' | 'rt' | 'vm';
  /** What happens to periodic interrupts that the guest missed: dropped, or delivered late. */
  readonly driftFix: 'none' | 'slew';
}

export interface BootConfig {
  /** Drive letters in the order tried (a b floppies, c disk, d CD-ROM, n network). */
  readonly order: string;
  /** The order for the first boot only. */
  readonly once: string | undefined;
  readonly menu: boolean;
  /** Only boot devices that have a place in the order. */
  readonly strict: boolean;
  readonly splash: string | undefined;
  readonly splashTimeMs: number | undefined;
  /** Milliseconds until a failed boot is tried again; undefined = never. */
  readonly rebootTimeoutMs: number | undefined;
}

export interface NumaNode {
  readonly id: number;
  /** Bytes; undefined = an even share of what is left. */
  readonly ramBytes: number | undefined;
  readonly cpus: readonly number[];
}

export const WATCHDOG_ACTIONS = ['reset', 'shutdown', 'poweroff', 'pause', 'debug', 'none'] as const;
export type WatchdogAction = (typeof WATCHDOG_ACTIONS)[number];

/** What the board is to tell its guest, or do for it. Devices that do not exist yet will read it. */
export interface BoardConfig {
  readonly rtc: RtcConfig;
  readonly boot: BootConfig;
  readonly numaNodes: readonly NumaNode[];
  readonly acpi: boolean;
  readonly hpet: boolean;
  /** The firmware refuses a floppy without the 55aa signature. */
  readonly floppySignatureCheck: boolean;
  /** Key map of `-k`, such as `en-us`. */
  readonly keyboardLayout: string | undefined;
  readonly watchdogAction: WatchdogAction;
}

/** Where a drive is attached; `none` leaves that to a -device. */
export type DriveInterface = 'ide' | 'scsi' | 'floppy' | 'pflash' | 'mtd' | 'sd' | 'virtio' | 'none';

/** A drive and its place on the board. */
export interface BoardDrive {
  readonly drive: DriveConfig;
  readonly interface: DriveInterface;
  readonly bus: number;
  readonly unit: number;
  readonly media: 'disk' | 'cdrom';
  readonly serial: string | undefined;
  /** PCI address for if=virtio. */
  readonly address: string | undefined;
  readonly geometry:
    | {
        readonly cylinders: number;
        readonly heads: number;
        readonly sectors: number;
        readonly translation: 'auto' | 'none' | 'lba';
      }
    | undefined;
}

export interface OptionRom {
  readonly file: string;
  readonly bootIndex: number | undefined;
}

/** -bios, -L, -kernel and what goes with them. File names as given. */
export interface FirmwareConfig {
  readonly bios: string | undefined;
  /** Directories searched for firmware files, first one first. */
  readonly searchPath: readonly string[];
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly append: string | undefined;
  readonly optionRoms: readonly OptionRom[];
  /** Texts of -acpitable and -smbios, in the order given. */
  readonly acpiTables: readonly string[];
  readonly smbios: readonly string[];
}

export type VgaModel = 'std' | 'cirrus' | 'none';

/** -qtest: the character device that speaks the protocol, and -qtest-log. */
export interface QtestConfig {
  readonly chardev: string;
  readonly log: string | undefined;
  /** False with -machine accel=qtest: no vCPU runs, and the virtual clock moves when told. */
  readonly runsCpus: boolean;
}

export interface MachineConfig {
  /** Full name, aliases resolved: `pc-i440fx-1.5`, `isapc`, `none`. */
  readonly machine: string;
  readonly cpu: CpuConfig;
  readonly smp: SmpConfig;
  /** Bytes of guest RAM, a multiple of 8 KiB. */
  readonly ramBytes: number;
  readonly board: BoardConfig;
  /** `-name`: what query-name gives. */
  readonly name: string | undefined;
  readonly processTitle: string | undefined;
  /** 8-4-4-4-12 lower-case hex; all zeros when not given. */
  readonly uuid: string;
  /** -S: stay in prelaunch until `cont`. */
  readonly startPaused: boolean;
  readonly noReboot: boolean;
  readonly noShutdown: boolean;
  readonly singleStep: boolean;
  /** -d and -D. */
  readonly log: LogSettings;
  /** URI of -incoming. */
  readonly incoming: string | undefined;
  readonly noDefaults: boolean;
  /** Drives in the order of their creation, the empty default ones included. */
  readonly drives: readonly BoardDrive[];
  readonly firmware: FirmwareConfig;
  /** Labels of the character devices of the serial ports, by port; undefined where there is none. */
  readonly serials: readonly (string | undefined)[];
  readonly parallels: readonly (string | undefined)[];
  readonly debugConsole: string | undefined;
  readonly vga: VgaModel;
  readonly qtest: QtestConfig | undefined;
  readonly balloon: { readonly address: string | undefined } | undefined;
  /** -nographic or -display none: there is no window in any case, but escapes and defaults differ. */
  readonly noGraphic: boolean;
  readonly chardevs: readonly NamedChardev[];
  readonly monitors: readonly MonitorConfig[];
  readonly inheritedDescriptors: readonly InheritedDescriptor[];
  readonly pidFile: string | undefined;
  readonly daemonize: boolean;
  /** The byte that introduces escapes on a multiplexed character device (`-echr`); 1 = ctrl-a. */
  readonly escapeCharacter: number;
  /** Every group given, for -writeconfig and query-command-line-options. */
  readonly sections: readonly OptionSection[];
}
