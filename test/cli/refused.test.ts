import test from 'ava';
import { refusal, words } from './support.ts';

/** Options whose part of the machine does not exist yet: a value of the right form, or none for a flag. */
const later: readonly [option: string, good: string | undefined, ...bad: string[]][] = [
  ['incoming', 'tcp:[::1]:4444', 'foo:x', 'tcp:4444', 'unix:', 'exec:', 'fd:x'],
  ['incoming', 'unix:/tmp/m'],
  ['incoming', 'exec:cat x'],
  ['incoming', 'fd:5'],
  ['loadvm', 'snap', ''],
  ['chroot', '/var/empty', ''],
  ['runas', 'nobody', ''],
  ['gdb', 'tcp::1234', 'tcp:x'],
  ['s', undefined],
  ['spice', 'port=5930,disable-ticketing', 'addr=x', 'port=x', 'foo=1', 'port=1,ipv4=maybe'],
  ['full-screen', undefined],
  ['show-cursor', undefined],
  ['soundhw', 'sb16', ''],
  ['pflash', '/x', ''],
  ['fsdev', 'local,id=f,path=/x', 'local', 'id=f', 'local,id=f,foo=1'],
  ['virtfs', 'local,path=/x,mount_tag=t', 'local,path=/x'],
  ['virtfs_synth', undefined],
  ['tpmdev', 'passthrough,id=t', 'foo,id=t', 'passthrough'],
  ['watchdog', 'IB700', 'foo'],
  ['usb', undefined],
  ['usbdevice', 'tablet', ''],
  ['win2k-hack', undefined],
  [
    'netdev',
    'user,id=n,hostfwd=tcp::1-:2,restrict=y',
    'user',
    'foo,id=n',
    'nic,id=n',
    'user,id=n,foo=1',
    'user,id=n,restrict=maybe',
    'id=n',
    'user,id=1',
  ],
  ['redir', 'tcp:5555::80', 'x'],
  ['tftp', '/x', ''],
  ['bootp', 'x', ''],
  ['smb', '/x', ''],
  ['dtb', '/x', ''],
  ['mem-path', '/x', ''],
  ['mem-prealloc', undefined],
  ['trace', 'events=/x', 'foo=1'],
  ['clock', 'unix', ''],
  ['icount', '3', 'x'],
  ['icount', 'auto'],
  ['tb-size', '32', 'x'],
];

for (const [option, good, ...bad] of later) {
  test(`-${option} ${good ?? ''} is refused by name`, (t) => {
    const error = refusal([`-${option}`, ...(good === undefined ? [] : [good])]);
    t.is(error?.message, `-${option}: not available in this version`);
    t.is(error?.code, 'ERR_CLI_UNAVAILABLE');
    for (const value of bad) {
      const mistake = refusal([`-${option}`, value]);
      t.is(mistake?.code, 'ERR_CLI_BAD_VALUE', value);
      t.true(mistake?.message.startsWith(`-${option} ${value}: `), mistake?.message);
    }
  });
}

/** An option, then values that it does not take. */
const mistakes: readonly (readonly [option: string, ...bad: string[]])[] = [
  ['debugcon', 'foo'],
  ['hda', ''],
  ['cdrom', ''],
  ['fda', ''],
  ['hdachs', '1024,16', '0,1,1', '1,17,1', '1,1,64', '1,1,1,foo'],
  [
    'drive',
    'index=x',
    'readonly=maybe',
    'if=foo',
    'media=foo',
    'cyls=1',
    'trans=lba',
    'cyls=1,heads=1,secs=1,trans=foo',
    'cyls=1,heads=1,secs=1,media=cdrom',
    'cache=foo',
    'aio=foo',
    'discard=foo',
    'werror=foo',
    'rerror=enospc',
    'if=floppy,werror=stop',
    'readonly=on',
    'addr=4',
    'bps=1,bps_rd=1',
    'index=1,unit=0',
    'unit=2',
    'id=1x',
  ],
  ['qtest', 'foo', 'none'],
  ['device', 'id=n', 'e1000,id=1'],
  ['object', 'rng-random', 'id=r'],
  ['acpitable', 'sig=ABCD'],
  ['smbios', 'type=9', 'vendor=x'],
  ['kernel', ''],
  ['initrd', ''],
  ['bios', ''],
  ['L', ''],
  ['option-rom', 'bootindex=1', '/x,bootindex=y'],
  ['vga', 'foo', ''],
  ['balloon', 'foo', 'virtio,foo=1'],
  ['d', '', 'foo', 'in_asm,foo'],
  ['D', ''],
];

for (const [option, ...bad] of mistakes) {
  for (const value of bad) {
    test(`-${option} '${value}' is refused with its place`, (t) => {
      const mistake = refusal([`-${option}`, value]);
      t.is(mistake?.code, 'ERR_CLI_BAD_VALUE', value);
      t.true(mistake?.message.startsWith(`-${option} ${value}: `), mistake?.message);
    });
  }
}

/** What this version can honour only in part: the value is right, and not available. */
for (const line of [
  '-vga vmware',
  '-vga qxl',
  '-display sdl',
  '-display gtk',
  '-display vnc=:1',
  '-vnc :1,password',
  '-net user',
  '-net nic,model=e1000,vlan=0',
  '-sandbox on',
  '-sandbox enable=on',
  '-realtime mlock=on',
  '-enable-kvm',
  '-d int',
  '-d in_asm,guest_errors',
  '-cpu host',
  '-machine accel=kvm',
  '-machine accel=xen:kvm',
  '-machine pc,usb=on',
  '-machine dump-guest-core=off',
  '-chardev spicevmc,id=a,name=vdagent',
  '-chardev tty,id=a,path=/dev/ttyS0',
  '-monitor /dev/ttyS0',
  '-monitor braille',
  '-monitor con:',
]) {
  test(`troupe ${line}: not available`, (t) => {
    const error = refusal(words(line));
    t.is(error?.code, 'ERR_CLI_UNAVAILABLE', error?.message);
    t.true(error?.message.includes(line.split(' ')[0] ?? ''));
  });
}

/** Wrong input, and the words that the message must have besides the option and its value. */
const wrong: readonly [line: string, ...expected: RegExp[]][] = [
  ['-nope', /invalid option/],
  ['--', /invalid option/],
  ['-', /invalid option/],
  ['-toString', /invalid option/],
  ['-__proto__', /invalid option/],
  ['-m', /requires an argument/],
  ['-m 12Q', /expected a size/],
  ['-m x', /expected a size/],
  ['-m -1', /expected a size/],
  ['-m 1.5b', /expected a size/],
  ['-m 9999999999T', /expected a size/],
  ['-smp x', /decimal number/],
  ['-smp cpus=2', /Invalid parameter 'cpus'/],
  ['-smp 2,foo=1', /Invalid parameter 'foo'/],
  ['-smp 4,maxcpus=2', /4 CPUs and maxcpus 2/],
  ['-smp 256', /255/],
  ['-smp 2,cores=x', /cores.*not 'x'/],
  ['-smp 2 -M isapc', /exceeds the maximum of machine 'isapc' \(1\)/],
  ['-cpu foo', /-cpu help.*'foo'/],
  ['-cpu qemu64,+foo', /CPU feature foo not found/],
  ['-cpu qemu64,foo', /\+feature.*'foo'/],
  ['-cpu qemu64,foo=1', /family.*'foo'/],
  ['-cpu qemu64,family=x', /Parameter 'family' expects a number/],
  ['-cpu qemu64,family=999', /at most 270/],
  ['-cpu qemu64,vendor=x', /12 characters/],
  ['-cpu qemu64,tsc-freq=x', /frequency/],
  ['-machine foo', /Supported machines are:\npc +/],
  ['-M q35', /Supported machines are:/],
  ['-M pc,accel=tcg', /-machine/],
  ['-machine pc,foo=1', /Invalid parameter 'foo'/],
  ['-machine pc,usb=maybe', /'on' or 'off'/],
  ['-machine accel=foo', /"foo" accelerator does not exist/],
  ['-numa mem=1', /node/],
  ['-numa node,foo=1', /Invalid parameter 'foo'/],
  ['-numa node,cpus=3-1', /cpus/],
  ['-numa node,nodeid=64', /less than 64/],
  ['-numa node,mem=x', /size/],
  ['-boot zz', /a to p/],
  ['-boot cc', /at most once/],
  ['-boot e', /a b c d n/],
  ['-boot abcd', /at most 3/],
  ['-boot foo=1', /Invalid parameter 'foo'/],
  ['-boot menu=maybe', /'on' or 'off'/],
  ['-boot splash-time=70000', /65535/],
  ['-name a,b', /NAME\[,process=TITLE\]/],
  ['-name a,process=p,x', /NAME\[,process=TITLE\]/],
  ['-uuid 12', /8-4-4-4-12/],
  ['-uuid 550e8400e29b41d4a716446655440000', /8-4-4-4-12/],
  ['-uuid 550e8400-e29b-41d4-a716-44665544000g', /8-4-4-4-12/],
  ['-rtc base=foo', /utc, localtime, 2006/],
  ['-rtc base=2006-13-01', /utc, localtime, 2006/],
  ['-rtc base=2006-02-30', /utc, localtime, 2006/],
  ['-rtc clock=foo', /host, rt or vm/],
  ['-rtc driftfix=foo', /none or slew/],
  ['-rtc foo=1', /Invalid parameter 'foo'/],
  ['-startdate x', /utc/],
  ['-k xx', /en-us/],
  ['-watchdog-action foo', /reset, shutdown, poweroff/],
  ['-echr zz', /a number/],
  ['-echr 256', /255/],
  ['-display foo', /curses/],
  ['-vga foo', /cirrus/],
  ['-vnc foo', /unix:PATH/],
  ['-vnc :1,foo', /password.*'foo'/],
  ['-net foo', /Invalid parameter 'foo'/],
  ['-net user,foo=1', /Invalid parameter 'foo'/],
  ['-balloon foo', /virtio/],
  ['-sandbox foo', /'on' or 'off'/],
  ['-realtime foo=1', /Invalid parameter 'foo'/],
  ['-serial foo', /parse error/],
  ['-set foo', /can't parse: "foo"/],
  ['-set nope.a.b=c', /There is no option group 'nope'/],
  ['-set chardev.a.path=c', /there is no chardev "a" defined/],
  ['-chardev null,id=a -set chardev.a.foo=c', /-set chardev\.a\.foo=c: Invalid parameter 'foo'/],
  ['-chardev null,id=a -set chardev.a.backend=foo', /backend "foo" not found/],
  ['-global foo', /can't parse: "foo"/],
  ['-global foo.bar', /can't parse/],
  ['-add-fd fd=1,set=1', /standard I\/O stream/],
  ['-add-fd set=1', /fd=N/],
  ['-add-fd fd=3', /set=S/],
  ['-add-fd fd=x,set=1', /Parameter 'fd' expects a number/],
  ['-readconfig /none', /could not read '\/none'/],
  ['-chardev null', /no id specified/],
  ['-chardev id=a', /"a" missing backend/],
  ['-chardev foo,id=a', /backend "foo" not found/],
  ['-chardev null,id=1', /an identifier/],
  ['-chardev null,id=a,foo=1', /Invalid parameter 'foo'/],
  ['-chardev null,id=a -chardev pty,id=a', /-chardev pty,id=a: Duplicate ID 'a' for chardev/],
  ['-chardev mux,id=a,chardev=b', /mux: base chardev b not found/],
  ['-chardev socket,id=a', /host and\/or port not specified/],
  ['-mon x', /chardev "x" not found/],
  ['-mon mode=control', /chardev=ID/],
  ['-chardev null,id=a -mon a,mode=foo', /unknown monitor mode "foo"/],
  ['-chardev null,id=a -mon a -mon a', /mux=on/],
  ['-chardev null,id=a -chardev mux,id=b,chardev=a -mon a', /base of a mux/],
  ['-chardev null,id=a,mux=on -mon a -mon a -mon a -mon a -mon a', /4 monitors/],
  ['-monitor foo', /parse error: 'foo'/],
  ['-qmp tcp:4444', /parse error/],
  ['-qmp unix:/q,foo=1', /Invalid parameter 'foo'/],
  ['-qmp chardev:x', /chardev "x" not found/],
  ['-monitor stdio -qmp stdio', /-qmp stdio: cannot use stdio by multiple character devices/],
  ['-nographic -chardev stdio,id=a', /cannot use stdio by multiple character devices/],
  ['-daemonize -nodefaults -monitor stdio', /cannot use stdio with -daemonize/],
  ['-daemonize -nographic', /-nographic cannot be used with -daemonize/],
  ['-daemonize -nographic -monitor none', /-nographic cannot be used with -daemonize/],
];

for (const [line, ...expected] of wrong) {
  test(`troupe ${line} is wrong`, (t) => {
    const error = refusal(words(line));
    t.truthy(error, 'expected a CommandLineError');
    for (const pattern of expected) {
      t.regex(error?.message ?? '', pattern);
    }
    const [option = '', value] = words(line);
    if (words(line).length <= 2 && !value?.startsWith('-nographic')) {
      t.true(
        error?.message.startsWith(value === undefined ? option : `${option} ${value}: `),
        error?.message,
      );
    }
    t.notRegex(error?.message ?? '', /\n\s+at /);
  });
}

test('a pidfile must have a name', (t) => {
  t.is(refusal(['-pidfile', ''])?.message, '-pidfile : expected a file name');
});
