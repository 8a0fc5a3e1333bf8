/** Processors and their hot-plug, in AML. Object names go by local APIC id, as the hot-plug controller's bitmap does. */
import { concat } from '../bytes.ts';
import {
  type Aml,
  and,
  arg,
  buffer,
  call,
  derefOf,
  equal,
  field,
  ifTrue,
  increment,
  index,
  integer,
  less,
  local,
  method,
  name,
  not,
  notify,
  operationRegion,
  otherwise,
  path,
  processor,
  returned,
  scope,
  shiftRight,
  store,
  whileTrue,
} from './aml.ts';
import {
  type BoardDescription,
  CPU_HOTPLUG_BASE,
  CPU_HOTPLUG_BYTES,
  type CpuDescription,
} from './board-description.ts';
import { localApicEntry } from './madt.ts';

const STA_WORKING = 0x0f;
const NOTIFY_DEVICE_CHECK = 1;
const NOTIFY_EJECT_REQUEST = 3;

const cpuName = (apicId: number): string => `C${apicId.toString(16).toUpperCase().padStart(3, '0')}`;

function cpuObject(cpu: CpuDescription): Aml {
  return processor(
    cpuName(cpu.apicId),
    cpu.apicId,
    method('_MAT', { serialized: true }, returned(call('CPMA', integer(cpu.apicId)))),
    method('_STA', {}, returned(call('CPST', integer(cpu.apicId)))),
  );
}

/** Offsets in a MADT entry of a processor. */
const ENTRY_PROCESSOR = 2;
const ENTRY_APIC_ID = 3;
const ENTRY_FLAGS = 4;

/** CPMA(id): the MADT entry of a processor as it is now; CPST(id): its status. `CPON` has a byte a processor. */
function statusMethods(): Aml {
  const isOn = derefOf(index(path('CPON'), arg(0)));
  return concat(
    name('ENTR', buffer(localApicEntry(0, false))),
    method(
      'CPMA',
      { arguments: 1, serialized: true },
      store(arg(0), index(path('ENTR'), integer(ENTRY_PROCESSOR))),
      store(arg(0), index(path('ENTR'), integer(ENTRY_APIC_ID))),
      store(isOn, index(path('ENTR'), integer(ENTRY_FLAGS))),
      returned(path('ENTR')),
    ),
    method(
      'CPST',
      { arguments: 1, serialized: true },
      ifTrue(isOn, returned(integer(STA_WORKING))),
      returned(integer(0)),
    ),
  );
}

/** CPNT(id, event): notifies the object of a processor. */
function notifyMethod(cpus: readonly CpuDescription[]): Aml {
  return method(
    'CPNT',
    { arguments: 2, serialized: true },
    ...cpus.map(({ apicId }) =>
      ifTrue(equal(arg(0), integer(apicId)), notify(path(cpuName(apicId)), arg(1))),
    ),
  );
}

/** PRSC: compares the controller's bitmap with what the system was told, and tells it what changed. */
function scanMethod(slots: number): Aml {
  const cpu = local(0);
  const isNow = local(2);
  const mapByte = derefOf(index(local(1), shiftRight(cpu, integer(3))));
  return method(
    'PRSC',
    { serialized: true },
    store(path('PRS'), local(1)),
    store(integer(0), cpu),
    whileTrue(
      less(cpu, integer(slots)),
      and(shiftRight(mapByte, and(cpu, integer(7))), integer(1), isNow),
      ifTrue(
        not(equal(isNow, derefOf(index(path('CPON'), cpu)))),
        store(isNow, index(path('CPON'), cpu)),
        ifTrue(equal(isNow, integer(1)), call('CPNT', cpu, integer(NOTIFY_DEVICE_CHECK))),
        otherwise(call('CPNT', cpu, integer(NOTIFY_EJECT_REQUEST))),
      ),
      increment(cpu),
    ),
  );
}

/** The terms of the SSDT. */
export function cpuTerms(board: BoardDescription): Aml {
  const slots = Math.max(...board.cpus.map(({ apicId }) => apicId)) + 1;
  const on = new Uint8Array(slots);
  for (const cpu of board.cpus) on[cpu.apicId] = cpu.present ? 1 : 0;
  return scope(
    '\\_SB',
    operationRegion('PRST', 'io', CPU_HOTPLUG_BASE, CPU_HOTPLUG_BYTES),
    field('PRST', 'byte', false, [{ name: 'PRS', bits: CPU_HOTPLUG_BYTES * 8 }]),
    name('CPON', buffer(on)),
    statusMethods(),
    ...board.cpus.map(cpuObject),
    notifyMethod(board.cpus),
    scanMethod(slots),
  );
}
