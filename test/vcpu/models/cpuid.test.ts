import test from 'ava';
import { ApicMachine, type ApicMachineOptions, type GuestCpu } from '../apic/apic-machine.ts';
import { coreModule } from '../support/core-build.ts';

async function boot(
  model: string,
  features: readonly string[] = [],
  rest: ApicMachineOptions = {},
): Promise<GuestCpu> {
  const machine = new ApicMachine(await coreModule(), { cpu: { model, features }, ...rest });
  return machine.cpu(machine.cpus.length - 1);
}

function text(...values: number[]): string {
  return String.fromCharCode(...new Uint8Array(Uint32Array.from(values).buffer)).replace(/\0+$/, '');
}

test('vendor, signature and brand reach the guest', async (t) => {
  const cpu = await boot('EPYC');
  const vendor = cpu.cpuid(0);
  t.is(text(vendor.ebx, vendor.edx, vendor.ecx), 'AuthenticAMD');
  t.is(cpu.cpuid(1).eax, 0x00800f12);
  const brand = [2, 3, 4].flatMap((part) => Object.values(cpu.cpuid(0x80000000 + part)));
  t.is(text(...brand), 'AMD EPYC Processor');
  t.is((await boot('Haswell')).cpuid(1).eax, 0x000306c4);
  t.is((await boot('qemu64')).cpuid(1).eax, 0x623);
});

test('the hypervisor signs with its own name', async (t) => {
  const { ebx, ecx, edx } = (await boot('kvm64')).cpuid(0x40000000);
  t.is(text(ebx, ecx, edx), 'TroupeActors');
  t.is((await boot('kvm64', ['-hypervisor'])).cpuid(0x40000000).ebx, (await boot('kvm64')).cpuid(5).ebx);
});

test('leaves out of range: Intel gives the highest basic one, AMD zeros', async (t) => {
  const intel = await boot('Haswell');
  t.deepEqual(intel.cpuid(0x1000), intel.cpuid(0x16));
  t.deepEqual(intel.cpuid(0x80000099), intel.cpuid(0x16));
  t.deepEqual((await boot('EPYC')).cpuid(0x1000), { eax: 0, ebx: 0, ecx: 0, edx: 0 });
});

test('the topology is in leaves 1, 4, BH and, for AMD, 80000008H and 8000001EH', async (t) => {
  const topology = { sockets: 2, cores: 3, threads: 2 };
  const intel = await boot('Haswell', [], { cpus: 12, topology });
  // The last vCPU: socket 1, core 2, thread 1; cores take two bits, threads one.
  const id = (1 << 3) | (2 << 1) | 1;
  t.is(intel.cpuid(1).ebx >>> 24, id);
  t.is((intel.cpuid(1).ebx >>> 16) & 0xff, 6);
  t.true((intel.cpuid(1).edx & (1 << 28)) !== 0, 'HTT');
  t.deepEqual(intel.cpuid(0xb, 0), { eax: 1, ebx: 2, ecx: 0x100, edx: id });
  t.deepEqual(intel.cpuid(0xb, 1), { eax: 3, ebx: 6, ecx: 0x201, edx: id });
  t.is(intel.cpuid(4, 0).eax, 0x0c004121);
  t.is(intel.cpuid(4, 3).eax, 0x0c01c163);
  t.is(intel.cpuid(4, 4).eax & 31, 0);
  const amd = await boot('EPYC', [], { cpus: 12, topology });
  t.is(amd.cpuid(0x80000008).ecx, 5 | (3 << 12));
  t.is(amd.cpuid(0x8000001e).eax, id);
  t.is(amd.cpuid(0x8000001e).ebx, 6 | (1 << 8));
  t.true((amd.cpuid(0x80000001).ecx & 2) !== 0, 'CmpLegacy');
});

test('leaf 4 describes caches whose size is the product of its fields', async (t) => {
  const cpu = await boot('Haswell');
  const sizes = [0, 1, 2, 3].map((subleaf) => {
    const { ebx, ecx } = cpu.cpuid(4, subleaf);
    return ((ebx >>> 22) + 1) * ((ebx & 0xfff) + 1) * (ecx + 1);
  });
  t.deepEqual(sizes, [32 * 1024, 32 * 1024, 2048 * 1024, 16384 * 1024]);
});

test('leaves 15H and 16H give the frequency of the TSC', async (t) => {
  const { eax, ebx, ecx } = (await boot('Haswell', ['tsc-freq=2.4G'])).cpuid(0x15);
  t.is((ecx * ebx) / eax, 2_400_000_000);
  t.is((await boot('Haswell', ['tsc-freq=2.4G'])).cpuid(0x16).eax, 2400);
});

test('the XSAVE leaf has the sizes of the enabled and of all components', async (t) => {
  const cpu = await boot('Haswell');
  t.is(cpu.cpuid(0xd, 0).eax, 7);
  t.is(cpu.cpuid(0xd, 0).ecx, 832);
  t.is(cpu.cpuid(0xd, 0).ebx, 576, 'XCR0 = 1 after reset');
  t.deepEqual(cpu.cpuid(0xd, 2), { eax: 256, ebx: 576, ecx: 0, edx: 0 });
  t.is((await boot('Haswell', ['-avx'])).cpuid(0xd, 0).ecx, 576);
  t.is((await boot('core2duo', ['level=13'])).cpuid(0xd, 0).eax, 0);
});

test('switches of IA32_MISC_ENABLE show in CPUID', async (t) => {
  const cpu = await boot('Nehalem', ['+monitor']);
  const misc = cpu.rdmsr(0x1a0);
  if (misc === 'gp') throw new Error('no IA32_MISC_ENABLE');
  t.true((cpu.cpuid(1).ecx & 8) !== 0);
  cpu.wrmsr(0x1a0, misc & ~(1n << 18n));
  t.is(cpu.cpuid(1).ecx & 8, 0);
  t.true((cpu.cpuid(0x80000001).edx & (1 << 20)) !== 0);
  cpu.wrmsr(0x1a0, misc | (1n << 34n));
  t.is(cpu.cpuid(0x80000001).edx & (1 << 20), 0);
  t.is(cpu.wrmsr(0xc0000080, 0xd00n), 'gp', 'EFER.NXE');
  cpu.wrmsr(0x1a0, misc | (1n << 22n));
  t.is(cpu.cpuid(0).eax, 2);
});

test('AMD repeats its flags in 80000001H.EDX, Intel does not', async (t) => {
  t.true(((await boot('EPYC')).cpuid(0x80000001).edx & 1) !== 0);
  t.is((await boot('Haswell')).cpuid(0x80000001).edx & 1, 0);
});
