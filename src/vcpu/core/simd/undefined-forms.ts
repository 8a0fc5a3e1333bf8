// A prefix that an SSE opcode has no form for makes it undefined; elsewhere in the opcode maps such a prefix is ignored,
// which is what the decoder does with forms that nobody has defined.
import { byPrefix, byReg, defineOne, MAP_0F, MAP_0F38, MAP_0F3A, OP_MODRM, slot } from '../opcode-table';
import { raiseUD } from '../fault';

function UNDEFINED(cpu: usize, record: usize): usize {
  raiseUD(cpu);
  return 0;
}

function fill(map: u32, from: u32, to: u32): void {
  for (let opcode = from; opcode <= to; opcode++) fillEntry(slot(map, opcode));
}

function fillEntry(entry: usize): void {
  for (let prefix: u32 = 1; prefix < 4; prefix++) {
    const form = byPrefix(entry, prefix);
    if (!load<u8>(form)) defineOne(form, OP_MODRM, 0, UNDEFINED);
  }
}

/** The shift groups are split by modrm.reg first. */
function fillGroups(from: u32, to: u32): void {
  for (let opcode = from; opcode <= to; opcode++) {
    for (let extension: u32 = 0; extension < 8; extension++) fillEntry(byReg(slot(MAP_0F, opcode), extension));
  }
}

/** Call after every family has registered. */
export function defineUndefinedForms(): void {
  fill(MAP_0F, 0x10, 0x17);
  fill(MAP_0F, 0x28, 0x2f);
  fill(MAP_0F, 0x50, 0x70);
  fillGroups(0x71, 0x73);
  fill(MAP_0F, 0x74, 0x76);
  fill(MAP_0F, 0x7c, 0x7f);
  fill(MAP_0F, 0xc2, 0xc6);
  fill(MAP_0F, 0xd0, 0xfe);
  fill(MAP_0F38, 0x00, 0x41);
  fill(MAP_0F38, 0xc8, 0xcd);
  fill(MAP_0F38, 0xdb, 0xdf);
  fill(MAP_0F3A, 0x08, 0x0f);
  fill(MAP_0F3A, 0x14, 0x17);
  fill(MAP_0F3A, 0x20, 0x22);
  fill(MAP_0F3A, 0x40, 0x44);
  fill(MAP_0F3A, 0x60, 0x63);
  fill(MAP_0F3A, 0xcc, 0xcc);
  fill(MAP_0F3A, 0xdf, 0xdf);
}
