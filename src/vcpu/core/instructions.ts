// Every instruction family, once.
import { registerAlu } from "./alu";
import { registerControl } from "./control";
import { registerMov } from "./mov";
import { registerStack } from "./stack";

/** Fills the decode table. */
export function registerInstructions(): void {
  registerAlu();
  registerMov();
  registerStack();
  registerControl();
}
