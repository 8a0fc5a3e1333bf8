import test from 'ava';
import type { MachineConfig } from '../../src/machine/machine-config.ts';
import { config, run } from './support.ts';

const MiB = 2 ** 20;

/** A command line, what to look at in the machine, and what must be there. */
const accepted: readonly [line: string, look: (machine: MachineConfig) => unknown, expected: unknown][] = [
  ['', ({ machine }) => machine, 'pc-i440fx-1.5'],
  ['', ({ cpu }) => cpu, { model: 'qemu64', features: [] }],
  ['', ({ ramBytes }) => ramBytes, 128 * MiB],
  ['', ({ uuid }) => uuid, '00000000-0000-0000-0000-000000000000'],
  ['', ({ chardevs, monitors }) => [chardevs, monitors], [[], []]],
  ['-machine pc', ({ machine }) => machine, 'pc-i440fx-1.5'],
  ['-machine type=isapc', ({ machine }) => machine, 'isapc'],
  ['-M none', ({ machine }) => machine, 'none'],
  ['-machine none -machine accel=tcg', ({ machine }) => machine, 'none'],
  [
    '-machine none,usb=off,mem-merge=off,dump-guest-core=on,kernel_irqchip=off',
    ({ machine }) => machine,
    'none',
  ],
  ['-M isapc', ({ cpu }) => cpu.model, '486'],
  ['--machine none', ({ machine }) => machine, 'none'],
  ['-no-kvm', ({ machine }) => machine, 'pc-i440fx-1.5'],
  ['-cpu Haswell', ({ cpu }) => cpu.model, 'Haswell'],
  ['-cpu max', ({ cpu }) => cpu.model, 'max'],
  [
    '-cpu kvm64,+avx2,-sse4_1,-sse4-1,family=6,vendor=GenuineIntel,tsc-freq=2.5G,check,enforce',
    ({ cpu }) => cpu,
    {
      model: 'kvm64',
      features: [
        '+avx2',
        '-sse4_1',
        '-sse4-1',
        'family=6',
        'vendor=GenuineIntel',
        'tsc-freq=2.5G',
        'check',
        'enforce',
      ],
    },
  ],
  ['-smp 4', ({ smp }) => smp, { cpus: 4, cores: 1, threads: 1, sockets: 4, maxCpus: 4 }],
  ['-smp 4,sockets=2', ({ smp }) => smp, { cpus: 4, cores: 2, threads: 1, sockets: 2, maxCpus: 4 }],
  ['-smp 8,sockets=2,cores=2', ({ smp }) => smp, { cpus: 8, cores: 2, threads: 2, sockets: 2, maxCpus: 8 }],
  [
    '-smp cores=2,threads=2,sockets=3',
    ({ smp }) => smp,
    { cpus: 12, cores: 2, threads: 2, sockets: 3, maxCpus: 12 },
  ],
  ['-smp 2,maxcpus=255', ({ smp }) => [smp.cpus, smp.maxCpus], [2, 255]],
  ['-m 256', ({ ramBytes }) => ramBytes, 256 * MiB],
  ['-m 1G', ({ ramBytes }) => ramBytes, 1024 * MiB],
  ['-m 1.5g', ({ ramBytes }) => ramBytes, 1536 * MiB],
  ['-m 1b', ({ ramBytes }) => ramBytes, 8192],
  ['-m 8193b', ({ ramBytes }) => ramBytes, 16384],
  ['-m 0', ({ ramBytes }) => ramBytes, 128 * MiB],
  [
    '-numa node,mem=64,cpus=0-1 -numa node,nodeid=5,cpus=2',
    ({ board }) => board.numaNodes,
    [
      { id: 0, ramBytes: 64 * MiB, cpus: [0, 1] },
      { id: 5, ramBytes: undefined, cpus: [2] },
    ],
  ],
  ['-boot nd', ({ board }) => board.boot.order, 'nd'],
  [
    '-boot order=c,once=d,menu=on,strict=on',
    ({ board }) => [board.boot.once, board.boot.menu, board.boot.strict],
    ['d', true, true],
  ],
  [
    '-boot splash=a,,b,splash-time=500',
    ({ board }) => [board.boot.splash, board.boot.splashTimeMs],
    ['a,b', 500],
  ],
  ['-boot reboot-timeout=1000', ({ board }) => board.boot.rebootTimeoutMs, 1000],
  ['-boot reboot-timeout=-1', ({ board }) => board.boot.rebootTimeoutMs, undefined],
  ['-boot c -boot menu=on', ({ board }) => [board.boot.order, board.boot.menu], ['c', true]],
  ['-M none -boot ponmlk', ({ board }) => board.boot.order, 'ponmlk'],
  ['-name vm1', ({ name, processTitle }) => [name, processTitle], ['vm1', undefined]],
  ['-name a,,b=c,process=p', ({ name, processTitle }) => [name, processTitle], ['a,b=c', 'p']],
  ['-uuid 550E8400-e29b-41d4-a716-446655440000', ({ uuid }) => uuid, '550e8400-e29b-41d4-a716-446655440000'],
  ['', ({ board }) => board.rtc, { base: { kind: 'utc' }, clock: 'host', driftFix: 'none' }],
  [
    '-rtc base=localtime,clock=vm,driftfix=slew',
    ({ board }) => board.rtc,
    { base: { kind: 'localtime' }, clock: 'vm', driftFix: 'slew' },
  ],
  [
    '-rtc base=2006-06-17T16:01:21',
    ({ board }) => board.rtc.base,
    { kind: 'date', epochMs: Date.UTC(2006, 5, 17, 16, 1, 21) },
  ],
  ['-startdate 2006-06-17', ({ board }) => board.rtc.base, { kind: 'date', epochMs: Date.UTC(2006, 5, 17) }],
  ['-startdate now', ({ board }) => board.rtc.base, { kind: 'utc' }],
  [
    '-localtime -rtc clock=rt',
    ({ board }) => [board.rtc.base, board.rtc.clock],
    [{ kind: 'localtime' }, 'rt'],
  ],
  ['-k fr-ch', ({ board }) => board.keyboardLayout, 'fr-ch'],
  ['-watchdog-action PAUSE', ({ board }) => board.watchdogAction, 'pause'],
  [
    '-no-acpi -no-hpet -no-fd-bootchk',
    ({ board }) => [board.acpi, board.hpet, board.floppySignatureCheck],
    [false, false, false],
  ],
  ['', ({ board }) => [board.acpi, board.hpet, board.floppySignatureCheck], [true, true, true]],
  ['-S', ({ startPaused }) => startPaused, true],
  ['-no-reboot', ({ noReboot }) => noReboot, true],
  ['-no-shutdown', ({ noShutdown }) => noShutdown, true],
  ['', ({ log }) => log, { items: [], file: undefined }],
  ['-d in_asm,out_asm -D /x/log', ({ log }) => log, { items: ['in_asm', 'out_asm'], file: '/x/log' }],
  ['-d all', ({ log }) => log.items, ['out_asm', 'in_asm', 'op']],
  ['-singlestep', ({ singleStep }) => singleStep, true],
  ['-daemonize', ({ daemonize }) => daemonize, true],
  ['-pidfile /run/vm.pid', ({ pidFile }) => pidFile, '/run/vm.pid'],
  ['-echr 0x14', ({ escapeCharacter }) => escapeCharacter, 20],
  ['', ({ escapeCharacter }) => escapeCharacter, 1],
  ['-nodefconfig -no-user-config', ({ machine }) => machine, 'pc-i440fx-1.5'],
  [
    '-add-fd fd=3,set=2,opaque=a,,b -add-fd fd=4,set=2',
    ({ inheritedDescriptors }) => inheritedDescriptors,
    [
      { fd: 3, set: 2, opaque: 'a,b' },
      { fd: 4, set: 2, opaque: undefined },
    ],
  ],
  [
    '-serial none -parallel none -net none -vga none -display none -vnc none -balloon none',
    ({ chardevs }) => chardevs,
    [],
  ],
  ['-sandbox off -realtime mlock=off', ({ machine }) => machine, 'pc-i440fx-1.5'],
  [
    '-chardev null,id=a,mux=on',
    ({ chardevs }) => chardevs,
    [{ id: 'a', config: { kind: 'null' }, mux: true }],
  ],
  ['-chardev null,id=a -set chardev.a.backend=pty', ({ chardevs }) => chardevs[0]?.config, { kind: 'pty' }],
  ['-chardev id=a -set chardev.a.backend=pty', ({ chardevs }) => chardevs[0]?.config, { kind: 'pty' }],
  [
    '-chardev null,id=a -chardev mux,id=b,chardev=a',
    ({ chardevs }) => chardevs[1]?.config,
    { kind: 'mux', chardev: 'a' },
  ],
  [
    '-chardev null,id=a -mon a',
    ({ monitors }) => monitors,
    [{ chardev: 'a', mode: 'readline', pretty: false, isDefault: false }],
  ],
  [
    '-mon chardev=a,mode=control,pretty,default -chardev null,id=a',
    ({ monitors }) => monitors,
    [{ chardev: 'a', mode: 'control', pretty: true, isDefault: true }],
  ],
  ['-chardev null,id=a,mux=on -mon a -mon a,mode=control', ({ monitors }) => monitors.length, 2],
  ['-monitor none -qmp none', ({ monitors }) => monitors, []],
  [
    '-qmp chardev:a -chardev null,id=a',
    ({ monitors }) => monitors,
    [{ chardev: 'a', mode: 'control', pretty: false, isDefault: false }],
  ],
  [
    '-qmp null -monitor null',
    ({ chardevs }) => chardevs.map(({ id }) => id),
    ['compat_monitor0', 'compat_monitor1'],
  ],
  [
    '-qmp null -monitor null',
    ({ monitors }) => monitors.map(({ mode, isDefault }) => [mode, isDefault]),
    [
      ['control', true],
      ['readline', false],
    ],
  ],
  [
    '-monitor mon:stdio',
    ({ chardevs }) => chardevs,
    [{ id: 'compat_monitor0', config: { kind: 'stdio', signal: true }, mux: true }],
  ],
  [
    '-global e1000.mac=1',
    ({ sections }) => sections,
    [
      {
        group: 'global',
        id: undefined,
        values: [
          ['driver', 'e1000'],
          ['property', 'mac'],
          ['value', '1'],
        ],
      },
    ],
  ],
];

for (const [line, look, expected] of accepted) {
  test(`troupe ${line} → ${JSON.stringify(expected)}`, (t) => {
    t.deepEqual(look(config(line)), expected);
  });
}

test('a machine can cross to another thread', (t) => {
  const { config: machine } = run(['-nodefaults', '-qmp', 'unix:/q,server', '-rtc', 'base=2006-06-17']);
  t.deepEqual(structuredClone(machine), machine);
});

test('without -nodefaults the ports and the monitor are on text consoles, and nothing is said', (t) => {
  const { config: machine, warnings } = run([]);
  const console = { kind: 'vc', cols: 80, rows: 24 } as const;
  t.deepEqual(machine.chardevs, [
    { id: 'serial0', config: console, mux: false },
    { id: 'parallel0', config: console, mux: false },
    { id: 'compat_monitor0', config: console, mux: false },
  ]);
  t.deepEqual([machine.serials, machine.parallels, machine.vga], [['serial0'], ['parallel0'], 'cirrus']);
  t.deepEqual(
    machine.monitors.map(({ mode }) => mode),
    ['readline'],
  );
  t.deepEqual(warnings, []);
});

test('what an option has switched off is not there, and machine none has nothing', (t) => {
  const ports = ({ config: { serials, parallels, vga } }: ReturnType<typeof run>) => [
    serials,
    parallels,
    vga,
  ];
  t.deepEqual(ports(run(['-serial', 'none', '-vga', 'none'])), [[], ['parallel0'], 'none']);
  t.deepEqual(ports(run(['-M', 'none'])), [[], [], 'none']);
  t.deepEqual(ports(run(['-nodefaults'])), [[], [], 'none']);
  t.deepEqual(ports(run(['-nodefaults', '-vga', 'std', '-serial', 'null'])), [['serial0'], [], 'std']);
  t.deepEqual(ports(run(['-device', 'isa-serial', '-device', 'VGA'])), [[], ['parallel0'], 'none']);
});

test('serial ports are numbered as given, may share a device by its id, and are four at most', (t) => {
  const line = ['-serial', 'null', '-serial', 'none', '-chardev', 'ringbuf,id=r', '-serial', 'chardev:r'];
  t.deepEqual(run(['-nodefaults', ...line]).config.serials, ['serial0', 'r']);
  const five = Array.from({ length: 5 }, () => ['-serial', 'null']).flat();
  t.throws(() => run(five), { message: /too many serial ports; a board has at most 4/ });
  const four = Array.from({ length: 4 }, () => ['-parallel', 'null']).flat();
  t.throws(() => run(four), { message: /too many parallel ports; a board has at most 3/ });
});

test('a kernel and what goes with it', (t) => {
  const line = '-kernel /k -initrd /i -append console=ttyS0 -bios b -L /d -L /e -option-rom /r,bootindex=2';
  t.deepEqual(run(line.split(' ')).config.firmware, {
    bios: 'b',
    searchPath: ['/d', '/e'],
    kernel: '/k',
    initrd: '/i',
    append: 'console=ttyS0',
    optionRoms: [{ file: '/r', bootIndex: 2 }],
    acpiTables: [],
    smbios: [],
  });
  t.is(run(['-machine', 'pc,kernel=/a', '-kernel', '/b']).config.firmware.kernel, '/b');
  t.throws(() => run(['-append', 'x']), { message: '-append only allowed with -kernel option' });
  t.throws(() => run(['-initrd', 'x']), { message: '-initrd only allowed with -kernel option' });
});

test('a device test needs its character device, and its log needs a test', (t) => {
  const line = ['-machine', 'accel=qtest', '-qtest', 'unix:/q', '-qtest-log', '/dev/null'];
  t.deepEqual(run(line).config.qtest, { chardev: 'qtest', log: '/dev/null', runsCpus: false });
  t.is(run(['-qtest', 'null']).config.qtest?.runsCpus, true);
  t.throws(() => run(['-machine', 'accel=qtest']), { message: /expected -qtest DEV/ });
  t.throws(() => run(['-qtest-log', '/x']), { message: /expected -qtest DEV/ });
});

test('any monitor option replaces the default monitor', (t) => {
  for (const line of [
    ['-monitor', 'none'],
    ['-qmp', 'none'],
    ['-qmp', 'null'],
    ['-mon', 'a', '-chardev', 'null,id=a'],
  ]) {
    t.true(
      run(line).config.monitors.every(({ chardev }) => chardev !== 'compat_monitor0' || line[1] === 'null'),
    );
  }
});

test('-nographic puts the serial port and the monitor on the terminal, without ctrl-c as a signal', (t) => {
  const terminal = { kind: 'stdio', signal: false } as const;
  const parallel = { id: 'parallel0', config: { kind: 'null' }, mux: false } as const;
  const { config: both } = run(['-nographic']);
  t.deepEqual(both.chardevs, [{ id: 'serial0', config: terminal, mux: true }, parallel]);
  t.deepEqual(
    both.monitors.map(({ chardev }) => chardev),
    ['serial0'],
  );
  t.deepEqual(run(['-nographic', '-serial', 'none']).config.chardevs, [
    parallel,
    { id: 'compat_monitor0', config: terminal, mux: false },
  ]);
  t.deepEqual(run(['-nographic', '-monitor', 'none']).config.chardevs, [
    { id: 'serial0', config: terminal, mux: false },
    parallel,
  ]);
  t.deepEqual(run(['-nographic', '-nodefaults']).config.chardevs, []);
});

test('an accelerator that is passed over is said', (t) => {
  t.regex(run(['-nodefaults', '-machine', 'accel=kvm:tcg']).warnings[0] ?? '', /kvm is not available/);
});

test('-cpu check says what is left out, enforce refuses it', (t) => {
  t.regex(
    run(['-cpu', 'Opteron_G5,check']).warnings[0] ?? '',
    /lacks the requested feature CPUID\.80000001H:ECX\./,
  );
  t.deepEqual(run(['-cpu', 'qemu64']).warnings, []);
  t.throws(() => run(['-cpu', 'Opteron_G5,enforce']), { message: /cannot be had in full; missing: CPUID/ });
});
