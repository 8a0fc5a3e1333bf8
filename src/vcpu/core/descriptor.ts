// Segment descriptors: reading them from the tables, and the fields of the 8-byte form (SDM vol. 3, 3.4.5).
import { CPU_SEG_BASE, CPU_SEG_LIMIT } from '../../memory/layout';
import { readSystem, writeSystem } from './access';
import { ATTR_USABLE, SEG_GDTR, SEG_LDTR } from './bits';
import { CPU_SEG_ATTRIBUTES } from '../../memory/layout';
import { raiseWithError } from './fault';

// System descriptor types, SDM vol. 3, table 3-2
export const TYPE_TSS16: u32 = 1;
export const TYPE_LDT: u32 = 2;
export const TYPE_TSS16_BUSY: u32 = 3;
export const TYPE_CALL_GATE16: u32 = 4;
export const TYPE_TASK_GATE: u32 = 5;
export const TYPE_INTERRUPT_GATE16: u32 = 6;
export const TYPE_TRAP_GATE16: u32 = 7;
export const TYPE_TSS32: u32 = 9;
export const TYPE_TSS32_BUSY: u32 = 11;
export const TYPE_CALL_GATE32: u32 = 12;
export const TYPE_INTERRUPT_GATE32: u32 = 14;
export const TYPE_TRAP_GATE32: u32 = 15;
export const TSS_BUSY: u64 = 0x0000020000000000;

/** Selector without RPL, as error codes carry it. */
// @ts-ignore: decorator
@inline
export function selectorError(selector: u32): u32 {
  return selector & 0xfffc;
}

/** Linear address of a selector's descriptor, or -1 if it lies outside its table. */
export function descriptorAddress(cpu: usize, selector: u32, bytes: u32): u64 {
  const table = selector & 4 ? SEG_LDTR : SEG_GDTR;
  if (selector & 4 && !(load<u32>(cpu + (SEG_LDTR << 2), CPU_SEG_ATTRIBUTES) & ATTR_USABLE)) return -1;
  const offset = selector & 0xfff8;
  if (offset + bytes - 1 > load<u32>(cpu + (table << 2), CPU_SEG_LIMIT)) return -1;
  return load<u64>(cpu + (table << 3), CPU_SEG_BASE) + offset;
}

/** A selector's descriptor; `vector` with the selector as error code when it lies outside its table. */
export function readDescriptor(cpu: usize, selector: u32, vector: u32, external: u32 = 0): u64 {
  const at = descriptorAddress(cpu, selector, 8);
  if (at == -1) raiseWithError(cpu, vector, selectorError(selector) | external);
  return readSystem(cpu, at, 8);
}

/** Upper 8 bytes of a 16-byte system descriptor (long mode). */
export function readDescriptorHigh(cpu: usize, selector: u32, vector: u32): u64 {
  const at = descriptorAddress(cpu, selector, 16);
  if (at == -1) raiseWithError(cpu, vector, selectorError(selector));
  return readSystem(cpu, at + 8, 8);
}

/** Writes a descriptor's type byte: accessed and busy bits. */
export function writeDescriptorType(cpu: usize, selector: u32, descriptor: u64): void {
  const at = descriptorAddress(cpu, selector, 8);
  writeSystem(cpu, at + 5, 1, (descriptor >> 40) & 0xff);
}

export function baseOf(descriptor: u64): u64 {
  return ((descriptor >> 16) & 0xffffff) | ((descriptor >> 32) & 0xff000000);
}

/** Limit in bytes, granularity applied. */
export function limitOf(descriptor: u64): u32 {
  const raw = <u32>((descriptor & 0xffff) | ((descriptor >> 32) & 0xf0000));
  return descriptor & 0x0080000000000000 ? (raw << 12) | 0xfff : raw;
}

/** Attributes as CPU_SEG_ATTRIBUTES keeps them. */
export function attributesOf(descriptor: u64): u32 {
  return (<u32>(descriptor >> 40) & 0xf0ff) | ATTR_USABLE;
}

// @ts-ignore: decorator
@inline
export function typeOf(descriptor: u64): u32 {
  return <u32>(descriptor >> 40) & 15;
}

// @ts-ignore: decorator
@inline
export function isSystem(descriptor: u64): bool {
  return !(descriptor & 0x0000100000000000);
}

// @ts-ignore: decorator
@inline
export function isPresent(descriptor: u64): bool {
  return (descriptor & 0x0000800000000000) != 0;
}

// @ts-ignore: decorator
@inline
export function dplOf(descriptor: u64): u32 {
  return <u32>(descriptor >> 45) & 3;
}

/** Code segment (S = 1, type bit 3). */
// @ts-ignore: decorator
@inline
export function isCode(descriptor: u64): bool {
  return (descriptor & 0x0000180000000000) == 0x0000180000000000;
}

// @ts-ignore: decorator
@inline
export function isConforming(descriptor: u64): bool {
  return (descriptor & 0x0000040000000000) != 0;
}

/** Data: writable. Code: readable. */
// @ts-ignore: decorator
@inline
export function isReadWrite(descriptor: u64): bool {
  return (descriptor & 0x0000020000000000) != 0;
}

// @ts-ignore: decorator
@inline
export function isLongCode(descriptor: u64): bool {
  return (descriptor & 0x0020000000000000) != 0;
}

// @ts-ignore: decorator
@inline
export function isDefault32(descriptor: u64): bool {
  return (descriptor & 0x0040000000000000) != 0;
}
