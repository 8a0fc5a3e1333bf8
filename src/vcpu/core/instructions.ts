// Every instruction family, once.
import { registerAlu } from "./alu";
import { registerBcd } from "./bcd";
import { registerBit } from "./bit";
import { registerBmi } from "./bmi";
import { registerCmpxchg } from "./cmpxchg";
import { registerControl } from "./control";
import { registerEflags } from "./eflags";
import { registerMmx } from "./fpu/mmx";
import { registerX87 } from "./fpu/x87";
import { registerMisc } from "./misc";
import { registerMov } from "./mov";
import { registerMulDiv } from "./muldiv";
import { registerShift } from "./shift";
import { registerStack } from "./stack";
import { registerString } from "./string";
import { registerCpuid } from "./cpuid";
import { registerMsr } from "./msr";
import { registerPerformance } from "./performance";
import { registerTsc } from "./tsc";
import { registerControlRegister } from "./control-register";
import { registerFar } from "./far";
import { registerInterrupt } from "./interrupt";
import { registerIo } from "./io";
import { registerSegment } from "./segment";
import { registerSmm } from "./smm";
import { registerSyscall } from "./syscall";
import { registerSystem } from "./system";

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
  registerMmx();
  registerX87();
  registerCpuid();
  registerMsr();
  registerPerformance();
  registerTsc();
  registerSystem();
  registerSyscall();
  registerSmm();
  registerSegment();
  registerIo();
  registerInterrupt();
  registerFar();
  registerControlRegister();
}
