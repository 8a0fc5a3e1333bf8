/**
 * Every option of the command line (cli.md §1), in the order of -h. An option that is marked `later` is parsed and
 * checked, then refused by name: it needs a part of the machine that this version does not have.
 */

import { parseHdaGeometry } from '../machine/drives/drive-geometry.ts';
import { describeMachineTypes } from '../machine/machine-types.ts';
import { describeLogItems, parseLogItems } from '../vcpu/log-items.ts';
import {
  parseKeyboardLayout,
  parseName,
  parseNumaNode,
  parseRamSize,
  parseRtcBase,
  parseUuid,
  parseWatchdogAction,
} from './board-options.ts';
import { CommandLineError } from './command-line-error.ts';
import { describeCpuModels, parseCpu, parseSmp } from './cpu-options.ts';
import { describeDevices } from './device-help.ts';
import { addCdrom, addHardDisk, addOther, describeFormats } from './drive-options.ts';
import { setMachineParameter } from './firmware-options.ts';
import { formatHelp, formatVersion } from './help.ts';
import { parseIncomingUri } from './incoming-uri.ts';
import {
  checkAcpiTable,
  checkCharacterDevice,
  checkDisplay,
  checkFsdev,
  checkIcount,
  checkNumber,
  checkSmbios,
  checkSpice,
  checkTpm,
  checkVirtfs,
  checkVnc,
  groupWith,
  matching,
  notEmpty,
} from './later-syntax.ts';
import { addLegacyMonitor } from './monitor-options.ts';
import { checkNet, checkNetdev } from './network-syntax.ts';
import {
  addChardev,
  addGlobal,
  addGroupItem,
  describeChardevBackends,
  onlyNone,
  onlyOff,
  readConfig,
  required,
  setBalloon,
  setBoot,
  setEscapeCharacter,
  setItemValue,
  setMachine,
  setMachineType,
  setVga,
  writeConfig,
} from './option-actions.ts';
import { implemented, later, type OptionDefinition, type OptionTableSection } from './option-definition.ts';
import { notePort, setDebugConsole, setQtest } from './port-options.ts';

const FILE = notEmpty('a file name');
const DIRECTORY = notEmpty('a directory');

/** `help` or `?` asks for a list instead of setting a value. */
function onHelp(text: () => string): (value: string) => string | undefined {
  return (value) => (value === 'help' || value === '?' ? text() : undefined);
}

/** `format=help` in a -drive. */
function onFormatHelp(value: string): string | undefined {
  return /(^|,)format=(help|\?)(,|$)/.test(value) ? describeFormats() : undefined;
}

const GENERAL: OptionTableSection = {
  title: 'Standard options',
  options: [
    implemented('h', 'print this help and exit', () => undefined, {
      aliases: ['help'],
      describe: () => formatHelp(OPTION_SECTIONS),
    }),
    implemented('version', 'print the version and exit', () => undefined, {
      describe: (_value, draft) => formatVersion(draft.environment.version),
    }),
    implemented('machine [type=]NAME[,prop=VALUE...]', 'select the board; `help` lists them', setMachine, {
      describe: onHelp(describeMachineTypes),
    }),
    implemented('M NAME', 'select the board by name only', setMachineType, {
      describe: onHelp(describeMachineTypes),
    }),
    implemented(
      'cpu MODEL[,+FEATURE...]',
      'select the CPU model; `help` lists them',
      (draft, value) => {
        draft.cpu = parseCpu(value);
      },
      { describe: onHelp(describeCpuModels) },
    ),
    implemented(
      'smp N[,maxcpus=N][,cores=N][,threads=N][,sockets=N]',
      'number and topology of the CPUs [default 1]',
      (draft, value) => {
        draft.smp = parseSmp(value);
        draft.smpOrigin = draft.origin;
      },
    ),
    implemented('m SIZE', 'guest RAM, in MiB without a suffix [default 128]', (draft, value) => {
      draft.ramBytes = parseRamSize(value) ?? draft.ramBytes;
    }),
    implemented('numa node[,mem=SIZE][,cpus=N[-M]][,nodeid=N]', 'describe a NUMA node', (draft, value) => {
      draft.numaNodes.push(parseNumaNode(value, draft.numaNodes.length));
    }),
    implemented('boot ORDER|order=...[,once=...][,menu=on|off]...', 'boot order [default cad]', setBoot),
    implemented('name NAME[,process=TITLE]', 'name of the machine and title of the process', (draft, value) =>
      Object.assign(draft, parseName(value)),
    ),
    implemented('uuid UUID', 'UUID of the machine', (draft, value) => {
      draft.uuid = parseUuid(value);
    }),
    implemented('rtc [base=...][,clock=host|rt|vm][,driftfix=none|slew]', 'real-time clock', (draft, value) =>
      draft.parseGroup('rtc', value),
    ),
    implemented('localtime', 'as -rtc base=localtime', (draft) => draft.parseGroup('rtc', 'base=localtime')),
    implemented('startdate DATE', 'as -rtc base=DATE', (draft, value) => {
      const base = value === 'now' ? 'utc' : value;
      parseRtcBase(base);
      draft.parseGroup('rtc', `base=${base}`);
    }),
    implemented('k LAYOUT', 'keyboard layout, such as fr', (draft, value) => {
      draft.keyboardLayout = parseKeyboardLayout(value);
    }),
    implemented('watchdog-action ACTION', 'what an expired watchdog does [default reset]', (draft, value) => {
      draft.watchdogAction = parseWatchdogAction(value);
    }),
    implemented('no-acpi', 'no ACPI tables', (draft) => {
      draft.acpi = false;
    }),
    implemented('no-hpet', 'no HPET', (draft) => {
      draft.hpet = false;
    }),
    implemented('no-fd-bootchk', 'boot floppies without a boot signature', (draft) => {
      draft.floppySignatureCheck = false;
    }),
    implemented('global DRIVER.PROP=VALUE', 'default of a device property', addGlobal),
    implemented('set GROUP.ID.ARG=VALUE', 'change an item that an option before made', setItemValue),
    implemented('add-fd fd=N,set=S[,opaque=T]', 'put inherited descriptor N into set S', (draft, value) =>
      draft.parseGroup('add-fd', value),
    ),
  ],
};

const START: OptionTableSection = {
  title: 'Start and stop',
  options: [
    implemented('S', 'do not start the CPUs; `cont` does', (draft) => {
      draft.startPaused = true;
    }),
    implemented('no-reboot', 'exit instead of rebooting', (draft) => {
      draft.noReboot = true;
    }),
    implemented('no-shutdown', 'stop instead of exiting on shutdown', (draft) => {
      draft.noShutdown = true;
    }),
    implemented('singlestep', 'execute one instruction at a time', (draft) => {
      draft.singleStep = true;
    }),
    implemented('daemonize', 'detach from the terminal after initialising', (draft) => {
      draft.daemonize = true;
    }),
    implemented('pidfile FILE', 'write the process id to FILE and lock it', (draft, value) => {
      draft.pidFile = required(value, 'a file name');
    }),
    implemented('readconfig FILE', 'read items of option groups from FILE', readConfig),
    implemented('writeconfig FILE', 'write the items so far to FILE, `-` for standard output', writeConfig),
    implemented('nodefconfig', 'read no default configuration files (there are none)', () => undefined),
    implemented('no-user-config', 'read no user configuration files (there are none)', () => undefined),
    implemented('nodefaults', 'no default devices and no default monitor', (draft) => {
      draft.noDefaults = true;
    }),
    implemented('no-kvm', 'emulate the CPUs (always so)', () => undefined),
    implemented('enable-kvm', 'refused: there is no hardware acceleration', () => {
      throw new CommandLineError(
        'ERR_CLI_UNAVAILABLE',
        'not available in this version: the CPUs are emulated, expected -machine accel=tcg or nothing',
      );
    }),
    later('incoming URI', 'wait for a migration', (value) => void parseIncomingUri(value)),
    later('loadvm TAG', 'start from a snapshot', notEmpty('the tag or id of a snapshot')),
    later('chroot DIR', 'change the root directory before starting', DIRECTORY),
    later('runas USER', 'change the user before starting', notEmpty('the name of a user')),
    implemented('sandbox [enable=]on|off', 'system call filter: only off', onlyOff('sandbox', 'enable')),
    implemented('realtime mlock=on|off', 'lock memory: only off', onlyOff('realtime', 'mlock')),
  ],
};

const MONITORS: OptionTableSection = {
  title: 'Monitors and character devices',
  options: [
    implemented(
      'chardev KIND,id=ID[,mux=on]...',
      'add a character device; `help` lists the kinds',
      addChardev,
      {
        describe: onHelp(describeChardevBackends),
      },
    ),
    implemented(
      'mon [chardev=]ID[,mode=readline|control][,default][,pretty]',
      'add a monitor',
      (draft, value) => {
        draft.parseGroup('mon', value);
        draft.wantsDefaultMonitor = false;
      },
    ),
    implemented('monitor DEV', 'add a human monitor on DEV, or `none`', (draft, value) =>
      addLegacyMonitor(draft, value, 'readline'),
    ),
    implemented('qmp DEV', 'add a QMP monitor on DEV, or `none`', (draft, value) =>
      addLegacyMonitor(draft, value, 'control'),
    ),
    implemented(
      'echr CODE',
      'escape character of multiplexed devices [default 1, ctrl-a]',
      setEscapeCharacter,
    ),
    implemented('serial DEV', 'next serial port on DEV, or `none`', notePort('serial')),
    implemented('parallel DEV', 'next parallel port on DEV, or `none`', notePort('parallel')),
    implemented('debugcon DEV', 'debug port e9 on DEV', setDebugConsole),
    implemented('qtest DEV', 'device test protocol on DEV, with -machine accel=qtest', setQtest),
    implemented('qtest-log FILE', 'write what passes on -qtest to FILE', (draft, value) => {
      draft.qtestLog = required(value, 'a file name');
    }),
    later('gdb DEV', 'wait for gdb on DEV', checkCharacterDevice),
    later('s', 'as -gdb tcp::1234'),
  ],
};

const DISPLAY: OptionTableSection = {
  title: 'Display and sound',
  options: [
    implemented('display TYPE', 'kind of display: only `none`', onlyNone(undefined, checkDisplay)),
    implemented('nographic', 'no display; the monitor is on the terminal', (draft) => {
      draft.nographic = true;
    }),
    implemented('vga TYPE', 'video card: std, cirrus or none [default cirrus]', setVga),
    implemented('vnc DISPLAY', 'VNC server: only `none`', onlyNone(undefined, checkVnc)),
    later('spice OPTIONS', 'SPICE server', checkSpice),
    later('full-screen', 'start in full screen'),
    later('show-cursor', 'show the host cursor'),
    later('soundhw LIST', 'sound cards', notEmpty('sound cards, or all')),
  ],
};

const STORAGE: OptionTableSection = {
  title: 'Drives',
  options: [
    implemented(
      'drive [file=FILE][,if=TYPE][,index=N][,media=disk|cdrom]...',
      'add a drive',
      (draft, value) => draft.parseGroup('drive', value),
      { describe: onFormatHelp },
    ),
    implemented('hda FILE', 'hard disk 0; so does a word without a dash', addHardDisk(0)),
    implemented('hdb FILE', 'hard disk 1', addHardDisk(1)),
    implemented('hdc FILE', 'hard disk 2', addHardDisk(2)),
    implemented('hdd FILE', 'hard disk 3', addHardDisk(3)),
    implemented('cdrom FILE', 'CD-ROM', addCdrom),
    implemented('fda FILE', 'floppy 0', addOther('floppy', 0)),
    implemented('fdb FILE', 'floppy 1', addOther('floppy', 1)),
    implemented('sd FILE', 'SD card', addOther('sd', 0)),
    implemented('mtdblock FILE', 'flash memory', addOther('mtd')),
    later('pflash FILE', 'parallel flash memory', FILE),
    implemented('snapshot', 'write to temporary files instead of the images', (draft) => {
      draft.snapshot = true;
    }),
    implemented('hdachs C,H,S[,TRANSLATION]', 'geometry of hard disk 0', (draft, value) => {
      draft.hdaGeometry = parseHdaGeometry(value);
    }),
    later('fsdev OPTIONS', 'shared folder', checkFsdev),
    later('virtfs OPTIONS', 'shared folder with its device', checkVirtfs),
    later('virtfs_synth', 'synthetic shared folder'),
  ],
};

const DEVICES: OptionTableSection = {
  title: 'Devices',
  options: [
    implemented(
      'device DRIVER[,prop=VALUE...]',
      'add a device; `help` lists them, `DRIVER,help` its properties',
      addGroupItem('device', 'driver'),
      { describe: describeDevices },
    ),
    implemented(
      'object TYPE,id=ID[,prop=VALUE...]',
      'add an object',
      addGroupItem('object', 'qom-type', 'id'),
    ),
    later('tpmdev TYPE,id=ID...', 'TPM', checkTpm),
    later('watchdog MODEL', 'watchdog', matching(/^(i6300esb|ib700)$/i, 'i6300esb or ib700')),
    implemented('balloon none|virtio[,addr=ADDRESS]', 'memory balloon [default none]', setBalloon),
    later('usb', 'USB controller'),
    later('usbdevice NAME', 'USB device', notEmpty('the name of a USB device')),
    implemented('acpitable OPTIONS', 'additional ACPI table', (draft, value) => {
      checkAcpiTable(value);
      draft.acpiTables.push(value);
    }),
    implemented('smbios OPTIONS', 'SMBIOS table', (draft, value) => {
      checkSmbios(value);
      draft.smbios.push(value);
    }),
    later('win2k-hack', 'workaround for a full disk in the Windows 2000 installer'),
  ],
};

const NETWORK: OptionTableSection = {
  title: 'Network',
  options: [
    implemented('net TYPE...', 'network card or back end: only `none`', onlyNone('network card', checkNet)),
    later('netdev TYPE,id=ID...', 'network back end', checkNetdev),
    later(
      'redir [tcp|udp]:PORT:[ADDRESS]:PORT',
      'redirect a host port',
      matching(/^(tcp|udp)?:\d+:[^:]*:\d+$/, '[tcp|udp]:HOSTPORT:[GUESTADDRESS]:GUESTPORT'),
    ),
    later('tftp DIR', 'directory of the TFTP server', DIRECTORY),
    later('bootp FILE', 'file that BOOTP names', FILE),
    later('smb DIR', 'directory of the SMB server', DIRECTORY),
  ],
};

const BOOT: OptionTableSection = {
  title: 'Firmware and Linux boot',
  options: [
    implemented('kernel FILE', 'Linux or multiboot kernel', setMachineParameter('kernel')),
    implemented('initrd FILE', 'initial RAM disk, or multiboot modules', setMachineParameter('initrd')),
    implemented('append TEXT', 'kernel command line', setMachineParameter('append')),
    later('dtb FILE', 'device tree', FILE),
    implemented('bios FILE', 'firmware', (draft, value) => {
      draft.bios = required(value, 'a file name');
    }),
    implemented('L DIR', 'directory of firmware', (draft, value) => {
      draft.firmwarePath.push(required(value, 'a directory'));
    }),
    implemented('option-rom FILE[,bootindex=N]', 'additional ROM', addGroupItem('option-rom', 'romfile')),
  ],
};

const EXPERT: OptionTableSection = {
  title: 'Debugging and tuning',
  options: [
    later('mem-path DIR', 'back guest RAM by a file', DIRECTORY),
    later('mem-prealloc', 'allocate guest RAM at once'),
    implemented(
      'd ITEMS',
      'log what the translator does; `help` lists the items',
      (draft, value) => {
        draft.logItems = parseLogItems(value);
      },
      { describe: onHelp(describeLogItems) },
    ),
    implemented('D FILE', 'file of the log [default standard error]', (draft, value) => {
      draft.logFile = required(value, 'a file name');
    }),
    later('trace [events=FILE][,file=FILE]', 'trace points', groupWith('trace')),
    later('clock NAME', 'host timer', notEmpty('the name of a host timer')),
    later('icount N|auto', 'virtual time by instructions', checkIcount),
    later('tb-size SIZE', 'size of the translation cache', checkNumber('tb-size')),
  ],
};

/** The table, by section of -h. */
export const OPTION_SECTIONS: readonly OptionTableSection[] = [
  GENERAL,
  START,
  MONITORS,
  DISPLAY,
  STORAGE,
  DEVICES,
  NETWORK,
  BOOT,
  EXPERT,
];

const BY_NAME: ReadonlyMap<string, OptionDefinition> = new Map(
  OPTION_SECTIONS.flatMap((section) => section.options).flatMap((option) =>
    [option.name, ...option.aliases].map((name) => [name, option] as const),
  ),
);

/** The option of this name, without its dashes. */
export function findOption(name: string): OptionDefinition | undefined {
  return BY_NAME.get(name);
}
