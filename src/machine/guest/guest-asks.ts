/** What monitors ask of a machine with a board: its CPUs, memory, ports, input and picture. The machine's contract takes these in. */
import type { Picture } from '../../devices/display/display-contract.ts';
import type { PciInfo } from '../../qapi/qmp-types.generated.ts';
import type { LogSettings } from '../../vcpu/log-items.ts';
import type { VcpuCounters, VcpuStatus } from '../../vcpu/vcpu-contract.ts';

/** How much memory can be read at once, in bytes. */
export const READ_BYTES_MOST = 1 << 20;

/** One CPU of query-cpus. */
export interface CpuListing extends VcpuStatus {
  readonly index: number;
}

/** Registers of one CPU by the names of the human monitor's expressions, and what disassembly must know. */
export interface CpuNames {
  readonly values: ReadonlyMap<string, bigint>;
  /** 16, 32 or 64. */
  readonly codeBits: 16 | 32 | 64;
}

/** One pointing device of query-mice. */
export interface MouseListing {
  readonly name: string;
  readonly index: number;
  readonly current: boolean;
  readonly absolute: boolean;
}

/** A key of send-key: a QKeyCode, or a PC scancode (80H and above: with the prefix E0H). */
export type KeyName = string | number;

/** Errors are TroupeErrors with the texts and classes of schema.json. */
export interface GuestAsks {
  cpuList(argument: undefined): readonly CpuListing[];
  /** What each CPU and its translator have done, in order. */
  cpuCounters(argument: undefined): readonly VcpuCounters[];
  /** Null when there is no CPU of that index. */
  cpuNames(argument: { readonly cpu: number }): CpuNames | null;
  /** Text of `info registers`, `info tlb` or `info mem` for a CPU; '' when there is none of that index. */
  describeCpu(argument: { readonly cpu: number; readonly topic: 'registers' | 'tlb' | 'mem' }): string;
  /** Reads through the bus: what is not memory is read from its device, or is all ones. At most READ_BYTES_MOST. */
  readPhysical(argument: { readonly address: bigint; readonly bytes: number }): Uint8Array;
  /**
   * Reads what a CPU sees at a linear address. Null stands for what is not mapped, page by page: the pieces cover the
   * range in order. At most READ_BYTES_MOST.
   */
  readLinear(argument: {
    readonly cpu: number;
    readonly address: bigint;
    readonly bytes: number;
  }): readonly LinearPiece[];
  /** Size 1, 2 or 4. */
  portRead(argument: { readonly port: number; readonly size: number }): number;
  portWrite(argument: { readonly port: number; readonly size: number; readonly value: number }): void;
  injectNmi(argument: undefined): void;
  /** Presses the keys in order and releases them in reverse order after `holdMs` of guest time. */
  sendKeys(argument: { readonly keys: readonly KeyName[]; readonly holdMs: number }): void;
  /** Moves the current pointing device; `dz` is the wheel. */
  movePointer(argument: { readonly dx: number; readonly dy: number; readonly dz: number }): void;
  /** Bit 0 left, 1 middle, 2 right: as `mouse_button` counts them. */
  pressPointer(argument: { readonly buttons: number }): void;
  mice(argument: undefined): readonly MouseListing[];
  /** False when there is none of that index. */
  selectMouse(argument: { readonly index: number }): boolean;
  /** Null when the machine has no display adapter. */
  picture(argument: undefined): Picture | null;
  pci(argument: undefined): readonly PciInfo[];
  /** Changes the order for the next boots. False when the letters are not boot devices. */
  setBootOrder(argument: { readonly order: string }): boolean;
  /** Plugs a CPU in: it waits for its start-up interrupt, and the guest is told. */
  addCpu(argument: { readonly id: number }): void;
  /** Bytes of RAM that the guest is asked to keep. */
  balloon(argument: { readonly bytes: number }): void;
  /** Bytes of RAM that the guest has. */
  balloonActual(argument: undefined): number;
  /** Whether all CPUs run one instruction at a time; query-status shows it. */
  setSingleStep(argument: { readonly on: boolean }): void;
  /** What CPUs log from now on; what is absent stays as it was. Rejects when the file cannot be written. */
  setLog(argument: Partial<LogSettings>): void;
}

export interface LinearPiece {
  readonly bytes: number;
  readonly contents: Uint8Array | null;
}
