/** A disk as a virtio device on the PCI bus. */
import { defineDevice, type PropertyValues, property } from '../device-class.ts';
import { PCI_BUS, type PciPorts } from '../pci/pci-contract.ts';
import { blocksize, drive, hex32, int32, onOff, string, uint16, uint32 } from '../property-types.ts';
import type { DiskGeometry } from './blk-config.ts';
import { BlkModel } from './blk-model.ts';
import { TYPE_BLOCK } from './virtio-bits.ts';
import { VirtioConfigError } from './virtio-config-error.ts';
import { createVirtioPci, virtioPci } from './virtio-pci.ts';

const TRANSITIONAL_ID = 0x1001;
/** Mass storage, SCSI: what drivers of before the virtio class look for. */
const STORAGE_SCSI = 0x010000;
const CLASS_SHIFT = 8;
const MOST_QUEUES = 64;
const SMALLEST_QUEUE = 4;
const LARGEST_QUEUE = 1024;
/** Nobody chose. */
const UNSET = -1;

const properties = {
  class: property(hex32, 0, 'PCI class and subclass; 0: SCSI storage'),
  ioeventfd: property(onOff, true, 'accepted: notifications never wait for the device'),
  vectors: property(uint32, 2, 'MSI-X vectors; 0: INTx'),
  drive: property(drive, '', 'id of the drive'),
  logical_block_size: property(blocksize, 512, 'bytes of a block that the guest sees'),
  physical_block_size: property(blocksize, 512, 'bytes of a block that is written at once'),
  min_io_size: property(uint16, 0, 'bytes of the smallest good transfer'),
  opt_io_size: property(uint32, 0, 'bytes of the best transfer'),
  bootindex: property(int32, UNSET, 'place in the boot order'),
  discard_granularity: property(uint32, 0xffffffff, 'bytes that a discard is a multiple of'),
  cyls: property(uint32, 0, 'cylinders of the geometry'),
  heads: property(uint32, 0, 'heads of the geometry'),
  secs: property(uint32, 0, 'sectors a track of the geometry'),
  serial: property(string, '', 'serial number; empty: that of the drive'),
  'config-wce': property(onOff, true, 'the guest may turn the write cache off and on'),
  scsi: property(onOff, true, 'accepted: SCSI commands are answered as unsupported'),
  'num-queues': property(uint16, 1, 'request queues'),
  'queue-size': property(uint16, 256, 'requests that a queue holds, a power of two'),
  discard: property(onOff, true, 'offer to discard blocks'),
  'write-zeroes': property(onOff, true, 'offer to write zeros without data'),
} as const;

type Values = PropertyValues<typeof properties>;

export const virtioBlkPci = defineDevice({
  name: 'virtio-blk-pci',
  parent: virtioPci,
  bus: PCI_BUS,
  alias: 'virtio-blk',
  hotpluggable: true,
  userCreatable: true,
  properties,
  create: (ports: PciPorts, values) => {
    check(values);
    const backend = ports.drive(values.drive);
    if (backend.medium === undefined) {
      throw new VirtioConfigError('Device needs media, but drive is empty');
    }
    return createVirtioPci(ports, {
      type: TYPE_BLOCK,
      transitionalId: TRANSITIONAL_ID,
      classCode: values.class === 0 ? STORAGE_SCSI : values.class << CLASS_SHIFT,
      vectors: values.vectors,
      values,
      bootPlaces: [{ index: values.bootindex, node: 'disk@0,0' }],
      createModel: (host) =>
        new BlkModel(host, {
          backend,
          serial: values.serial || (backend.serial ?? ''),
          queues: values['num-queues'],
          queueSize: values['queue-size'],
          logicalBlock: values.logical_block_size,
          physicalBlock: values.physical_block_size,
          minimumIo: values.min_io_size,
          optimalIo: values.opt_io_size,
          geometry: chosenGeometry(values),
          configWce: values['config-wce'],
          discard: values.discard,
          writeZeroes: values['write-zeroes'],
        }),
    });
  },
});

function chosenGeometry({ cyls, heads, secs }: Values): DiskGeometry | undefined {
  return cyls === 0 && heads === 0 && secs === 0 ? undefined : { cylinders: cyls, heads, sectors: secs };
}

/** @throws VirtioConfigError for values that no such device can have */
function check(values: Values): void {
  const refuse = (reason: string): never => {
    throw new VirtioConfigError(`Device 'virtio-blk-pci' cannot have ${reason}`);
  };
  if (values.drive === '') {
    refuse('no drive: its property drive is not set');
  }
  const size = values['queue-size'];
  if (size < SMALLEST_QUEUE || size > LARGEST_QUEUE || (size & (size - 1)) !== 0) {
    refuse(`queue-size ${size}: a power of two from ${SMALLEST_QUEUE} to ${LARGEST_QUEUE} is expected`);
  }
  const queues = values['num-queues'];
  if (queues < 1 || queues > MOST_QUEUES) {
    refuse(`num-queues ${queues}: 1 to ${MOST_QUEUES} are expected`);
  }
  if (values.physical_block_size < values.logical_block_size) {
    refuse(
      `physical_block_size ${values.physical_block_size} below logical_block_size ${values.logical_block_size}`,
    );
  }
  const { cyls, heads, secs } = values;
  if (
    (cyls || heads || secs) !== 0 &&
    (!(cyls >= 1 && cyls <= 65535) || !(heads >= 1 && heads <= 255) || !(secs >= 1 && secs <= 255))
  ) {
    refuse(
      `geometry ${cyls}/${heads}/${secs}: 1 to 65535 cylinders, 1 to 255 heads and sectors are expected`,
    );
  }
}
