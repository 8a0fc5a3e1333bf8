import test from 'ava';
import { findOption, OPTION_SECTIONS } from '../../src/cli/option-table.ts';
import { printed } from './support.ts';

/** Every name in the table of cli.md §1 with its legacy aliases, and the device test protocol's. */
const REFERENCE_OPTIONS =
  'machine M cpu smp m mem-path mem-prealloc numa drive hda hdb hdc hdd cdrom fda fdb sd mtdblock pflash snapshot hdachs boot kernel initrd append dtb bios L option-rom device global set object netdev net redir tftp bootp smb chardev serial parallel monitor qmp mon debugcon gdb s S incoming loadvm no-reboot no-shutdown daemonize pidfile chroot runas sandbox name uuid rtc localtime startdate icount watchdog watchdog-action balloon vga display nographic vnc spice k usb usbdevice soundhw full-screen show-cursor no-acpi no-hpet no-fd-bootchk win2k-hack acpitable smbios tpmdev add-fd readconfig writeconfig nodefconfig no-user-config nodefaults d D trace singlestep clock tb-size echr realtime enable-kvm no-kvm fsdev virtfs virtfs_synth qtest qtest-log version h'.split(
    ' ',
  );

test('every option of the reference is known', (t) => {
  t.deepEqual(
    REFERENCE_OPTIONS.filter((name) => findOption(name) === undefined),
    [],
  );
});

test('no option is known that the reference does not have', (t) => {
  const names = OPTION_SECTIONS.flatMap(({ options }) => options.map(({ name }) => name));
  t.deepEqual(
    names.filter((name) => !REFERENCE_OPTIONS.includes(name)),
    [],
  );
  t.is(new Set(names).size, names.length);
});

test('-h names every option', (t) => {
  const help = printed(['-h']);
  for (const name of REFERENCE_OPTIONS) {
    t.regex(help, new RegExp(`(^| )-${name}( |,|$)`, 'm'), name);
  }
});
