/** `isa-fdc`: a PC's floppy controller with its two drives. */
import { type Device, defineDevice, property } from '../device-class.ts';
import { drive, hex32, int32, onOff, uint32 } from '../property-types.ts';
import { FDC_DIR } from './fdc-registers.ts';
import { FloppyController, TRACK_BYTES } from './floppy-controller.ts';
import { FloppyDrive } from './floppy-drive.ts';
import { ISA_BUS, type IsaPorts, isaNode } from './isa-contract.ts';

/** Ports 3F6H belongs to the IDE controller. */
const FIRST_PORTS = 6;

export const isaFdc = defineDevice({
  name: 'isa-fdc',
  bus: ISA_BUS,
  description: 'floppy controller',
  hotpluggable: false,
  userCreatable: true,
  properties: {
    iobase: property(hex32, 0x3f0, 'first port'),
    irq: property(uint32, 6, 'ISA interrupt'),
    dma: property(uint32, 2, 'DMA channel'),
    driveA: property(drive, '', 'drive behind the first floppy drive; absent: there is none'),
    driveB: property(drive, '', 'drive behind the second floppy drive; absent: there is none'),
    bootindexA: property(int32, -1, 'place of the first drive in the boot order; -1: none'),
    bootindexB: property(int32, -1, 'place of the second drive in the boot order; -1: none'),
    check_media_rate: property(onOff, true, 'whether a disk is only read at its own data rate'),
  },
  create(ports: IsaPorts, values): Device {
    const drives = [values.driveA, values.driveB].map(
      (id) => new FloppyDrive(id === '' ? undefined : ports.drive(id)),
    );
    const backend = drives.find((each) => each.backend !== undefined)?.backend;
    const controller = new FloppyController({
      drives,
      irq: ports.irq(values.irq),
      dma: ports.dma(values.dma),
      buffer: backend?.buffer(TRACK_BYTES),
      checkMediaRate: values.check_media_rate,
    });
    const handler = {
      read: (offset: number) => controller.read(offset),
      write: (offset: number, _size: number, value: number) => controller.write(offset, value),
    };
    const registers = ports.ports.claim(values.iobase, FIRST_PORTS, handler, { name: 'fdc', widest: 1 });
    const last = ports.ports.claim(
      values.iobase + FDC_DIR,
      1,
      {
        read: () => controller.read(FDC_DIR),
        write: (_offset, _size, value) => controller.write(FDC_DIR, value),
      },
      { name: 'fdc', widest: 1 },
    );
    return {
      firmwareNode: isaNode('fdc', values.iobase),
      bootPlaces: [values.bootindexA, values.bootindexB].map((index, unit) => ({
        index,
        node: `floppy@${unit}`,
      })),
      reset: () => controller.reset(),
      save: () => controller.save(),
      restore: (state) => controller.restore(state),
      unrealize: () => {
        registers.remove();
        last.remove();
      },
    };
  },
});
