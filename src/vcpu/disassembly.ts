/**
 * Guest code as assembly in AT&T syntax, by iced-x86: a complete and well-kept decoder (WebAssembly, no native code). It is
 * loaded when it is first needed.
 */

export interface DisassembledInstruction {
  readonly address: bigint;
  readonly bytes: number;
  readonly text: string;
}

/** Where operands begin: mnemonics have six columns, as the GNU assembler's listings have them. */
const OPERAND_COLUMN = 7;

/** The longest instruction (SDM vol. 2, 2.3.11). */
export const MAX_INSTRUCTION_BYTES = 15;

export class Disassembler {
  readonly #iced: typeof import('iced-x86');

  private constructor(iced: typeof import('iced-x86')) {
    this.#iced = iced;
  }

  static async load(): Promise<Disassembler> {
    return new Disassembler(await import('iced-x86'));
  }

  /**
   * Decodes instructions from the start of `code` on.
   *
   * @param address linear address of the first byte
   * @param bits 16, 32 or 64: the code size that the CPU would decode them in
   * @param count how many at most; fewer when the bytes end
   */
  decode(
    code: Uint8Array,
    address: bigint,
    bits: 16 | 32 | 64,
    count: number,
  ): readonly DisassembledInstruction[] {
    const { Decoder, DecoderOptions, Formatter, FormatterSyntax } = this.#iced;
    const decoder = new Decoder(bits, code, DecoderOptions.None);
    const formatter = new Formatter(FormatterSyntax.Gas);
    formatter.uppercaseHex = false;
    formatter.firstOperandCharIndex = OPERAND_COLUMN;
    decoder.ip = address;
    const found: DisassembledInstruction[] = [];
    try {
      while (found.length < count && decoder.canDecode) {
        const instruction = decoder.decode();
        const text = instruction.isInvalid ? '(bad)' : formatter.format(instruction);
        found.push({ address: instruction.ip, bytes: Math.max(1, instruction.length), text });
        instruction.free();
      }
    } finally {
      decoder.free();
      formatter.free();
    }
    return found;
  }
}
