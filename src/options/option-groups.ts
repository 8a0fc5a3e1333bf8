/**
 * Every option group of the reference, in its registration order (cli.md §2). query-command-line-options is this
 * table with the groups, and the parameters of each, in reverse order. Groups that depend on the build (acpi, spice,
 * fsdev, virtfs, iscsi) follow at the end once this version builds what they configure; none of them today.
 */
import { OptionError } from './option-error.ts';
import type { OptionGroup, OptionParameter, ParameterType } from './option-group.ts';

/** Parameters of one type without help texts. */
function parameters(type: ParameterType, names: string): OptionParameter[] {
  return names.split(' ').map((name) => ({ name, type }));
}

const DRIVE: OptionGroup = {
  name: 'drive',
  acceptsAny: true,
  parameters: [
    { name: 'bus', type: 'number', help: 'controller bus' },
    { name: 'unit', type: 'number', help: 'unit on the bus (SCSI LUN id)' },
    { name: 'if', type: 'string', help: 'attachment: ide scsi sd mtd floppy pflash virtio none' },
    { name: 'index', type: 'number', help: 'position, replaces bus and unit' },
    { name: 'cyls', type: 'number', help: 'forced geometry: cylinders' },
    { name: 'heads', type: 'number', help: 'forced geometry: heads' },
    { name: 'secs', type: 'number', help: 'forced geometry: sectors' },
    { name: 'trans', type: 'string', help: 'BIOS CHS translation: auto lba none' },
    { name: 'media', type: 'string', help: 'disk or cdrom' },
    { name: 'snapshot', type: 'boolean', help: 'write to a temporary overlay' },
    { name: 'file', type: 'string', help: 'image path or URL' },
    { name: 'discard', type: 'string', help: 'discard requests: ignore/off or unmap/on' },
    {
      name: 'cache',
      type: 'string',
      help: 'none writeback writethrough directsync unsafe (default writeback)',
    },
    { name: 'aio', type: 'string', help: 'threads or native' },
    { name: 'format', type: 'string', help: 'image format; probed when absent' },
    { name: 'serial', type: 'string', help: 'serial number shown to the guest' },
    { name: 'rerror', type: 'string', help: 'on a read error: ignore report stop (default report)' },
    { name: 'werror', type: 'string', help: 'on a write error: ignore report stop enospc (default enospc)' },
    { name: 'addr', type: 'string', help: 'PCI address, virtio only' },
    { name: 'readonly', type: 'boolean', help: 'open read-only' },
    { name: 'iops', type: 'number', help: 'limit of operations per second' },
    { name: 'iops_rd', type: 'number', help: 'limit of reads per second' },
    { name: 'iops_wr', type: 'number', help: 'limit of writes per second' },
    { name: 'bps', type: 'number', help: 'limit of bytes per second' },
    { name: 'bps_rd', type: 'number', help: 'limit of bytes read per second' },
    { name: 'bps_wr', type: 'number', help: 'limit of bytes written per second' },
    { name: 'copy-on-read', type: 'boolean', help: 'keep data read from the backing file' },
    { name: 'boot', type: 'boolean', help: 'obsolete, ignored' },
  ],
};

const CHARDEV: OptionGroup = {
  name: 'chardev',
  impliedKey: 'backend',
  parameters: [
    ...parameters('string', 'backend path host port localaddr localport'),
    ...parameters('number', 'to'),
    ...parameters('boolean', 'ipv4 ipv6 wait server delay telnet'),
    ...parameters('number', 'width height cols rows'),
    ...parameters('boolean', 'mux signal'),
    ...parameters('string', 'name'),
    ...parameters('number', 'debug'),
    ...parameters('size', 'size'),
    { name: 'chardev', type: 'string', listed: false, help: 'base of a mux' },
    { name: 'reconnect', type: 'number', listed: false, help: 'seconds between attempts to connect again' },
  ],
};

const MACHINE: OptionGroup = {
  name: 'machine',
  impliedKey: 'type',
  mergesItems: true,
  parameters: [
    { name: 'type', type: 'string', help: 'board' },
    { name: 'accel', type: 'string', help: 'accelerators to try' },
    { name: 'kernel_irqchip', type: 'boolean', help: 'KVM interrupt controllers in the kernel' },
    { name: 'kvm_shadow_mem', type: 'size', help: 'KVM shadow page budget' },
    { name: 'kernel', type: 'string', help: 'Linux kernel image' },
    { name: 'initrd', type: 'string', help: 'initial RAM disk' },
    { name: 'append', type: 'string', help: 'kernel command line' },
    { name: 'dtb', type: 'string', help: 'device tree blob' },
    { name: 'dumpdtb', type: 'string', help: 'write the device tree and stop' },
    { name: 'phandle_start', type: 'string', help: 'first phandle of a made device tree' },
    { name: 'dt_compatible', type: 'string', help: 'compatible property of the device tree' },
    { name: 'dump-guest-core', type: 'boolean', help: 'guest RAM in host core dumps' },
    { name: 'mem-merge', type: 'boolean', help: 'allow page sharing' },
    { name: 'usb', type: 'boolean', help: 'USB controller' },
  ],
};

/** Groups in registration order. */
export const OPTION_GROUPS: readonly OptionGroup[] = [
  DRIVE,
  CHARDEV,
  { name: 'device', impliedKey: 'driver', acceptsAny: true, parameters: [] },
  { name: 'netdev', impliedKey: 'type', acceptsAny: true, parameters: [] },
  { name: 'net', impliedKey: 'type', acceptsAny: true, parameters: [] },
  { name: 'rtc', parameters: parameters('string', 'base clock driftfix') },
  { name: 'global', parameters: parameters('string', 'driver property value') },
  {
    name: 'mon',
    impliedKey: 'chardev',
    parameters: [...parameters('string', 'mode chardev'), ...parameters('boolean', 'default pretty')],
  },
  { name: 'trace', parameters: parameters('string', 'events file') },
  {
    name: 'option-rom',
    impliedKey: 'romfile',
    parameters: [...parameters('number', 'bootindex'), ...parameters('string', 'romfile')],
  },
  MACHINE,
  {
    name: 'boot-opts',
    parameters: parameters('string', 'order once menu splash splash-time reboot-timeout strict'),
  },
  { name: 'sandbox', impliedKey: 'enable', parameters: parameters('boolean', 'enable') },
  {
    name: 'add-fd',
    parameters: [
      { name: 'fd', type: 'number', help: 'descriptor to duplicate' },
      { name: 'set', type: 'number', help: 'target set' },
      { name: 'opaque', type: 'string', help: 'free text' },
    ],
  },
  { name: 'object', impliedKey: 'qom-type', acceptsAny: true, parameters: [] },
  { name: 'tpmdev', impliedKey: 'type', acceptsAny: true, parameters: [] },
  { name: 'realtime', parameters: parameters('boolean', 'mlock') },
];

/** The group called `name`. Throws `There is no option group 'x'`. */
export function findOptionGroup(name: string): OptionGroup {
  const group = OPTION_GROUPS.find((candidate) => candidate.name === name);
  if (group === undefined) {
    throw new OptionError('ERR_OPTION_UNKNOWN_GROUP', `There is no option group '${name}'`);
  }
  return group;
}
