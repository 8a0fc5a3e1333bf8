/**
 * `vmport`: the back door of VMware's virtual machines at port 5658H ("VMware Backdoor I/O Port", open-vm-tools'
 * backdoor_def.h). A read with the magic number in EAX is a command, whose number is in ECX; it may change other registers.
 */
import type { Region } from '../board-services.ts';
import { type Device, defineDevice } from '../device-class.ts';
import { ISA_BUS, type IsaPorts } from './isa-contract.ts';

const PORT = 0x5658;
/** Reads are of a doubleword. */
const PORT_BYTES = 4;
export const VMPORT_MAGIC = 0x564d5868;
const COMMAND_MASK = 0xffff;
const GET_VERSION = 0x0a;
const VERSION = 6;
const GET_RAM_SIZE = 0x14;
/** What is in EBX beside the size of RAM. */
const RAM_SIZE_ANSWER = 0x1177;
const TWO_32 = 2 ** 32;
const NOTHING = TWO_32 - 1;

export type RegisterName = 'eax' | 'ebx' | 'ecx' | 'edx' | 'esi' | 'edi';

/** Registers of the processor whose access is being answered: unsigned numbers of 32 bits. Setting one clears what is above. */
export interface ProcessorRegisters {
  get(name: RegisterName): number;
  set(name: RegisterName, value: number): void;
}

/** What other devices add to the port. */
export interface VmportCommands {
  /** @param execute answers the command with its number; gives EAX */
  add(number: number, execute: (registers: ProcessorRegisters) => number): void;
}

export interface VmportPorts extends IsaPorts {
  /** Undefined when the access is not a processor's: a monitor's, or a test's. */
  requester(): ProcessorRegisters | undefined;
  readonly ramBytes: number;
  attach(commands: VmportCommands): void;
}

class Vmport implements Device, VmportCommands {
  readonly #ports: VmportPorts;
  readonly #commands = new Map<number, (registers: ProcessorRegisters) => number>();
  readonly #region: Region;

  constructor(ports: VmportPorts) {
    this.#ports = ports;
    this.add(GET_VERSION, (registers) => {
      registers.set('ebx', VMPORT_MAGIC);
      return VERSION;
    });
    this.add(GET_RAM_SIZE, (registers) => {
      registers.set('ebx', RAM_SIZE_ANSWER);
      return ports.ramBytes % TWO_32;
    });
    this.#region = ports.ports.claim(
      PORT,
      PORT_BYTES,
      {
        read: (offset) => (offset === 0 ? this.#execute() : NOTHING),
        // A write is the same with its answer in EAX.
        write: (offset) => {
          if (offset === 0) ports.requester()?.set('eax', this.#execute());
        },
      },
      { name: 'vmport', narrowest: 4 },
    );
    ports.attach(this);
  }

  add(number: number, execute: (registers: ProcessorRegisters) => number): void {
    this.#commands.set(number, execute);
  }

  reset(): void {}

  save(): Record<string, never> {
    return {};
  }

  restore(): void {}

  unrealize(): void {
    this.#region.remove();
  }

  /** Without the magic number, and for commands that nobody knows, EAX stays. */
  #execute(): number {
    const registers = this.#ports.requester();
    if (registers === undefined) return NOTHING;
    const eax = registers.get('eax');
    if (eax !== VMPORT_MAGIC) return eax;
    return this.#commands.get(registers.get('ecx') & COMMAND_MASK)?.(registers) ?? eax;
  }
}

export const vmport = defineDevice({
  name: 'vmport',
  bus: ISA_BUS,
  hotpluggable: false,
  userCreatable: false,
  properties: {},
  create: (ports: VmportPorts) => new Vmport(ports),
});
