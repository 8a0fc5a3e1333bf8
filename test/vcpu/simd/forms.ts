/**
 * Every encoding of the vector opcode space that is tried: opcode map, opcode, mandatory prefix, legacy or VEX with L and
 * W, register or memory operand. Encodings that no processor defines are among them: they must raise #UD.
 */

/** Mandatory prefix as VEX.pp has it. */
export const PREFIX_BYTES = [0, 0x66, 0xf3, 0xf2] as const;

export interface Form {
  readonly map: 1 | 2 | 3;
  readonly opcode: number;
  readonly prefix: number;
  readonly vex: boolean;
  readonly l: number;
  readonly w: number;
  readonly memory: boolean;
}

/** Opcodes as "from-to" in hexadecimal, by map. */
const LEGACY: Readonly<Record<1 | 2 | 3, string>> = {
  1: '10-17 28-29 2a-2f 50-76 7c-7f ae c2-c6 d0-fe',
  2: '00-0b 10-10 14-15 17-17 1c-1e 20-25 28-2b 30-35 37-41 c8-cd db-df',
  3: '08-0f 14-17 20-22 40-42 44-44 60-63 cc-cc df-df',
};
const VEX: Readonly<Record<1 | 2 | 3, string>> = {
  1: '10-17 28-2f 50-7f ae c2-c6 d0-fe',
  2: '00-10 13-1f 20-3f 40-41 45-47 58-5a 78-79 8c-8c 8e-8e 90-93 96-9f a6-af b6-bf c8-cd db-df',
  3: '00-02 04-06 08-0f 14-19 1d-1d 20-22 38-39 40-42 44-44 46-46 4a-4c 60-63 cc-cc df-df',
};

/** Opcodes of map 0F that are MMX instructions without a prefix. */
function isMmx(map: number, opcode: number): boolean {
  if (map === 2) return opcode <= 0x0b || (opcode >= 0x1c && opcode <= 0x1e);
  if (map === 3) return opcode === 0x0f;
  if (opcode >= 0x60 && opcode <= 0x7f) return opcode !== 0x6c && opcode !== 0x6d;
  return (
    (opcode >= 0xd1 && opcode <= 0xfe && opcode !== 0xd6 && opcode !== 0xe6 && opcode !== 0xf0) ||
    opcode === 0xc4 ||
    opcode === 0xc5
  );
}

function expand(ranges: string): number[] {
  return ranges.split(' ').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map((text) => Number.parseInt(text, 16));
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

function isTried(map: number, opcode: number, prefix: number, vex: boolean): boolean {
  // Of 0F AE only LDMXCSR and STMXCSR: others write far or change FS.
  if (map === 1 && opcode === 0xae) return prefix === 0;
  if (vex) return true;
  if (prefix === 0 && isMmx(map, opcode)) return false;
  return true;
}

/** All forms, in a fixed order. */
export function allForms(): Form[] {
  const forms: Form[] = [];
  for (const map of [1, 2, 3] as const) {
    for (const vex of [false, true]) {
      for (const opcode of expand((vex ? VEX : LEGACY)[map])) {
        for (let prefix = 0; prefix < 4; prefix++) {
          if (!isTried(map, opcode, prefix, vex)) continue;
          for (let bits = 0; bits < (vex ? 8 : 4); bits++) {
            if (map === 1 && opcode === 0xae && !(bits & 1)) continue;
            forms.push({
              map,
              opcode,
              prefix,
              vex,
              memory: (bits & 1) !== 0,
              w: (bits >> 1) & 1,
              l: bits >> 2,
            });
          }
        }
      }
    }
  }
  return forms;
}

/** Modrm.reg is an opcode extension. */
export function isGroup(form: Form): boolean {
  return form.map === 1 && form.opcode >= 0x71 && form.opcode <= 0x73;
}

/** LDMXCSR and STMXCSR. */
export function isMxcsrAccess(form: Form): boolean {
  return form.map === 1 && form.opcode === 0xae;
}

/** CVTPI2PS and its kin, MOVQ2DQ, MOVDQ2Q: one of the operands is an MMX register. */
export function isMmxConversion(form: Form): boolean {
  if (form.vex || form.map !== 1) return false;
  if (form.opcode === 0xd6) return form.prefix >= 2;
  return [0x2a, 0x2c, 0x2d].includes(form.opcode) && form.prefix < 2;
}

/** One of the operands is, or may be, a general register. */
export function usesGeneralRegister(form: Form): boolean {
  if (form.map === 3)
    return (form.opcode >= 0x14 && form.opcode <= 0x17) || form.opcode === 0x20 || form.opcode === 0x22;
  if (isMmxConversion(form)) return false;
  return form.map === 1 && [0x2a, 0x2c, 0x2d, 0x50, 0x6e, 0x7e, 0xc3, 0xc4, 0xc5, 0xd7].includes(form.opcode);
}

export function hasImmediate(form: Form): boolean {
  return (
    form.map === 3 ||
    (form.map === 1 &&
      ((form.opcode >= 0x70 && form.opcode <= 0x73) || [0xc2, 0xc4, 0xc5, 0xc6].includes(form.opcode)))
  );
}

/** The immediate names a register in its upper half. */
export function hasRegisterImmediate(form: Form): boolean {
  return form.vex && form.map === 3 && form.opcode >= 0x4a && form.opcode <= 0x4c;
}

export function isGather(form: Form): boolean {
  return form.vex && form.map === 2 && form.opcode >= 0x90 && form.opcode <= 0x93;
}

/** RCP and RSQRT approximate: vendors differ. */
export function isApproximation(form: Form): boolean {
  return form.map === 1 && (form.opcode === 0x52 || form.opcode === 0x53);
}

/** The form in words for messages. */
export function describeForm(form: Form): string {
  const map = ['', '0F', '0F38', '0F3A'][form.map];
  const kind = form.vex ? `VEX.${form.l ? 256 : 128}.W${form.w}` : `legacy${form.w ? '.W1' : ''}`;
  const prefix = ['NP', '66', 'F3', 'F2'][form.prefix];
  return `${kind}.${prefix}.${map} ${form.opcode.toString(16)} ${form.memory ? 'mem' : 'reg'}`;
}
