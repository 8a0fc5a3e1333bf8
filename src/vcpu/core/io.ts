// IN, OUT, INS, OUTS and the I/O permission bitmap (SDM vol. 1, chapter 18).
import {
  CPU_ATTENTION_MASK,
  CPU_EFLAGS,
  CPU_PENDING,
  CPU_RAX,
  CPU_RCX,
  CPU_RDI,
  CPU_RDX,
  CPU_RSI,
  CPU_SEG_ATTRIBUTES,
  CPU_SEG_BASE,
  CPU_SEG_LIMIT,
  RECORD_IMM,
} from '../../memory/layout';
import { checkWrite, read, readSystem, write } from './access';
import { segmentAddress } from './address';
import { FLAG_DF, FLAG_IOPL, FLAG_IOPL_SHIFT, SEG_ES, SEG_TR } from './bits';
import { noteIoAccess } from './debug';
import { enterGuest, leaveGuest } from './exclusive';
import { raiseGP } from './fault';
import { portIn, portOut } from './host';
import { define, defineOne, MAP_ONE, OP_IMM8, slot } from './opcode-table';
import { cpl, finish, isProtected, isV86, next, putGpr } from './state';
import { indexMask, isRepeated, mustPause, pauseRepeat, putIndex, sourceSegment } from './string';

/** TSS: offset of the word that holds the bitmap's offset. */
const MAP_BASE: u64 = 0x66;

/** Raises #GP unless the ports may be used: CPL <= IOPL, or their bits in the TSS's bitmap are clear. */
function checkPorts(cpu: usize, port: u32, size: u32): void {
  const virtual = isV86(cpu);
  if (!virtual) {
    if (!isProtected(cpu)) return;
    if (cpl(cpu) <= (load<u32>(cpu, CPU_EFLAGS) & FLAG_IOPL) >> FLAG_IOPL_SHIFT) return;
  }
  const limit = load<u32>(cpu, CPU_SEG_LIMIT + (SEG_TR << 2));
  const base = load<u64>(cpu, CPU_SEG_BASE + (SEG_TR << 3));
  // A 16-bit TSS has no bitmap.
  if (!(load<u32>(cpu, CPU_SEG_ATTRIBUTES + (SEG_TR << 2)) & 8) || limit < 0x67) raiseGP(cpu, 0);
  const offset = <u32>readSystem(cpu, base + MAP_BASE, 2) + (port >> 3);
  // Two bytes are always read, so that ports may straddle.
  if (offset + 1 > limit) raiseGP(cpu, 0);
  const bits = <u32>readSystem(cpu, base + offset, 2) >> (port & 7);
  if (bits & ((1 << size) - 1)) raiseGP(cpu, 0);
}

/** The vCPU is out of the guest while it waits for a device, so that others need not wait for it. */
function readPort(cpu: usize, port: u32, size: u32): u32 {
  leaveGuest(cpu);
  const value = portIn(port, size);
  enterGuest(cpu);
  noteIoAccess(cpu, port, size);
  return value;
}
function writePort(cpu: usize, port: u32, size: u32, value: u32): void {
  leaveGuest(cpu);
  portOut(port, size, value);
  enterGuest(cpu);
  noteIoAccess(cpu, port, size);
}

// @ts-ignore: decorator
@inline
function input<T>(cpu: usize, record: usize, port: u32): usize {
  checkPorts(cpu, port, sizeof<T>());
  putGpr<T>(cpu, CPU_RAX, <T>readPort(cpu, port, sizeof<T>()));
  return next(record);
}
// @ts-ignore: decorator
@inline
function output<T>(cpu: usize, record: usize, port: u32): usize {
  checkPorts(cpu, port, sizeof<T>());
  writePort(cpu, port, sizeof<T>(), <u32>load<T>(cpu, CPU_RAX));
  // An SMI that the write has caused comes before the next instruction (SDM vol. 3, 34.7): firmware waits for it in HLT,
  // to which it would return.
  const asked = atomic.load<u32>(cpu + CPU_PENDING) & load<u32>(cpu, CPU_ATTENTION_MASK);
  return asked ? finish(cpu, record) : next(record);
}
function IN_IMM<T>(cpu: usize, record: usize): usize {
  return input<T>(cpu, record, load<u8>(record, RECORD_IMM));
}
function IN_DX<T>(cpu: usize, record: usize): usize {
  return input<T>(cpu, record, load<u16>(cpu, CPU_RDX));
}
function OUT_IMM<T>(cpu: usize, record: usize): usize {
  return output<T>(cpu, record, load<u8>(record, RECORD_IMM));
}
function OUT_DX<T>(cpu: usize, record: usize): usize {
  return output<T>(cpu, record, load<u16>(cpu, CPU_RDX));
}

/** INS and OUTS move one element a step; each step is complete before the next is begun. */
function INS<T>(cpu: usize, record: usize): usize {
  const port = <u32>load<u16>(cpu, CPU_RDX);
  const mask = indexMask(record);
  const step: u64 = load<u32>(cpu, CPU_EFLAGS) & FLAG_DF ? 0 - sizeof<T>() : sizeof<T>();
  const repeated = isRepeated(record);
  let count = repeated ? load<u64>(cpu, CPU_RCX) & mask : 1;
  checkPorts(cpu, port, sizeof<T>());
  while (count) {
    const destination = load<u64>(cpu, CPU_RDI) & mask;
    const to = segmentAddress(cpu, SEG_ES, destination, sizeof<T>(), true);
    // A device must not be read for a store that then faults.
    checkWrite(cpu, to, sizeof<T>());
    write<T>(cpu, to, <T>readPort(cpu, port, sizeof<T>()));
    putIndex(cpu, CPU_RDI, destination + step, mask);
    count--;
    if (!repeated) break;
    putIndex(cpu, CPU_RCX, count, mask);
    if (count && mustPause(cpu)) return pauseRepeat(cpu, record);
  }
  return next(record);
}
function OUTS<T>(cpu: usize, record: usize): usize {
  const port = <u32>load<u16>(cpu, CPU_RDX);
  const mask = indexMask(record);
  const step: u64 = load<u32>(cpu, CPU_EFLAGS) & FLAG_DF ? 0 - sizeof<T>() : sizeof<T>();
  const repeated = isRepeated(record);
  let count = repeated ? load<u64>(cpu, CPU_RCX) & mask : 1;
  checkPorts(cpu, port, sizeof<T>());
  while (count) {
    const source = load<u64>(cpu, CPU_RSI) & mask;
    const value = read<T>(cpu, segmentAddress(cpu, sourceSegment(record), source, sizeof<T>(), false));
    writePort(cpu, port, sizeof<T>(), <u32>value);
    putIndex(cpu, CPU_RSI, source + step, mask);
    count--;
    if (!repeated) break;
    putIndex(cpu, CPU_RCX, count, mask);
    if (count && mustPause(cpu)) return pauseRepeat(cpu, record);
  }
  return next(record);
}

export function registerIo(): void {
  defineOne(slot(MAP_ONE, 0xe4), OP_IMM8, 0, (c, r) => IN_IMM<u8>(c, r));
  define(slot(MAP_ONE, 0xe5), OP_IMM8, 0, (c, r) => IN_IMM<u16>(c, r), (c, r) => IN_IMM<u32>(c, r), (c, r) => IN_IMM<u32>(c, r));
  defineOne(slot(MAP_ONE, 0xe6), OP_IMM8, 0, (c, r) => OUT_IMM<u8>(c, r));
  define(slot(MAP_ONE, 0xe7), OP_IMM8, 0, (c, r) => OUT_IMM<u16>(c, r), (c, r) => OUT_IMM<u32>(c, r), (c, r) => OUT_IMM<u32>(c, r));
  defineOne(slot(MAP_ONE, 0xec), 0, 0, (c, r) => IN_DX<u8>(c, r));
  define(slot(MAP_ONE, 0xed), 0, 0, (c, r) => IN_DX<u16>(c, r), (c, r) => IN_DX<u32>(c, r), (c, r) => IN_DX<u32>(c, r));
  defineOne(slot(MAP_ONE, 0xee), 0, 0, (c, r) => OUT_DX<u8>(c, r));
  define(slot(MAP_ONE, 0xef), 0, 0, (c, r) => OUT_DX<u16>(c, r), (c, r) => OUT_DX<u32>(c, r), (c, r) => OUT_DX<u32>(c, r));
  defineOne(slot(MAP_ONE, 0x6c), 0, 0, (c, r) => INS<u8>(c, r));
  define(slot(MAP_ONE, 0x6d), 0, 0, (c, r) => INS<u16>(c, r), (c, r) => INS<u32>(c, r), (c, r) => INS<u32>(c, r));
  defineOne(slot(MAP_ONE, 0x6e), 0, 0, (c, r) => OUTS<u8>(c, r));
  define(slot(MAP_ONE, 0x6f), 0, 0, (c, r) => OUTS<u16>(c, r), (c, r) => OUTS<u32>(c, r), (c, r) => OUTS<u32>(c, r));
}
