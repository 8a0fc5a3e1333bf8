/** How an instruction ends a basic block. */
import { BLOCK_CODE_MASK } from '../../memory/layout.ts';
import { extension, type Instruction, MAP_0F, MAP_0F38, MAP_ONE } from './instruction.ts';

export type Branch =
  | { readonly kind: 'conditional'; readonly condition: number; readonly target: number }
  | { readonly kind: 'jump'; readonly target: number }
  | { readonly kind: 'call'; readonly target: number }
  | { readonly kind: 'return'; readonly release: number }
  | { readonly kind: 'indirectJump' }
  | { readonly kind: 'indirectCall' }
  /** Something that the interpreter's handler does: it may go on with the next instruction. */
  | { readonly kind: 'other' }
  /** The same, but the next instruction never follows. */
  | { readonly kind: 'last' };

const CODE32 = 1;
const CODE64 = 2;
const JCC_SHORT = MAP_ONE + 0x70;
const JCC_NEAR = MAP_0F + 0x80;
const JMP_SHORT = MAP_ONE + 0xeb;
const JMP_NEAR = MAP_ONE + 0xe9;
const CALL_NEAR = MAP_ONE + 0xe8;
const RET_NEAR = MAP_ONE + 0xc3;
const RET_RELEASE = MAP_ONE + 0xc2;
const GROUP5 = MAP_ONE + 0xff;
const MOST_DISTANCE = 0x7fffffff;

/** Instructions of the one-byte map that may leave the flow: LOOPcc, JCXZ, loads of segment registers, POPF, CLI, STI. */
const OTHER_ONE = new Set([0xe0, 0xe1, 0xe2, 0xe3, 0xfa, 0xfb, 0x9d, 0x17, 0x07, 0x1f, 0x8e]);
/** Those that always do: far transfers, interrupts, IRET, HLT. */
const LAST_ONE = new Set([0x9a, 0xea, 0xca, 0xcb, 0xcc, 0xcd, 0xcf, 0xf1, 0xf4]);
/** The same of the 0F map: system instructions; SYSCALL, SYSRET, UD2, SYSENTER, SYSEXIT, RSM. */
const OTHER_0F = new Set([
  0x00, 0x01, 0x06, 0x08, 0x09, 0x20, 0x21, 0x22, 0x23, 0x30, 0xa1, 0xa9, 0xb2, 0xb4, 0xb5,
]);
const LAST_0F = new Set([0x05, 0x07, 0x0b, 0x34, 0x35, 0xaa]);

/** How an instruction that the interpreter executes ends a block. */
function interpretedBranch(operation: number): Branch | undefined {
  if (operation >= MAP_0F38) return undefined;
  const opcode = operation & 0xff;
  if ((operation < MAP_0F ? LAST_ONE : LAST_0F).has(opcode)) return { kind: 'last' };
  return (operation < MAP_0F ? OTHER_ONE : OTHER_0F).has(opcode) ? { kind: 'other' } : undefined;
}

function directTarget(instruction: Instruction): number | undefined {
  const target = instruction.at + instruction.length + Number(instruction.imm);
  return Math.abs(target) < MOST_DISTANCE ? target : undefined;
}

/** What `instruction` does to the flow in code of `mode` (BLOCK_*), or undefined if the next one follows always. */
export function branchOf(instruction: Instruction, mode: number): Branch | undefined {
  const { operation } = instruction;
  const code = mode & BLOCK_CODE_MASK;
  const full = code === CODE64 ? 3 : 2;
  const isFull = code >= CODE32 && instruction.size === full;
  const near = (make: (target: number) => Branch): Branch => {
    const target = directTarget(instruction);
    return isFull && target !== undefined ? make(target) : { kind: 'other' };
  };
  if ((operation & ~15) === JCC_SHORT || (operation & ~15) === JCC_NEAR)
    return near((target) => ({ kind: 'conditional', condition: operation & 15, target }));
  switch (operation) {
    case JMP_SHORT:
    case JMP_NEAR:
      return near((target) => ({ kind: 'jump', target }));
    case CALL_NEAR:
      return near((target) => ({ kind: 'call', target }));
    case RET_NEAR:
      return isFull ? { kind: 'return', release: 0 } : { kind: 'other' };
    case RET_RELEASE:
      return isFull ? { kind: 'return', release: Number(instruction.imm & 0xffffn) } : { kind: 'other' };
    case GROUP5: {
      const operationOf = extension(instruction);
      if (operationOf === 2 && isFull) return { kind: 'indirectCall' };
      if (operationOf === 4 && isFull) return { kind: 'indirectJump' };
      return operationOf >= 2 && operationOf <= 5 ? { kind: 'other' } : undefined;
    }
    default:
      break;
  }
  return interpretedBranch(operation);
}
