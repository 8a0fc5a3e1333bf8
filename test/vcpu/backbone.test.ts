import test from 'ava';
import { EXIT_EXCEPTION } from '../../src/memory/layout.ts';
import { TestCpu } from './support/test-cpu.ts';

const UD = 6;
const PF_PAGE = 0x1000;

test('a counting loop runs, chains and stops at an undefined instruction', async (t) => {
  const cpu = await TestCpu.create();
  // xor eax,eax; mov ecx,1000; l: add eax,ecx; dec ecx; jnz l; ud2
  cpu.load(PF_PAGE, [0x31, 0xc0, 0xb9, 0xe8, 3, 0, 0, 1, 0xc8, 0xff, 0xc9, 0x75, 0xfa, 0x0f, 0x0b]);
  cpu.rip = BigInt(PF_PAGE);
  t.is(cpu.run(), EXIT_EXCEPTION);
  t.is(cpu.fault.vector, UD);
  t.is(cpu.get('rax'), 500500n);
  t.is(cpu.rip, 0x100dn);
  t.is(cpu.instructions, 3002n);
});

test('a store across two pages and a load of it agree', async (t) => {
  const cpu = await TestCpu.create();
  // mov [rbx],rax; mov rcx,[rbx]; add [rbx],rax; ud2
  cpu.load(PF_PAGE, [0x48, 0x89, 0x03, 0x48, 0x8b, 0x0b, 0x48, 0x01, 0x03, 0x0f, 0x0b]);
  cpu.rip = BigInt(PF_PAGE);
  cpu.set('rbx', 0x2ffdn);
  cpu.set('rax', 0x1122334455667788n);
  t.is(cpu.run(), EXIT_EXCEPTION);
  t.is(cpu.get('rcx'), 0x1122334455667788n);
  t.is(cpu.view.getBigUint64(0x2ffd, true), 0x22446688aaccef10n);
});

test('an instruction that overwrites the next one of its own block is obeyed', async (t) => {
  const cpu = await TestCpu.create();
  // mov byte [0x1007 + 1], 0x42 (rip-relative: 80-bit form avoided); mov al, 0x11; ud2
  cpu.load(PF_PAGE, [0xc6, 0x05, 0x01, 0, 0, 0, 0x42, 0xb0, 0x11, 0x0f, 0x0b]);
  cpu.rip = BigInt(PF_PAGE);
  t.is(cpu.run(), EXIT_EXCEPTION);
  t.is(cpu.get('rax'), 0x42n);
});
