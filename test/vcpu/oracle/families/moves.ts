/** MOV, LEA, XCHG, XADD, CMPXCHG*, MOVBE, BSWAP, CMOVcc, SETcc, XLAT, flag instructions. */
import { AF, CF, flagsOfCondition, PF, SF, STATUS, ZF } from '../flag-bits.ts';
import type { SequenceBuilder } from '../sequence-builder.ts';
import { type Family, maybeLock, widened } from './family.ts';

function move(b: SequenceBuilder): void {
  const size = b.size();
  switch (b.random.below(5)) {
    case 0:
      b.emit({ opcode: [widened(0x88, size)], size, rm: b.operand(size, true), reg: b.source() });
      break;
    case 1:
      b.emit({ opcode: [widened(0x8a, size)], size, rm: b.operand(size, false), reg: b.destination() });
      break;
    case 2: {
      const rm = b.operand(size, true);
      b.emit({ opcode: [widened(0xc6, size)], size, rm, reg: 0, immediate: b.immediate(size) });
      break;
    }
    case 3: {
      const immediate = { value: b.random.u64(), bytes: size / 8 };
      const opcode = [size === 8 ? 0xb0 : 0xb8];
      b.emit({ opcode, size, opcodeRegister: b.destination(), immediate });
      break;
    }
    default:
      moveAbsolute(b);
  }
}

/** MOV between the accumulator and an absolute address as long as the address size. */
function moveAbsolute(b: SequenceBuilder): void {
  const size = b.size();
  const immediate = { value: b.address(size / 8), bytes: b.bits / 8 };
  b.emit({ opcode: [widened(b.random.pick([0xa0, 0xa2]), size)], size, immediate });
}

/** MOV from a segment register: 16 bits to memory, any size to a register. */
function moveSegment(b: SequenceBuilder): void {
  const size = b.size(false);
  const rm = b.random.chance(0.5) ? b.memory(2) : b.register(b.destination());
  b.emit({ opcode: [0x8c], size, rm, reg: b.random.below(6) });
}

function loadAddress(b: SequenceBuilder): void {
  const size = b.size(false);
  const memory = b.memory(1);
  const random = b.random.chance(0.5);
  const rm = random ? { ...memory, displacement: b.random.u32() | 0, scale: b.random.below(4) } : memory;
  b.emit({ opcode: [0x8d], size, rm, reg: b.destination() });
}

function exchange(b: SequenceBuilder): void {
  const size = b.size();
  const kind = b.random.below(4);
  if (kind === 0 && size !== 8) {
    // Never 90 without REX.B: that is NOP or PAUSE.
    b.emit({ opcode: [0x90], size, opcodeRegister: b.destination() });
    b.clobber(0);
    return;
  }
  const rm = b.operand(size, true);
  const prefixes = maybeLock(b, rm);
  const reg = b.destination();
  if (kind < 2) b.emit({ opcode: [widened(0x86, size)], size, rm, reg, prefixes });
  else if (kind === 2)
    b.emit({ opcode: [0x0f, widened(0xc0, size)], size, rm, reg, prefixes, defines: STATUS });
  else {
    // Half of the comparisons succeed.
    if (b.random.chance(0.5) && rm.kind === 'memory')
      b.emit({ opcode: [widened(0x8a, size)], size, rm, reg: 0 });
    const opcode = [0x0f, widened(0xb0, size)];
    b.emit({ opcode, size, rm, reg: b.source(), prefixes, defines: STATUS });
  }
}

/** CMPXCHG8B and CMPXCHG16B; the latter wants alignment, and gets it mostly. */
function compareExchangeWide(b: SequenceBuilder): void {
  const size = b.bits === 64 && b.random.chance(0.5) ? 64 : 32;
  const prefixes = b.random.chance(0.5) ? [0xf0] : [];
  const memory = b.memory(size / 4);
  const aligned = {
    ...memory,
    base: -1,
    index: -1,
    ripTarget: undefined,
    segmentPrefix: undefined,
    displacement: 0x20000000 + b.random.below(0x1ff) * 16,
  };
  const rm = b.random.chance(0.8) ? aligned : memory;
  b.group(() => {
    if (b.random.chance(0.6) && rm === aligned) {
      const half = size / 8;
      b.emit({ opcode: [0x8b], size, rm, reg: 0 });
      b.emit({ opcode: [0x8b], size, rm: { ...aligned, displacement: aligned.displacement + half }, reg: 2 });
    }
    b.emit({ opcode: [0x0f, 0xc7], size, rm, reg: 1, prefixes, defines: ZF });
  });
}

function swapBytes(b: SequenceBuilder): void {
  if (b.random.chance(0.4)) {
    const size = b.bits === 64 ? b.random.pick([32, 64] as const) : 32;
    b.emit({ opcode: [0x0f, 0xc8], size, opcodeRegister: b.destination() });
    return;
  }
  const size = b.size(false);
  const isStore = b.random.chance(0.5);
  const reg = isStore ? b.source() : b.destination();
  b.emit({ opcode: [0x0f, 0x38, isStore ? 0xf1 : 0xf0], size, rm: b.memory(size / 8), reg });
}

function conditional(b: SequenceBuilder): void {
  const code = b.random.below(16);
  const reads = flagsOfCondition(code);
  if (b.random.chance(0.5)) {
    const size = b.size(false);
    b.emit({ opcode: [0x0f, 0x40 | code], size, rm: b.operand(size, false), reg: b.destination(), reads });
  } else {
    const rm = b.operand(8, true);
    b.emit({ opcode: [0x0f, 0x90 | code], size: 8, rm, reg: b.random.below(8), reads });
  }
}

function translate(b: SequenceBuilder): void {
  b.emit({ opcode: [0xd7], size: 32, prefixes: b.bits === 64 && b.random.chance(0.2) ? [0x67] : [] });
}

/** CLC STC CMC CLD STD LAHF SAHF NOP and the long NOP. */
function flagInstructions(b: SequenceBuilder): void {
  const size = 32;
  const kind = b.random.below(8);
  if (kind < 2) b.emit({ opcode: [0xf8 | kind], size, defines: CF });
  else if (kind === 2) b.emit({ opcode: [0xf5], size, reads: CF, defines: CF });
  else if (kind === 3) b.emit({ opcode: [b.random.chance(0.7) ? 0xfc : 0xfd], size });
  else if (kind === 4) b.emit({ opcode: [0x9f], size, reads: CF | PF | AF | ZF | SF });
  else if (kind === 5) b.emit({ opcode: [0x9e], size, defines: CF | PF | AF | ZF | SF });
  else if (kind === 6) b.emit({ opcode: [0x90], size, prefixes: b.random.pick([[], [0xf3], [0x66]]) });
  else b.emit({ opcode: [0x0f, 0x1f], size: b.size(false), rm: b.operand(32, false), reg: 0 });
}

export const MOVE_FAMILIES: readonly Family[] = [
  { name: 'move', weight: 16, emit: move },
  { name: 'move-segment', weight: 1, emit: moveSegment },
  { name: 'lea', weight: 5, emit: loadAddress },
  { name: 'exchange', weight: 7, emit: exchange },
  { name: 'compare-exchange-wide', weight: 3, needs: ['cx16'], emit: compareExchangeWide },
  { name: 'movbe', weight: 3, needs: ['movbe'], emit: swapBytes },
  { name: 'conditional', weight: 8, emit: conditional },
  { name: 'xlat', weight: 1, emit: translate },
  { name: 'flags', weight: 5, emit: flagInstructions },
];
