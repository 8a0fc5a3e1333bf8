import test from 'ava';
import { parseGroupText } from '../../src/options/option-group.ts';
import { findOptionGroup, OPTION_GROUPS } from '../../src/options/option-groups.ts';

/** cli.md §2: `name: parameter…` with parameters in registration order; a type holds for the names before it. */
const REFERENCE: readonly [group: string, parameters: string][] = [
  [
    'drive',
    'bus:number unit:number if:string index:number cyls:number heads:number secs:number trans:string media:string snapshot:boolean file:string discard:string cache:string aio:string format:string serial:string rerror:string werror:string addr:string readonly:boolean iops:number iops_rd:number iops_wr:number bps:number bps_rd:number bps_wr:number copy-on-read:boolean boot:boolean',
  ],
  [
    'chardev',
    'backend:string path:string host:string port:string localaddr:string localport:string to:number ipv4:boolean ipv6:boolean wait:boolean server:boolean delay:boolean telnet:boolean width:number height:number cols:number rows:number mux:boolean signal:boolean name:string debug:number size:size',
  ],
  ['device', ''],
  ['netdev', ''],
  ['net', ''],
  ['rtc', 'base:string clock:string driftfix:string'],
  ['global', 'driver:string property:string value:string'],
  ['mon', 'mode:string chardev:string default:boolean pretty:boolean'],
  ['trace', 'events:string file:string'],
  ['option-rom', 'bootindex:number romfile:string'],
  [
    'machine',
    'type:string accel:string kernel_irqchip:boolean kvm_shadow_mem:size kernel:string initrd:string append:string dtb:string dumpdtb:string phandle_start:string dt_compatible:string dump-guest-core:boolean mem-merge:boolean usb:boolean',
  ],
  [
    'boot-opts',
    'order:string once:string menu:string splash:string splash-time:string reboot-timeout:string strict:string',
  ],
  ['sandbox', 'enable:boolean'],
  ['add-fd', 'fd:number set:number opaque:string'],
  ['object', ''],
  ['tpmdev', ''],
  ['realtime', 'mlock:boolean'],
];

test('the groups and their listed parameters are those of the reference, in its order', (t) => {
  const ours = OPTION_GROUPS.map(({ name, parameters }) => [
    name,
    parameters
      .filter(({ listed }) => listed !== false)
      .map((parameter) => `${parameter.name}:${parameter.type}`)
      .join(' '),
  ]);
  t.deepEqual(
    ours,
    REFERENCE.map(([name, parameters]) => [name, parameters]),
  );
});

test('only drive, machine and add-fd parameters have help', (t) => {
  for (const { name, parameters } of OPTION_GROUPS) {
    const listed = parameters.filter((parameter) => parameter.listed !== false);
    const expectsHelp = ['drive', 'machine', 'add-fd'].includes(name);
    t.true(
      listed.every(({ help }) => (help !== undefined) === expectsHelp),
      name,
    );
  }
});

test('an unknown group is named', (t) => {
  t.throws(() => findOptionGroup('nope'), { message: "There is no option group 'nope'" });
});

test('a group refuses parameters that it does not have, and values of the wrong type', (t) => {
  const chardev = findOptionGroup('chardev');
  t.throws(() => parseGroupText(chardev, 'socket,foo=bar'), { message: "Invalid parameter 'foo'" });
  t.throws(() => parseGroupText(chardev, 'socket,server=maybe'), {
    message: "Parameter 'server' expects 'on' or 'off'",
  });
  t.throws(() => parseGroupText(chardev, 'vc,width=x'), { message: "Parameter 'width' expects a number" });
  t.throws(() => parseGroupText(chardev, 'memory,size=x'), { message: /^Parameter 'size' expects a size/ });
  t.throws(() => parseGroupText(chardev, 'null,id=9'), { message: /^Parameter 'id' expects an identifier/ });
});

test('a group of free parameters takes any key, and still checks those it knows', (t) => {
  const drive = findOptionGroup('drive');
  t.deepEqual(parseGroupText(drive, 'file=a,,b,file.x=1').values, [
    ['file', 'a,b'],
    ['file.x', '1'],
  ]);
  t.throws(() => parseGroupText(drive, 'index=x'), { message: "Parameter 'index' expects a number" });
  t.deepEqual(parseGroupText(findOptionGroup('device'), 'e1000,id=n,mac=1'), {
    id: 'n',
    values: [
      ['driver', 'e1000'],
      ['mac', '1'],
    ],
  });
});
