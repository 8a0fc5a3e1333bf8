/** The PCI host bridge, its interrupt routing and hot-plug slots, in AML. */
import { concat } from '../bytes.ts';
import {
  type Aml,
  and,
  arg,
  call,
  createDwordField,
  device,
  eisaId,
  equal,
  field,
  ifTrue,
  index,
  integer,
  local,
  locked,
  method,
  mutex,
  name,
  notify,
  operationRegion,
  or,
  packageOf,
  path,
  returned,
  shiftLeft,
  store,
} from './aml.ts';
import { type BoardDescription, PCI_HOTPLUG_BASE, PCI_MEMORY_END, SCI_LINE } from './board-description.ts';
import {
  busNumbers,
  FIRST_INTERRUPT_OFFSET,
  ioPorts,
  ioWindow,
  levelInterrupts,
  memoryWindow,
  resources,
} from './resources.ts';

const SLOTS = 32;
const PINS = 4;
const BRIDGE_SLOT = 1;
const LINKS = ['LNKA', 'LNKB', 'LNKC', 'LNKD'] as const;
/** What firmware may route a PIRQ to. */
const LINK_CHOICES = [5, 10, 11] as const;

const PIRQ_DISABLED = 0x80;
const PIRQ_LINE_MASK = 0x0f;

const STA_PRESENT_DISABLED = 0x09;
const STA_PRESENT_ENABLED = 0x0b;

const NOTIFY_DEVICE_CHECK = 1;
const NOTIFY_EJECT_REQUEST = 3;

/** Windows of the host bridge. Port CF8H is its own; memory at A0000H belongs to graphics. */
function rootResources(board: BoardDescription): Aml {
  return name(
    '_CRS',
    resources(
      busNumbers(0, 255),
      ioWindow(0x0000, 0x0cf7),
      ioPorts(0x0cf8, 8),
      ioWindow(0x0d00, 0xffff),
      memoryWindow(0xa0000, 0xbffff, true),
      memoryWindow(board.lowRamEnd, PCI_MEMORY_END - 1),
    ),
  );
}

/**
 * INTx of slot s, pin p goes to PIRQ (s - 1 + p) mod 4. INTA of slot 1 is the power management function's: it is wired
 * to the SCI, whatever the PIRQs are set to.
 */
function routingTable(): Aml {
  const rows = Array.from({ length: SLOTS * PINS }, (_, row) => {
    const slot = Math.floor(row / PINS);
    const pin = row % PINS;
    const link = slot === BRIDGE_SLOT && pin === 0 ? 'LNKS' : (LINKS[(slot + pin + 3) % PINS] ?? 'LNKA');
    return packageOf(integer(((slot << 16) | 0xffff) >>> 0), integer(pin), path(`\\_SB.${link}`), integer(0));
  });
  return name('_PRT', packageOf(...rows));
}

/** A PIRQ link: register `PRQn` of the ISA bridge says which line, and whether it is connected. */
function linkDevice(link: string, register: string, uniqueId: number): Aml {
  const choices = resources(levelInterrupts(...LINK_CHOICES));
  return device(
    link,
    name('_HID', eisaId('PNP0C0F')),
    name('_UID', integer(uniqueId)),
    name('_PRS', choices),
    method(
      '_STA',
      {},
      ifTrue(and(path(register), integer(PIRQ_DISABLED)), returned(integer(STA_PRESENT_DISABLED))),
      returned(integer(STA_PRESENT_ENABLED)),
    ),
    method('_DIS', {}, or(path(register), integer(PIRQ_DISABLED), path(register))),
    name('PRR0', resources(levelInterrupts(0))),
    method(
      '_CRS',
      { serialized: true },
      store(integer(0), index(path('PRR0'), integer(FIRST_INTERRUPT_OFFSET))),
      createDwordField(path('PRR0'), FIRST_INTERRUPT_OFFSET, 'PRRI'),
      ifTrue(
        equal(and(path(register), integer(PIRQ_DISABLED)), integer(0)),
        store(and(path(register), integer(PIRQ_LINE_MASK)), path('PRRI')),
      ),
      returned(path('PRR0')),
    ),
    method(
      '_SRS',
      { arguments: 1 },
      createDwordField(arg(0), FIRST_INTERRUPT_OFFSET, 'PRRI'),
      store(path('PRRI'), path(register)),
    ),
  );
}

/** The SCI as a link that cannot be changed: the _PRT needs one to say that line 9 is active high. */
function sciLink(): Aml {
  const line = resources(levelInterrupts(SCI_LINE));
  return device(
    'LNKS',
    name('_HID', eisaId('PNP0C0F')),
    name('_UID', integer(LINKS.length)),
    name('_PRS', line),
    method('_STA', {}, returned(integer(STA_PRESENT_ENABLED))),
    method('_DIS', {}),
    method('_CRS', {}, returned(path('_PRS'))),
    method('_SRS', { arguments: 1 }),
  );
}

/** Links live in \_SB; they need the routing registers of the ISA bridge. */
export function interruptLinks(): Aml {
  const registers = LINKS.map((_, link) => ({ name: `PRQ${link}`, bits: 8 }));
  return concat(
    field('\\_SB.PCI0.ISA.P40C', 'byte', false, registers),
    ...LINKS.map((link, row) => linkDevice(link, `PRQ${row}`, row)),
    sciLink(),
  );
}

const slotName = (slot: number): string => `S${(slot << 3).toString(16).toUpperCase().padStart(2, '0')}`;

function isRemovable(board: BoardDescription, slot: number): boolean {
  return ((board.removableSlots >>> slot) & 1) !== 0;
}

/** One slot: what stands in a removable one can be ejected. */
function slotDevice(slot: number): Aml {
  return device(
    slotName(slot),
    name('_ADR', integer((slot << 16) >>> 0)),
    name('_SUN', integer(slot)),
    method('_EJ0', { arguments: 1 }, call('PCEJ', integer(slot))),
  );
}

/** Registers of the hot-plug controller: slots with news, and the one to eject. */
function hotplugRegisters(): Aml {
  return concat(
    operationRegion('HPPC', 'io', PCI_HOTPLUG_BASE, 12),
    field('HPPC', 'dword', true, [
      { name: 'PCIU', bits: 32 },
      { name: 'PCID', bits: 32 },
      { name: 'B0EJ', bits: 32 },
    ]),
    mutex('BLCK'),
    method(
      'PCEJ',
      { arguments: 1, serialized: true },
      locked('BLCK', store(shiftLeft(integer(1), arg(0)), path('B0EJ'))),
      returned(integer(0)),
    ),
  );
}

/** Tells the system which slots have news; called by the hot-plug event. Both registers are cleared by reading them. */
function hotplugScan(slots: readonly number[]): Aml {
  const announce = (register: number, slot: number, event: number): Aml =>
    ifTrue(and(local(register), integer((1 << slot) >>> 0)), notify(path(slotName(slot)), integer(event)));
  return method(
    'PCNT',
    { serialized: true },
    locked('BLCK', store(path('PCIU'), local(0)), store(path('PCID'), local(1))),
    ...slots.flatMap((slot) => [
      announce(0, slot, NOTIFY_DEVICE_CHECK),
      announce(1, slot, NOTIFY_EJECT_REQUEST),
    ]),
  );
}

/** PCI0: the host bridge with its slots. `isaDevices` are the terms of the ISA bridge in slot 1. */
export function pciRoot(board: BoardDescription, isaDevices: Aml): Aml {
  const slots = Array.from({ length: SLOTS }, (_, slot) => slot).filter((slot) => isRemovable(board, slot));
  return device(
    'PCI0',
    name('_HID', eisaId('PNP0A03')),
    name('_UID', integer(1)),
    rootResources(board),
    routingTable(),
    device(
      'ISA',
      name('_ADR', integer(BRIDGE_SLOT << 16)),
      operationRegion('P40C', 'pciConfig', 0x60, 4),
      isaDevices,
    ),
    hotplugRegisters(),
    ...slots.map(slotDevice),
    hotplugScan(slots),
  );
}
