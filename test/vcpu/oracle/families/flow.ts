/** Stack instructions, jumps, calls, loops, string instructions, self-modifying code, and what user code may not do. */
import { SELF_MODIFYING } from '../case-format.ts';
import { AC, CF, DF, flagsOfCondition, ID, IF, STATUS, TF, ZF } from '../flag-bits.ts';
import { littleEndian, type SequenceBuilder } from '../sequence-builder.ts';
import { DATA, DATA_BYTES, GS_BASE } from '../test-memory.ts';
import { type Family, REP, REPNE } from './family.ts';

/** The stack's operand size: never 32 bits in 64-bit code. */
function stackSize(b: SequenceBuilder) {
  if (b.random.chance(0.15)) return 16;
  return b.bits;
}

function stack(b: SequenceBuilder): void {
  const size = stackSize(b);
  const common = { size, default64: true } as const;
  switch (b.random.below(9)) {
    case 0:
    case 1:
      b.emit({ ...common, opcode: [0x50], opcodeRegister: b.source() });
      break;
    case 2:
    case 3:
      b.emit({ ...common, opcode: [0x58], opcodeRegister: b.destination() });
      break;
    case 4:
      b.emit({ ...common, opcode: [0x68], immediate: { value: b.random.u64(), bytes: size === 16 ? 2 : 4 } });
      break;
    case 5:
      b.emit({ ...common, opcode: [0x6a], immediate: { value: b.random.u32(), bytes: 1 } });
      break;
    case 6: {
      const rm = b.random.chance(0.6) ? b.memory(size / 8) : b.register(b.source());
      b.emit({ ...common, opcode: [0xff], rm, reg: 6 });
      break;
    }
    case 7: {
      const rm = b.random.chance(0.6) ? b.memory(size / 8) : b.register(b.destination());
      b.emit({ ...common, opcode: [0x8f], rm, reg: 0 });
      break;
    }
    default:
      if (b.bits === 32 && !b.stackIsLow) b.emit({ ...common, opcode: [b.random.chance(0.6) ? 0x60 : 0x61] });
      else b.emit({ ...common, opcode: [0x50], opcodeRegister: 4 });
  }
}

/** PUSHF reads all flags; POPF takes an image that was pushed before it. */
function flagStack(b: SequenceBuilder): void {
  const size = stackSize(b);
  if (b.random.chance(0.5)) {
    b.emit({ size, default64: true, opcode: [0x9c], reads: STATUS });
    return;
  }
  b.group(() => {
    let image = b.random.u32() & (STATUS | DF | IF | ID | 0x3000);
    if (b.random.chance(0.05)) image |= TF;
    const wide = size === 16 ? 2 : 4;
    b.emit({ size, default64: true, opcode: [0x68], immediate: { value: image, bytes: wide } });
    b.emit({ size, default64: true, opcode: [0x9d], defines: STATUS });
    b.emit({ size: 32, opcode: [0x90] });
  });
}

/** POPF that sets AC: misaligned accesses from then on are #AC (SDM vol. 3, 6.15 "Interrupt 17"). */
function alignmentCheck(b: SequenceBuilder): void {
  const image = (b.random.u32() & STATUS) | IF | AC;
  b.group(() => {
    b.emit({ size: b.bits, default64: true, opcode: [0x68], immediate: { value: image, bytes: 4 } });
    b.emit({ size: b.bits, default64: true, opcode: [0x9d], defines: STATUS });
  });
  b.emit({ size: 32, opcode: [0x8b], rm: b.memory(4), reg: b.destination() });
}

/** ENTER with 0 to 3 levels and LEAVE. */
function frame(b: SequenceBuilder): void {
  const size = stackSize(b);
  b.clobber(5);
  if (b.random.chance(0.3)) {
    b.emit({ size, default64: true, opcode: [0xc9] });
    b.clobber(4);
    return;
  }
  b.group(() => {
    const level = b.stackIsLow || b.random.chance(0.6) ? 0 : b.random.below(b.random.chance(0.8) ? 4 : 40);
    const immediate = { value: b.random.below(64) | (level << 16), bytes: 3 };
    b.emit({ size, default64: true, opcode: [0xc8], immediate });
    if (b.random.chance(0.8)) b.emit({ size, default64: true, opcode: [0xc9] });
  });
}

/** Forward jumps of every kind over one to three instructions that `fill` gives. */
function jump(b: SequenceBuilder, fill: (b: SequenceBuilder) => void): void {
  const body = () => {
    for (let n = b.random.between(1, 3); n > 0 && b.hasRoom; n--) fill(b);
  };
  const code = b.random.below(16);
  const kind = b.random.below(10);
  if (kind < 4) b.jumpOver([0x70 | code], false, flagsOfCondition(code), body);
  else if (kind < 6) b.jumpOver([0x0f, 0x80 | code], true, flagsOfCondition(code), body);
  else if (kind === 6) b.jumpOver([0xeb], false, 0, body);
  else if (kind === 7) {
    // LOOPNE LOOPE LOOP JRCXZ, the counter by address size.
    const which = b.random.below(4);
    const head = b.random.chance(0.2) ? [0x67, 0xe0 | which] : [0xe0 | which];
    b.jumpOver(head, false, which < 2 ? ZF : 0, body);
    b.clobber(1);
  } else if (kind === 8) b.jumpOver([0xe9], true, 0, body);
  else b.jumpOver([0xe8], true, 0, body);
}

/** A counted loop: MOV ECX, n; ADC, ROL and LEA of RAX; LOOP back. */
function loop(b: SequenceBuilder): void {
  b.group(() => {
    b.emit({
      size: 32,
      opcode: [0xb8],
      opcodeRegister: 1,
      immediate: { value: b.random.between(1, 20), bytes: 4 },
    });
    b.emit({ size: 32, opcode: [0x39], rm: b.register(b.source()), reg: b.source(), defines: STATUS });
    const from = b.offset;
    const size = b.bits === 64 ? 64 : 32;
    b.emit({ size, opcode: [0x11], rm: b.register(0), reg: 2, reads: CF, defines: STATUS });
    if (b.random.chance(0.5)) b.emit({ size, opcode: [0x03], rm: b.memory(8), reg: 0, defines: STATUS });
    b.raw([b.random.pick([0xe2, 0xe2, 0xe1, 0xe0]), (from - b.offset - 2) & 0xff], { reads: ZF });
  });
}

/** LEA RAX, target; PUSH RAX; RET or RET n. Or the same with JMP RAX or CALL RAX. Or a CALL with its RET. */
function callReturn(b: SequenceBuilder): void {
  const far = b.random.pick([
    [0x50, 0xc3],
    [0x50, 0xc2, 0x10, 0x00],
    [0xff, 0xe0],
    [0xff, 0xd0],
  ]);
  b.group(() => {
    if (b.random.chance(0.3)) {
      // CALL L; JMP end; L: RET; end:
      b.raw([0xe8, 2, 0, 0, 0, 0xeb, 1, 0xc3]);
      return;
    }
    if (b.bits === 64) b.raw([0x48, 0x8d, 0x05, ...littleEndian(BigInt(far.length), 4)]);
    else b.raw([0xb8, ...littleEndian(BigInt(b.addressOf(b.offset + 5 + far.length)), 4)]);
    b.raw(far);
  });
  b.clobber(0);
}

const GS = 0x65;
const MOVS = 0xa4;
const CMPS = 0xa6;
const STOS = 0xaa;
const LODS = 0xac;
const SCAS = 0xae;

/** MOVS CMPS STOS LODS SCAS, alone and repeated, up and down, with small and with any counts. */
function string(b: SequenceBuilder): void {
  const size = b.size();
  const base = b.random.pick([MOVS, CMPS, STOS, LODS, SCAS]);
  const compares = base === CMPS || base === SCAS;
  const prefixes: number[] = [];
  const repeats = b.random.chance(0.7);
  if (repeats) prefixes.push(compares && b.random.chance(0.5) ? REPNE : REP);
  const throughGs = b.bits === 64 && b.random.chance(0.05);
  if (throughGs) prefixes.push(GS);
  else if (b.random.chance(0.05)) prefixes.push(0x36);
  // With 32-bit addresses the registers are set, since who clears their upper halves when a fault comes is not said.
  const address32 = b.bits === 64 && b.random.chance(0.06);
  if (address32) prefixes.push(0x67);
  const effect = repeats ? (compares ? { undefines: 0 } : {}) : compares ? { defines: STATUS } : {};
  b.group(() => {
    if (b.random.chance(0.4)) b.emit({ size: 32, opcode: [b.random.pick([0xfc, 0xfc, 0xfd])] });
    for (const register of [6, 7]) {
      if (!address32 && !b.random.chance(0.6)) continue;
      const at = DATA + b.random.below(DATA_BYTES);
      const value = throughGs && register === 6 ? Math.max(at - GS_BASE, 0) : at;
      b.emit({ size: 32, opcode: [0xb8], opcodeRegister: register, immediate: { value, bytes: 4 } });
    }
    if (address32 || (repeats && b.random.chance(0.92))) {
      const value = b.random.below(b.random.chance(0.7) ? 20 : 700);
      b.emit({ size: 32, opcode: [0xb8], opcodeRegister: 1, immediate: { value, bytes: 4 } });
    }
    b.emit({ ...effect, opcode: [size === 8 ? base : base | 1], size, prefixes });
  });
  if (base === LODS) b.clobber(0);
  b.clobber(1);
}

/** Code that overwrites the immediate of an instruction right after it. */
function selfModifying(b: SequenceBuilder): void {
  b.group(() => {
    const gap = b.random.below(3);
    const value = b.random.below(256);
    // MOV byte [target], value; NOPs; ADD EAX, imm32: the target is one byte of imm32.
    const byte = b.random.below(4);
    if (b.bits === 64) b.raw([0xc6, 0x05, ...littleEndian(BigInt(gap + 1 + byte), 4), value]);
    else b.raw([0xc6, 0x05, ...littleEndian(BigInt(b.addressOf(b.offset + 7 + gap + 1 + byte)), 4), value]);
    for (let i = 0; i < gap; i++) b.raw([0x90]);
    b.raw([0x05, ...littleEndian(BigInt(b.random.u32()), 4)], { defines: STATUS });
  });
}

/** BOUND with bounds in memory: mostly #BR. Whether the second bound is read when the first is not met is nobody's promise. */
function bound(b: SequenceBuilder): void {
  const size = b.random.pick([16, 32] as const);
  const displacement = DATA + b.random.below(DATA_BYTES - 8);
  const rm = { ...b.memory(size / 4), base: -1, index: -1, scale: 0, displacement, segmentPrefix: undefined };
  b.emit({ opcode: [0x62], size, rm, reg: b.source() });
}

/** Privileged or undefined: the sequence ends here. HLT CLI STI IN OUT, MOV CR/DR, LGDT.., RDMSR, UD. */
function forbidden(b: SequenceBuilder): void {
  const bytes = b.random.pick([
    [0xf4],
    [0xfa],
    [0xfb],
    [0xec],
    [0xed],
    [0xee],
    [0xe4, 0x80],
    [0xe7, 0x80],
    [0x0f, 0x20, 0xc0],
    [0x0f, 0x22, 0xc0],
    [0x0f, 0x22, 0xd8],
    [0x0f, 0x21, 0xf8],
    [0x0f, 0x23, 0xf8],
    [0x0f, 0x01, 0x13],
    [0x0f, 0x01, 0x1b],
    [0x0f, 0x01, 0xf0],
    [0x0f, 0x00, 0xd0],
    [0x0f, 0x00, 0xd8],
    [0x0f, 0x06],
    [0x0f, 0x08],
    [0x0f, 0x09],
    [0x0f, 0x30],
    [0x0f, 0x32],
    [0x0f, 0x01, 0x3b],
    [0x0f, 0x0b],
    [0x0f, 0xb9, 0xc0],
    [0x0f, 0xff, 0xc0],
    [0x0f, 0x04],
    [0xf0, 0x01, 0xc0],
    [0xf0, 0x8b, 0x03],
    [0xf0, 0x90],
    [0xf0, 0x39, 0x03],
    [0x8d, 0xc0],
    [0x8e, 0xc8],
    [0xc6, 0xc8, 0x00],
    [0xfe, 0xd0],
    [0xff, 0xf8],
    [0x8f, 0xc8],
    [0x0f, 0xc7, 0xc8],
    [0x0f, 0xba, 0xc0, 0x01],
    [0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90],
    [0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90],
  ]);
  b.raw(bytes);
}

/** Instructions of 32-bit code that 64-bit code has not: each is #UD there. */
function gone64(b: SequenceBuilder): void {
  const bytes = b.random.pick([
    [0x06],
    [0x0e],
    [0x16],
    [0x1e],
    [0x27],
    [0x2f],
    [0x37],
    [0x3f],
    [0x60],
    [0x61],
    [0x82, 0xc0, 0x01],
    [0x9a, 0, 0, 0, 0, 0, 0],
    [0xce],
    [0xd4, 0x0a],
    [0xd5, 0x0a],
    [0xd6],
    [0xea, 0, 0, 0, 0, 0, 0],
  ]);
  b.raw(bytes);
}

/** The families of this file; `fill` gives the bodies of jumps. */
export function flowFamilies(fill: (b: SequenceBuilder) => void): readonly Family[] {
  return [
    { name: 'stack', weight: 10, emit: stack },
    { name: 'flag-stack', weight: 3, emit: flagStack },
    { name: 'alignment-check', weight: 0.3, emit: alignmentCheck },
    { name: 'frame', weight: 2, emit: frame },
    { name: 'jump', weight: 8, emit: (b) => jump(b, fill) },
    { name: 'loop', weight: 2, emit: loop },
    { name: 'call-return', weight: 2, emit: callReturn },
    { name: 'string', weight: 8, emit: string },
    { name: SELF_MODIFYING, weight: 1, emit: selfModifying },
    { name: 'bound', weight: 1, bits: 32, emit: bound },
    { name: 'forbidden', weight: 0.4, emit: forbidden },
    { name: 'gone-in-64', weight: 0.15, bits: 64, emit: gone64 },
  ];
}
