/** Control words, environment and state: FLDCW, FNSTSW, FLDENV, FNSAVE, FRSTOR, FXSAVE's part, FFREE and the like. */
import {
  CPU_CR0,
  CPU_RAX,
  CPU_X87,
  CPU_X87_CONTROL,
  CPU_X87_FCS,
  CPU_X87_FDP,
  CPU_X87_FDS,
  CPU_X87_FIP,
  CPU_X87_OPCODE,
  CPU_X87_STATUS,
  CPU_X87_TAG,
} from '../../../memory/layout';
import { addressOf, readAddress, writeAddress } from '../address';
import { checkRead, checkWrite, read, write } from '../access';
import { CR0_MP, CR0_TS } from '../bits';
import { raise, VECTOR_NM } from '../fault';
import { isProtected, next, operandSize } from '../state';
import { CLASS_NORMAL, CLASS_ZERO, classOf } from './extended';
import {
  commit,
  controlWord,
  lowerTop,
  physicalIndex,
  pop,
  raiseTop,
  refreshSummary,
  setEmpty,
  stackOperand,
  statusWord,
  wait,
} from './x87-state';

const TAG_ZERO: u32 = 1;
const TAG_SPECIAL: u32 = 2;
const TAG_EMPTY: u32 = 3;
/** Control word after FNINIT (SDM vol. 2A): everything masked, 64 bits, round to nearest. */
const INITIAL_CONTROL: u16 = 0x37f;
/** Control word after RESET. */
const RESET_CONTROL: u16 = 0x40;
/** Control word bits that can be written; bit 6 always reads one. */
const CONTROL_BITS: u32 = 0x1f3f;
const CONTROL_ONE: u32 = 0x40;
const REGISTER_BYTES: u32 = 80;

/** The tag word as it is stored: computed from the contents of the registers in use. */
export function tagWord(cpu: usize): u32 {
  const kept = u32(load<u16>(cpu, CPU_X87_TAG));
  let tags: u32 = 0;
  for (let i: u32 = 0; i < 8; i++) {
    const at = cpu + CPU_X87 + (usize(i) << 4);
    let tag = TAG_EMPTY;
    if (((kept >> (i << 1)) & 3) != TAG_EMPTY) {
      const kind = classOf(u32(load<u16>(at, 8)), load<u64>(at));
      tag = kind == CLASS_NORMAL ? 0 : kind == CLASS_ZERO ? TAG_ZERO : TAG_SPECIAL;
    }
    tags |= tag << (i << 1);
  }
  return tags;
}

/** FXSAVE's abridged tags: a bit for each physical register in use. */
export function abridgedTags(cpu: usize): u32 {
  const kept = u32(load<u16>(cpu, CPU_X87_TAG));
  let tags: u32 = 0;
  for (let i: u32 = 0; i < 8; i++) {
    if (((kept >> (i << 1)) & 3) != TAG_EMPTY) tags |= 1 << i;
  }
  return tags;
}

/** Takes abridged tags over (FXRSTOR, XRSTOR). */
export function setAbridgedTags(cpu: usize, tags: u32): void {
  let kept: u32 = 0;
  for (let i: u32 = 0; i < 8; i++) {
    if (!((tags >> i) & 1)) kept |= TAG_EMPTY << (i << 1);
  }
  store<u16>(cpu, u16(kept), CPU_X87_TAG);
}

/** Sets the control word and with it whether an exception is pending. */
export function setControlWord(cpu: usize, value: u32): void {
  store<u16>(cpu, u16((value & CONTROL_BITS) | CONTROL_ONE), CPU_X87_CONTROL);
  refreshSummary(cpu);
}

/** FNINIT, and the x87 part of a reset of the processor's state by XRSTOR. */
export function initialiseX87(cpu: usize): void {
  store<u16>(cpu, INITIAL_CONTROL, CPU_X87_CONTROL);
  store<u16>(cpu, u16(statusWord(cpu) & 0x80), CPU_X87_STATUS);
  refreshSummary(cpu);
  store<u16>(cpu, 0xffff, CPU_X87_TAG);
  store<u16>(cpu, 0, CPU_X87_OPCODE);
  store<u64>(cpu, 0, CPU_X87_FIP);
  store<u64>(cpu, 0, CPU_X87_FDP);
  store<u16>(cpu, 0, CPU_X87_FCS);
  store<u16>(cpu, 0, CPU_X87_FDS);
}

/** The state after power-up or RESET, which differs from FNINIT's: SDM vol. 3, table 10-1. INIT changes nothing. */
export function resetX87(cpu: usize): void {
  initialiseX87(cpu);
  store<u16>(cpu, RESET_CONTROL, CPU_X87_CONTROL);
  store<u16>(cpu, 0, CPU_X87_TAG);
  memory.fill(cpu + CPU_X87, 0, 128);
}

export function initialise(cpu: usize, record: usize): usize {
  initialiseX87(cpu);
  return next(record);
}

/** FNCLEX. */
export function clearExceptions(cpu: usize, record: usize): usize {
  // Exceptions, stack fault, error summary, busy.
  store<u16>(cpu, u16(statusWord(cpu) & 0x7f80), CPU_X87_STATUS);
  refreshSummary(cpu);
  return next(record);
}

/** FWAIT: #NM if both CR0.MP and CR0.TS are set (SDM vol. 3, table 2-2). */
export function waitInstruction(cpu: usize, record: usize): usize {
  const both = CR0_MP | CR0_TS;
  if ((load<u64>(cpu, CPU_CR0) & both) == both) raise(cpu, VECTOR_NM);
  wait(cpu, record);
  return next(record);
}

/** FNENI, FNDISI, FNSETPM: nothing since the 387. */
export function doNothing(_cpu: usize, record: usize): usize {
  return next(record);
}

/** FNOP. */
export function waitAndDoNothing(cpu: usize, record: usize): usize {
  wait(cpu, record);
  return next(record);
}

export function loadControlWord(cpu: usize, record: usize): usize {
  wait(cpu, record);
  setControlWord(cpu, u32(read<u16>(cpu, readAddress<u16>(cpu, record))));
  return next(record);
}

export function storeControlWord(cpu: usize, record: usize): usize {
  write<u16>(cpu, writeAddress<u16>(cpu, record), load<u16>(cpu, CPU_X87_CONTROL));
  return next(record);
}

export function storeStatusWord(cpu: usize, record: usize): usize {
  write<u16>(cpu, writeAddress<u16>(cpu, record), u16(statusWord(cpu)));
  return next(record);
}

/** FNSTSW AX. */
export function storeStatusWordAx(cpu: usize, record: usize): usize {
  store<u16>(cpu, u16(statusWord(cpu)), CPU_RAX);
  return next(record);
}

export function freeRegister(cpu: usize, record: usize): usize {
  wait(cpu, record);
  commit(cpu, 0, 0);
  setEmpty(cpu, stackOperand(record));
  return next(record);
}

/** FFREEP: not in the manual, but in every processor (DF C0+i). */
export function freeRegisterPop(cpu: usize, record: usize): usize {
  wait(cpu, record);
  commit(cpu, 0, 0);
  setEmpty(cpu, stackOperand(record));
  pop(cpu);
  return next(record);
}

export function incrementTop(cpu: usize, record: usize): usize {
  wait(cpu, record);
  commit(cpu, 0, 0);
  raiseTop(cpu);
  return next(record);
}

export function decrementTop(cpu: usize, record: usize): usize {
  wait(cpu, record);
  commit(cpu, 0, 0);
  lowerTop(cpu);
  return next(record);
}

/** Bytes of an environment: 14 with 16-bit operands, else 28. */
function environmentBytes(record: usize): u32 {
  return operandSize(record) == 0 ? 14 : 28;
}

/** Writes an environment in the format of operand size and mode (SDM vol. 1, figures 8-9 to 8-12). */
function writeEnvironment(cpu: usize, record: usize, linear: u64): void {
  const fip = load<u64>(cpu, CPU_X87_FIP);
  const fdp = load<u64>(cpu, CPU_X87_FDP);
  const fcs = u32(load<u16>(cpu, CPU_X87_FCS));
  const fds = u32(load<u16>(cpu, CPU_X87_FDS));
  const opcode = u32(load<u16>(cpu, CPU_X87_OPCODE)) & 0x7ff;
  const control = u32(controlWord(cpu));
  const status = statusWord(cpu);
  const tags = tagWord(cpu);
  const segmented = isProtected(cpu);
  // Outside protected mode the pointers are linear addresses.
  const code = u32(fip) + (fcs << 4);
  const data = u32(fdp) + (fds << 4);
  if (operandSize(record) == 0) {
    write<u16>(cpu, linear, u16(control));
    write<u16>(cpu, linear + 2, u16(status));
    write<u16>(cpu, linear + 4, u16(tags));
    write<u16>(cpu, linear + 6, u16(segmented ? fip : u64(code)));
    write<u16>(cpu, linear + 8, u16(segmented ? fcs : ((code >> 4) & 0xf000) | opcode));
    write<u16>(cpu, linear + 10, u16(segmented ? fdp : u64(data)));
    write<u16>(cpu, linear + 12, u16(segmented ? fds : (data >> 4) & 0xf000));
    return;
  }
  write<u32>(cpu, linear, 0xffff0000 | control);
  write<u32>(cpu, linear + 4, 0xffff0000 | status);
  write<u32>(cpu, linear + 8, 0xffff0000 | tags);
  if (segmented) {
    write<u32>(cpu, linear + 12, u32(fip));
    write<u32>(cpu, linear + 16, fcs | (opcode << 16));
    write<u32>(cpu, linear + 20, u32(fdp));
    write<u32>(cpu, linear + 24, 0xffff0000 | fds);
  } else {
    write<u32>(cpu, linear + 12, 0xffff0000 | (code & 0xffff));
    write<u32>(cpu, linear + 16, ((code >> 16) << 12) | opcode);
    write<u32>(cpu, linear + 20, 0xffff0000 | (data & 0xffff));
    write<u32>(cpu, linear + 24, (data >> 16) << 12);
  }
}

/** Reads an environment, the inverse of writeEnvironment(). */
function readEnvironment(cpu: usize, record: usize, linear: u64): void {
  const step: u64 = operandSize(record) == 0 ? 2 : 4;
  const control = u32(read<u16>(cpu, linear));
  const status = u32(read<u16>(cpu, linear + step));
  const tags = u32(read<u16>(cpu, linear + 2 * step));
  const wide = step == 4;
  const third = wide ? read<u32>(cpu, linear + 12) : u32(read<u16>(cpu, linear + 6));
  const fourth = wide ? read<u32>(cpu, linear + 16) : u32(read<u16>(cpu, linear + 8));
  const fifth = wide ? read<u32>(cpu, linear + 20) : u32(read<u16>(cpu, linear + 10));
  const sixth = wide ? read<u32>(cpu, linear + 24) : u32(read<u16>(cpu, linear + 12));
  let fip = third;
  let fdp = fifth;
  let fcs: u32 = 0;
  let fds: u32 = 0;
  let opcode = fourth;
  if (isProtected(cpu)) {
    fcs = fourth & 0xffff;
    fds = sixth & 0xffff;
    opcode = wide ? fourth >> 16 : u32(load<u16>(cpu, CPU_X87_OPCODE));
  } else {
    const high: u32 = wide ? 0x0ffff000 : 0xf000;
    fip = (third & 0xffff) | ((fourth & high) << 4);
    fdp = (fifth & 0xffff) | ((sixth & high) << 4);
  }
  store<u64>(cpu, u64(fip), CPU_X87_FIP);
  store<u64>(cpu, u64(fdp), CPU_X87_FDP);
  store<u16>(cpu, u16(fcs), CPU_X87_FCS);
  store<u16>(cpu, u16(fds), CPU_X87_FDS);
  store<u16>(cpu, u16(opcode & 0x7ff), CPU_X87_OPCODE);
  let kept: u32 = 0;
  for (let shift: u32 = 0; shift < 16; shift += 2) {
    if (((tags >> shift) & 3) == TAG_EMPTY) kept |= TAG_EMPTY << shift;
  }
  store<u16>(cpu, u16(kept), CPU_X87_TAG);
  replaceStatus(cpu, status);
  setControlWord(cpu, control);
}

/** Takes a status word over; error summary and busy follow from the exceptions and the control word, set next. */
function replaceStatus(cpu: usize, status: u32): void {
  store<u16>(cpu, u16((status & 0x7f7f) | (statusWord(cpu) & 0x80)), CPU_X87_STATUS);
}

/** FNSTENV: then masks every exception. */
export function storeEnvironment(cpu: usize, record: usize): usize {
  const size = environmentBytes(record);
  const linear = addressOf(cpu, record, size, true);
  checkWrite(cpu, linear, size);
  writeEnvironment(cpu, record, linear);
  setControlWord(cpu, u32(controlWord(cpu)) | 0x3f);
  return next(record);
}

export function loadEnvironment(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const size = environmentBytes(record);
  const linear = addressOf(cpu, record, size, false);
  checkRead(cpu, linear, size);
  readEnvironment(cpu, record, linear);
  return next(record);
}

/** FNSAVE: environment, then the registers from ST(0) on; then FNINIT. */
export function saveState(cpu: usize, record: usize): usize {
  const environment = environmentBytes(record);
  const linear = addressOf(cpu, record, environment + REGISTER_BYTES, true);
  checkWrite(cpu, linear, environment + REGISTER_BYTES);
  writeEnvironment(cpu, record, linear);
  for (let i: u32 = 0; i < 8; i++) {
    const from = cpu + CPU_X87 + (usize(physicalIndex(cpu, i)) << 4);
    const to = linear + environment + i * 10;
    write<u64>(cpu, to, load<u64>(from));
    write<u16>(cpu, to + 8, load<u16>(from, 8));
  }
  initialiseX87(cpu);
  return next(record);
}

export function restoreState(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const environment = environmentBytes(record);
  const linear = addressOf(cpu, record, environment + REGISTER_BYTES, false);
  checkRead(cpu, linear, environment + REGISTER_BYTES);
  readEnvironment(cpu, record, linear);
  for (let i: u32 = 0; i < 8; i++) {
    const to = cpu + CPU_X87 + (usize(physicalIndex(cpu, i)) << 4);
    const from = linear + environment + i * 10;
    store<u64>(to, read<u64>(cpu, from));
    store<u16>(to, read<u16>(cpu, from + 8), 8);
  }
  return next(record);
}
