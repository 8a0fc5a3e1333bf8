import test from 'ava';
import {
  APIC_ICR_LOW,
  APIC_ID,
  APIC_LDR,
  APIC_SVR,
  APIC_TPR,
  CPU_HALT_STATE,
  CPU_SEG_BASE,
  EXIT_HALT,
  HALT_HLT,
  HALT_WAIT_SIPI,
} from '../../../src/memory/layout.ts';
import { coreModule } from '../support/core-build.ts';
import { ApicMachine } from './apic-machine.ts';

const ALL_BUT_SELF_INIT = 0xc4500;
const ALL_BUT_SELF_SIPI = 0xc4600;
const START_PAGE = 0x9a;
const HLT = 0xf4;

/** Base of CS, the second segment register. */
const CS_BASE = CPU_SEG_BASE + 8;

test('an INIT and a SIPI that arrive together start the processor at its page', async (t) => {
  const machine = new ApicMachine(await coreModule(), { cpus: 2 });
  machine.ram[START_PAGE * 4096] = HLT;
  machine.cpu(0).write(APIC_ICR_LOW, ALL_BUT_SELF_INIT);
  machine.cpu(0).write(APIC_ICR_LOW, ALL_BUT_SELF_SIPI | START_PAGE);
  const { core, state } = machine.cpu(1);
  // Each run serves one of the two; a thread sleeps only when nothing is pending.
  core.run(100);
  t.is(core.run(100), EXIT_HALT);
  t.is(state.getUint32(CS_BASE, true), START_PAGE * 4096);
  t.is(state.getUint32(CPU_HALT_STATE, true), HALT_HLT);
});

test('after INIT an application processor waits, ignoring all but a SIPI', async (t) => {
  const machine = new ApicMachine(await coreModule(), { cpus: 2 });
  const target = machine.cpu(1);
  machine.cpu(0).write(APIC_ICR_LOW, ALL_BUT_SELF_INIT);
  t.is(target.core.run(100), EXIT_HALT);
  t.is(target.state.getUint32(CPU_HALT_STATE, true), HALT_WAIT_SIPI);
  machine.cpu(0).write(APIC_ICR_LOW, 0xc4400);
  t.is(target.core.run(100), EXIT_HALT);
  t.is(target.state.getUint32(CPU_HALT_STATE, true), HALT_WAIT_SIPI);
});

test('INIT resets the APIC except its ID and its mode (SDM vol. 3, 10.4.7.3)', async (t) => {
  const machine = new ApicMachine(await coreModule(), { cpus: 2 });
  const target = machine.cpu(1);
  target.write(APIC_ID, 0x55000000);
  target.write(APIC_LDR, 0x02000000);
  target.write(APIC_TPR, 0x40);
  target.write(APIC_SVR, 0x1ff);
  machine.cpu(0).write(APIC_ICR_LOW, ALL_BUT_SELF_INIT);
  target.core.run(100);
  t.is(target.word(APIC_ID) >>> 24, 0x55);
  t.is(target.word(APIC_LDR), 0);
  t.is(target.word(APIC_TPR), 0);
  t.is(target.word(APIC_SVR), 0xff);
});
