// Small readers and writers of a vCPU's state that every instruction family uses.
import {
  CPU_FEATURES,
  CPU_RIP,
  CPU_RIP_BASE,
  CPU_BLOCK_MODE,
  CPU_MODE,
  CPU_BUDGET,
  CPU_CURRENT_RECORD,
  MODE_CPL_MASK,
  MODE_CODE_MASK,
  MODE_CODE64,
  MODE_PROTECTED,
  MODE_V86,
  MODE_LONG,
  BLOCK_CODE_MASK,
  RECORD_OFFSET,
  RECORD_COUNT,
  RECORD_REG,
  RECORD_RM,
  RECORD_IMM,
  RECORD_INFO,
  RECORD_LENGTH_SHIFT,
  RECORD_SCALE,
  RECORD_SIZE,
  INFO_OPSIZE_SHIFT,
} from '../../memory/layout';

/** Function type of all handlers: (page group, record) -> next record, or 0 to leave the block with CPU_RIP stored. */
export type Handler = (cpu: usize, record: usize) => usize;

/** Number of a handler as records hold it. */
// @ts-ignore: decorator
@inline
export function indexOf(handler: Handler): u32 {
  return handler.index;
}

/** Does the model have a feature of cpu-features.ts? */
export function hasFeature(cpu: usize, feature: u32): bool {
  const bit = feature - 1;
  return ((load<u32>(cpu + ((bit >> 5) << 2), CPU_FEATURES) >> (bit & 31)) & 1) != 0;
}

/** RIP truncated to the code size. */
export function maskRip(cpu: usize, rip: u64): u64 {
  const size = load<u32>(cpu, CPU_BLOCK_MODE) & BLOCK_CODE_MASK;
  if (size == 2) return rip;
  return size == 1 ? rip & 0xffffffff : rip & 0xffff;
}

/** RIP of the instruction at `record`. */
// @ts-ignore: decorator
@inline
export function instructionRip(cpu: usize, record: usize): u64 {
  return maskRip(cpu, load<u64>(cpu, CPU_RIP_BASE) + <u64>load<u16>(record, RECORD_OFFSET));
}

/** Length of the instruction at `record` in bytes. */
// @ts-ignore: decorator
@inline
export function instructionLength(record: usize): u32 {
  return <u32>load<u8>(record, RECORD_SCALE) >> RECORD_LENGTH_SHIFT;
}

/** RIP of the instruction after the one at `record`. */
// @ts-ignore: decorator
@inline
export function nextRip(cpu: usize, record: usize): u64 {
  return maskRip(
    cpu,
    load<u64>(cpu, CPU_RIP_BASE) + <u64>load<u16>(record, RECORD_OFFSET) + <u64>instructionLength(record),
  );
}

/** Ends the block after the instruction at `record`: for instructions that change modes, flags that matter, or mappings. */
export function finish(cpu: usize, record: usize): usize {
  store<u64>(cpu, nextRip(cpu, record), CPU_RIP);
  return leave(cpu, record);
}

/** Ends the block after the instruction at `record`, which has stored CPU_RIP itself. */
export function leave(cpu: usize, record: usize): usize {
  store<i32>(cpu, load<i32>(cpu, CPU_BUDGET) - <i32>load<u8>(record, RECORD_COUNT), CPU_BUDGET);
  store<u32>(cpu, 0, CPU_CURRENT_RECORD);
  return 0;
}

// @ts-ignore: decorator
@inline
export function next(record: usize): usize {
  return record + RECORD_SIZE;
}

/** The register operand in modrm.reg. */
// @ts-ignore: decorator
@inline
export function reg<T>(cpu: usize, record: usize): T {
  return load<T>(cpu + <usize>load<u8>(record, RECORD_REG));
}

/** The register operand in modrm.rm. */
// @ts-ignore: decorator
@inline
export function rm<T>(cpu: usize, record: usize): T {
  return load<T>(cpu + <usize>load<u8>(record, RECORD_RM));
}

/** Writes a general register at a byte offset; a 32-bit write clears the upper half (SDM vol. 1, 3.4.1.1). */
// @ts-ignore: decorator
@inline
export function putGpr<T>(cpu: usize, offset: usize, value: T): void {
  if (sizeof<T>() == 4) store<u64>(cpu + offset, <u64><u32>value);
  else store<T>(cpu + offset, value);
}

// @ts-ignore: decorator
@inline
export function putReg<T>(cpu: usize, record: usize, value: T): void {
  putGpr<T>(cpu, <usize>load<u8>(record, RECORD_REG), value);
}

// @ts-ignore: decorator
@inline
export function putRm<T>(cpu: usize, record: usize, value: T): void {
  putGpr<T>(cpu, <usize>load<u8>(record, RECORD_RM), value);
}

/** The immediate, truncated to the operand's size. */
// @ts-ignore: decorator
@inline
export function imm<T>(record: usize): T {
  return <T>load<u64>(record, RECORD_IMM);
}

// @ts-ignore: decorator
@inline
export function info(record: usize): u32 {
  return load<u32>(record, RECORD_INFO);
}

/** Operand size: 0 = 16, 1 = 32, 2 = 64 bits. */
// @ts-ignore: decorator
@inline
export function operandSize(record: usize): u32 {
  return (load<u32>(record, RECORD_INFO) >> INFO_OPSIZE_SHIFT) & 3;
}

// @ts-ignore: decorator
@inline
export function cpl(cpu: usize): u32 {
  return load<u32>(cpu, CPU_MODE) & MODE_CPL_MASK;
}

// @ts-ignore: decorator
@inline
export function is64(cpu: usize): bool {
  return (load<u32>(cpu, CPU_MODE) & MODE_CODE_MASK) == MODE_CODE64;
}

/** Protected mode and not virtual-8086. */
// @ts-ignore: decorator
@inline
export function isProtected(cpu: usize): bool {
  return (load<u32>(cpu, CPU_MODE) & (MODE_PROTECTED | MODE_V86)) == MODE_PROTECTED;
}

// @ts-ignore: decorator
@inline
export function isV86(cpu: usize): bool {
  return (load<u32>(cpu, CPU_MODE) & MODE_V86) != 0;
}

// @ts-ignore: decorator
@inline
export function isLongMode(cpu: usize): bool {
  return (load<u32>(cpu, CPU_MODE) & MODE_LONG) != 0;
}
