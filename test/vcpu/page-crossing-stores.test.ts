/**
 * Stores made of several parts, across two pages of which one may not be written: nothing is stored, whichever it is. So an
 * operating system that makes the page writable can have the instruction done again (SDM vol. 3, 6.5 "faults").
 */
import test from 'ava';
import { CPU_CR0, CPU_CR2, CPU_CR3, CPU_CR4, EXIT_BUDGET, EXIT_EXCEPTION } from '../../src/memory/layout.ts';
import { TestCpu } from './support/test-cpu.ts';

const CODE = 0x1000;
const PAGE = 4096;
const SECOND_PAGE = 0x5000;
const PAGES = 16;
const TABLES = [0x10000, 0x11000, 0x12000, 0x13000] as const;
const PRESENT_WRITABLE_USER = 7;
const PRESENT_USER = 5;
/** PG, NE, ET, PE; OSXSAVE, OSXMMEXCPT, OSFXSR, PAE. */
const CR0_PAGING = 0x80000031n;
const CR4_PAGING = 0x40620n;
const PAGE_FAULT = 14;
/** Error code: a write of user code to a page that is present. */
const USER_WRITE = 7;
const FILLER = 0x5a;

interface Store {
  readonly title: string;
  readonly code: readonly number[];
  /** Bytes written at RBX. */
  readonly size: number;
  /** RBX must be a multiple of it. */
  readonly alignment?: number;
  /** RAX and RDX, when they matter: XSAVE's components, what CMPXCHG8B compares with. */
  readonly accumulator?: readonly [bigint, bigint];
}

const FNINIT_FLD1 = [0xdb, 0xe3, 0xd9, 0xe8];

const STORES: readonly Store[] = [
  { title: 'MOV of 8 bytes', code: [0x48, 0x89, 0x03], size: 8 },
  { title: 'ADD of 4 bytes', code: [0x01, 0x03], size: 4 },
  { title: 'MOVUPS', code: [0x0f, 0x11, 0x03], size: 16 },
  { title: 'VMOVUPS of 32 bytes', code: [0xc5, 0xfc, 0x11, 0x03], size: 32 },
  { title: 'VEXTRACTF128', code: [0xc4, 0xe3, 0x7d, 0x19, 0x03, 0x01], size: 16 },
  { title: 'FSTP of 10 bytes', code: [0xdb, 0x3b], size: 10 },
  { title: 'FBSTP', code: [0xdf, 0x33], size: 10 },
  { title: 'FST of 8 bytes', code: [0xdd, 0x13], size: 8 },
  { title: 'FNSTENV', code: [0xd9, 0x33], size: 28 },
  { title: 'FNSAVE', code: [0xdd, 0x33], size: 108 },
  { title: 'FXSAVE', code: [0x0f, 0xae, 0x03], size: 416, alignment: 16 },
  { title: 'XSAVE', code: [0x0f, 0xae, 0x23], size: 832, alignment: 64, accumulator: [7n, 0n] },
  { title: 'SGDT', code: [0x0f, 0x01, 0x03], size: 10 },
  { title: 'SIDT', code: [0x0f, 0x01, 0x0b], size: 10 },
  {
    title: 'CMPXCHG8B with LOCK',
    code: [0xf0, 0x0f, 0xc7, 0x0b],
    size: 8,
    accumulator: [0x5a5a5a5an, 0x5a5a5a5an],
  },
];

/** 64-bit code at user level with 4 KiB pages, mapped one to one. */
async function pagedCpu(): Promise<TestCpu> {
  const cpu = await TestCpu.create({ ramMiB: 1 });
  const put = (address: number, value: number) => cpu.view.setBigUint64(address, BigInt(value), true);
  for (const [index, table] of TABLES.slice(0, -1).entries())
    put(table, (TABLES[index + 1] ?? 0) | PRESENT_WRITABLE_USER);
  for (let page = 0; page < PAGES; page++) put(TABLES[3] + page * 8, (page * PAGE) | PRESENT_WRITABLE_USER);
  cpu.setState64(CPU_CR3, BigInt(TABLES[0]));
  cpu.setState64(CPU_CR4, CR4_PAGING);
  cpu.setState64(CPU_CR0, CR0_PAGING);
  cpu.set('rsp', 0x8000n);
  cpu.set('rax', 0x1122334455667788n);
  cpu.core.stateWritten();
  return cpu;
}

function forbidWrites(cpu: TestCpu, page: number): void {
  cpu.view.setBigUint64(TABLES[3] + (page / PAGE) * 8, BigInt(page | PRESENT_USER), true);
  cpu.core.stateWritten();
}

function isTouched(cpu: TestCpu, page: number): boolean {
  return cpu.bytes.subarray(page, page + PAGE).some((byte) => byte !== FILLER);
}

for (const { title, code, size, alignment = 1, accumulator } of STORES) {
  for (const readOnly of [SECOND_PAGE - PAGE, SECOND_PAGE]) {
    test(`${title} across a page that is read-only at ${readOnly.toString(16)} stores nothing`, async (t) => {
      const cpu = await pagedCpu();
      const at = SECOND_PAGE - Math.ceil(size / 2 / alignment) * alignment;
      cpu.load(CODE, [...FNINIT_FLD1, ...code, 0xeb, 0xfe]);
      cpu.rip = BigInt(CODE);
      cpu.set('rbx', BigInt(at));
      if (accumulator !== undefined) {
        cpu.set('rax', accumulator[0]);
        cpu.set('rdx', accumulator[1]);
      }
      cpu.bytes.fill(FILLER, SECOND_PAGE - PAGE, SECOND_PAGE + PAGE);
      forbidWrites(cpu, readOnly);
      t.is(cpu.run(), EXIT_EXCEPTION);
      t.deepEqual(cpu.fault, { vector: PAGE_FAULT, error: USER_WRITE });
      t.is(Number(cpu.state64(CPU_CR2)), Math.max(at, readOnly));
      t.is(cpu.rip, BigInt(CODE + FNINIT_FLD1.length));
      t.false(isTouched(cpu, SECOND_PAGE - PAGE));
      t.false(isTouched(cpu, SECOND_PAGE));
      // Done again once the page may be written.
      cpu.view.setBigUint64(
        TABLES[3] + (readOnly / PAGE) * 8,
        BigInt(readOnly | PRESENT_WRITABLE_USER),
        true,
      );
      cpu.core.stateWritten();
      t.is(cpu.run(20), EXIT_BUDGET);
      t.true(isTouched(cpu, SECOND_PAGE - PAGE));
      t.true(isTouched(cpu, SECOND_PAGE));
    });
  }
}
