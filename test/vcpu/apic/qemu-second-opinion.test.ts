import test from 'ava';
import {
  APIC_DFR,
  APIC_DIVIDE,
  APIC_ICR_HIGH,
  APIC_ICR_LOW,
  APIC_ID,
  APIC_INITIAL_COUNT,
  APIC_IRR,
  APIC_LDR,
  APIC_LVT_ERROR,
  APIC_LVT_LINT0,
  APIC_LVT_LINT1,
  APIC_LVT_PERFORMANCE,
  APIC_LVT_THERMAL,
  APIC_LVT_TIMER,
  APIC_PPR,
  APIC_SVR,
  APIC_TMR,
  APIC_TPR,
  APIC_VERSION,
} from '../../../src/memory/layout.ts';
import { coreModule } from '../support/core-build.ts';
import { ApicMachine } from './apic-machine.ts';
import { type Access, accessOnQemu } from './qemu-apic.ts';

/** Register and the bits that software may set. QEMU keeps reserved bits too, so only these are written. */
const WRITABLE: readonly (readonly [number, number])[] = [
  [APIC_ID, 0xff000000],
  [APIC_TPR, 0xff],
  [APIC_LDR, 0xff000000],
  [APIC_DFR, 0xffffffff],
  [APIC_ICR_HIGH, 0xff000000],
  [APIC_LVT_TIMER, 0x300ff],
  [APIC_LVT_THERMAL, 0x107ff],
  [APIC_LVT_PERFORMANCE, 0x107ff],
  [APIC_LVT_LINT0, 0x1a7ff],
  [APIC_LVT_LINT1, 0x1a7ff],
  [APIC_LVT_ERROR, 0x100ff],
  [APIC_DIVIDE, 0xb],
];
const STABLE = [...WRITABLE.map(([offset]) => offset), APIC_VERSION, APIC_PPR, APIC_SVR, APIC_INITIAL_COUNT];

const read = (offset: number): Access => ['read', offset];
const write = (offset: number, value: number): Access => ['write', offset, value];

/** Eight words of IRR or TMR. */
const readBank = (bank: number): Access[] => Array.from({ length: 8 }, (_, word) => read(bank + word * 16));

async function accessHere(accesses: readonly Access[]): Promise<number[]> {
  const cpu = new ApicMachine(await coreModule(), { cpu: { model: 'qemu64', features: [] } }).cpu();
  return accesses.flatMap((access) => {
    if (access[0] === 'read') return [cpu.read(access[1])];
    cpu.write(access[1], access[2]);
    return [];
  });
}

async function agree(t: import('ava').ExecutionContext, accesses: readonly Access[]): Promise<void> {
  const theirs = await accessOnQemu(accesses);
  t.is(theirs.length, accesses.filter(([kind]) => kind === 'read').length, 'QEMU answered');
  t.deepEqual(await accessHere(accesses), theirs);
}

test('after reset', async (t) => {
  await agree(t, STABLE.map(read));
});

test('every writable bit of every register, one at a time, enabled and disabled by software', async (t) => {
  for (const enable of [0x1ff, 0xff]) {
    const bits = WRITABLE.flatMap(([offset, mask]) =>
      Array.from({ length: 32 }, (_, bit) => 2 ** bit)
        // While disabled QEMU lets entries of the table be unmasked, against SDM vol. 3, 10.4.7.2.
        .filter(
          (bit) =>
            (mask & bit) !== 0 && (enable === 0x1ff || offset < APIC_LVT_TIMER || offset > APIC_LVT_ERROR),
        )
        .flatMap((bit) => [write(offset, bit), read(offset)]),
    );
    await agree(t, [write(APIC_SVR, enable), ...bits, ...STABLE.map(read)]);
  }
});

test('interrupts to itself wait in IRR, by shorthand, ID, logical ID and broadcast', async (t) => {
  const send = (high: number, low: number): Access[] => [
    write(APIC_ICR_HIGH, high),
    write(APIC_ICR_LOW, low),
    ...readBank(APIC_IRR),
    ...readBank(APIC_TMR),
  ];
  await agree(t, [
    write(APIC_SVR, 0x1ff),
    ...send(0, 0x40051),
    ...send(0, 0x80062),
    ...send(0, 0xc0063),
    ...send(0, 0x00074),
    ...send(0x01000000, 0x00075),
    ...send(0xff000000, 0x00076),
    write(APIC_LDR, 0x04000000),
    ...send(0x06000000, 0x00887),
    ...send(0x0b000000, 0x00888),
    write(APIC_DFR, 0x0fffffff),
    write(APIC_LDR, 0x24000000),
    ...send(0x26000000, 0x00899),
    ...send(0x36000000, 0x0089a),
    ...send(0x22000000, 0x0089b),
    ...send(0x26000000, 0x009ac),
    write(APIC_TPR, 0xa3),
    read(APIC_PPR),
    // Not compared: disabled by software, QEMU accepts fixed interrupts all the same, against SDM vol. 3, 10.4.7.2.
  ]);
});
