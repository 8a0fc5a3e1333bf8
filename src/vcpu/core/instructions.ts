// Every instruction family, once.
import { registerAlu } from "./alu";
import { registerBcd } from "./bcd";
import { registerBit } from "./bit";
import { registerBmi } from "./bmi";
import { registerCmpxchg } from "./cmpxchg";
import { registerControl } from "./control";
import { registerEflags } from "./eflags";
import { registerMisc } from "./misc";
import { registerMov } from "./mov";
import { registerMulDiv } from "./muldiv";
import { registerShift } from "./shift";
import { registerStack } from "./stack";
import { registerString } from "./string";

/** Fills the decode table. */
export function registerInstructions(): void {
  registerAlu();
  registerBcd();
  registerBit();
  registerBmi();
  registerCmpxchg();
  registerControl();
  registerEflags();
  registerMisc();
  registerMov();
  registerMulDiv();
  registerShift();
  registerStack();
  registerString();
}
