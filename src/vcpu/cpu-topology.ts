/** Where a vCPU sits: socket, core, thread, and the APIC ID that follows (SDM vol. 3, 8.9). */

export interface CpuTopology {
  readonly sockets: number;
  readonly cores: number;
  readonly threads: number;
}

/** Bits that number `count` things. */
export function idBits(count: number): number {
  return Math.ceil(Math.log2(Math.max(1, count)));
}

/** Bits of an APIC ID below those of the socket. */
export function packageShift({ cores, threads }: CpuTopology): number {
  return idBits(cores) + idBits(threads);
}

/** Initial APIC ID of the vCPU with this index; threads count first, then cores, then sockets. IDs have gaps where a count is no power of two. */
export function apicId(topology: CpuTopology, index: number): number {
  const { cores, threads } = topology;
  const thread = index % threads;
  const core = Math.floor(index / threads) % cores;
  const socket = Math.floor(index / (threads * cores));
  return (socket << packageShift(topology)) | (core << idBits(threads)) | thread;
}
