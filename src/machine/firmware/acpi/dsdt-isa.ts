/** Devices behind the ISA bridge and on the board itself, in AML. */
import { concat } from '../bytes.ts';
import {
  type Aml,
  device,
  eisaId,
  field,
  integer,
  method,
  name,
  operationRegion,
  path,
  returned,
  string,
} from './aml.ts';
import {
  type BoardDescription,
  CPU_HOTPLUG_BASE,
  CPU_HOTPLUG_BYTES,
  GPE0_BASE,
  GPE0_BYTES,
  HPET_ADDRESS,
  HPET_BYTES,
  PCI_HOTPLUG_BASE,
  PVPANIC_PORT,
} from './board-description.ts';
import { fixedMemory, ioPorts, isaDma, isaInterrupt, resources } from './resources.ts';

const STA_WORKING = 0x0f;

interface Uart {
  readonly port: number;
  readonly line: number;
}

export const SERIAL_PORTS: readonly Uart[] = [
  { port: 0x3f8, line: 4 },
  { port: 0x2f8, line: 3 },
  { port: 0x3e8, line: 4 },
  { port: 0x2e8, line: 3 },
];

export const PARALLEL_PORTS: readonly Uart[] = [
  { port: 0x378, line: 7 },
  { port: 0x278, line: 7 },
  { port: 0x3bc, line: 7 },
];

function isaDevice(
  text: string,
  id: string,
  uniqueId: number | undefined,
  ...descriptors: readonly Uint8Array[]
): Aml {
  return device(
    text,
    name('_HID', eisaId(id)),
    ...(uniqueId === undefined ? [] : [name('_UID', integer(uniqueId))]),
    name('_STA', integer(STA_WORKING)),
    name('_CRS', resources(...descriptors)),
  );
}

function serialPort(index: number): Aml {
  const { port, line } = SERIAL_PORTS[index] ?? { port: 0, line: 0 };
  return isaDevice(`COM${index + 1}`, 'PNP0501', index + 1, ioPorts(port, 8), isaInterrupt(line));
}

function parallelPort(index: number): Aml {
  const { port, line } = PARALLEL_PORTS[index] ?? { port: 0, line: 0 };
  const bytes = port === 0x3bc ? 4 : 8;
  return isaDevice(`LPT${index + 1}`, 'PNP0400', index + 1, ioPorts(port, bytes), isaInterrupt(line));
}

/** The panic notifier: a port, and methods for guests that have no driver of their own for it. */
function panicDevice(): Aml {
  return device(
    'PEVT',
    name('_HID', string('QEMU0001')),
    name('_STA', integer(STA_WORKING)),
    name('_CRS', resources(ioPorts(PVPANIC_PORT, 1))),
    operationRegion('PEOR', 'io', PVPANIC_PORT, 1),
    field('PEOR', 'byte', false, [{ name: 'PEPT', bits: 8 }]),
    method('RDPT', {}, returned(path('PEPT'))),
  );
}

/** What stands behind the ISA bridge. */
export function isaDevices(board: BoardDescription): Aml {
  return concat(
    isaDevice('RTC', 'PNP0B00', undefined, ioPorts(0x70, 2), isaInterrupt(8)),
    isaDevice('KBD', 'PNP0303', undefined, ioPorts(0x60, 1), ioPorts(0x64, 1), isaInterrupt(1)),
    isaDevice('MOU', 'PNP0F13', undefined, isaInterrupt(12)),
    isaDevice('FDC0', 'PNP0700', undefined, ioPorts(0x3f2, 4), ioPorts(0x3f7, 1), isaInterrupt(6), isaDma(2)),
    ...board.serials.map(serialPort),
    ...board.parallels.map(parallelPort),
    panicDevice(),
  );
}

/** What hangs on no bus: the HPET, and ports of the board that no PCI device may be given. */
export function systemDevices(board: BoardDescription): Aml {
  const reserved = isaDevice(
    'MBRD',
    'PNP0C02',
    1,
    ioPorts(PCI_HOTPLUG_BASE, 0x10),
    ioPorts(CPU_HOTPLUG_BASE, CPU_HOTPLUG_BYTES),
    ioPorts(GPE0_BASE, GPE0_BYTES),
  );
  return board.hpet
    ? concat(reserved, isaDevice('HPET', 'PNP0103', 0, fixedMemory(HPET_ADDRESS, HPET_BYTES)))
    : reserved;
}
