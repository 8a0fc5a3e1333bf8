/**
 * Integer expressions of the human monitor (hmp.md §1): 64-bit, wrapping, with precedences of their own: `* / %`
 * bind tightest, then `& | ^`, and `+ -` loosest.
 */
import { syntaxError } from './hmp-error.ts';
import type { LineScanner } from './line-scanner.ts';

/** Where `$name` is looked up: the registers of the monitor's CPU. */
export interface RegisterSource {
  /** The register's value, undefined when there is none of that name. */
  read(name: string): bigint | undefined;
}

/** Longer than any name of a register; what follows is ignored. */
const MAX_REGISTER_NAME = 127;
const MAX_UNSIGNED_64 = 0xffff_ffff_ffff_ffffn;
/** More open brackets and signs than this are refused: each is a level of recursion here. */
const MAX_NESTING = 256;

const NUMBER = /0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*/y;

/**
 * Reads an expression from the scanner's position and leaves it behind the expression.
 * @returns a signed 64-bit integer
 * @throws HmpError with the text to print
 */
export function evaluateExpression(scanner: LineScanner, registers: RegisterSource): bigint {
  return new ExpressionReader(scanner, registers).read();
}

class ExpressionReader {
  readonly #scanner: LineScanner;
  readonly #registers: RegisterSource;
  #depth = 0;

  constructor(scanner: LineScanner, registers: RegisterSource) {
    this.#scanner = scanner;
    this.#registers = registers;
  }

  read(): bigint {
    this.#scanner.skipBlanks();
    return this.#sum();
  }

  #sum(): bigint {
    let value = this.#logic();
    for (;;) {
      const operator = this.#operator('+-');
      if (operator === undefined) return value;
      const right = this.#logic();
      value = wrap(operator === '+' ? value + right : value - right);
    }
  }

  #logic(): bigint {
    let value = this.#product();
    for (;;) {
      const operator = this.#operator('&|^');
      if (operator === undefined) return value;
      const right = this.#product();
      if (operator === '&') value &= right;
      else if (operator === '|') value |= right;
      else value ^= right;
    }
  }

  #product(): bigint {
    let value = this.#unary();
    for (;;) {
      const operator = this.#operator('*/%');
      if (operator === undefined) return value;
      const right = this.#unary();
      if (operator === '*') {
        value = wrap(value * right);
      } else {
        if (right === 0n) throw syntaxError('division by zero');
        value = wrap(operator === '/' ? value / right : value % right);
      }
    }
  }

  #operator(operators: string): string | undefined {
    const character = this.#scanner.current;
    if (character === '' || !operators.includes(character)) return undefined;
    this.#scanner.skipToken();
    return character;
  }

  #unary(): bigint {
    const scanner = this.#scanner;
    switch (scanner.current) {
      case '':
        throw syntaxError('unexpected end of expression');
      case '+':
      case '-':
      case '~':
      case '(':
        return this.#nested();
      case "'":
        return this.#character();
      case '$':
        return this.#register();
      default:
        return this.#number();
    }
  }

  #nested(): bigint {
    if (this.#depth === MAX_NESTING) throw syntaxError('expression too deep');
    this.#depth += 1;
    const opening = this.#scanner.current;
    this.#scanner.skipToken();
    const value = opening === '(' ? this.#sum() : this.#unary();
    this.#depth -= 1;
    if (opening === '-') return wrap(-value);
    if (opening === '~') return ~value;
    if (opening === '(') {
      if (this.#scanner.current !== ')') throw syntaxError("')' expected");
      this.#scanner.skipToken();
    }
    return value;
  }

  #character(): bigint {
    const scanner = this.#scanner;
    scanner.position += 1;
    if (scanner.atEnd) throw syntaxError('character constant expected');
    const code = scanner.current.charCodeAt(0);
    scanner.position += 1;
    // A character is one byte: the second byte of a longer one stands where the quote should be.
    if (code > 0x7f || scanner.current !== "'") throw syntaxError("missing terminating ' character");
    scanner.skipToken();
    return BigInt(code);
  }

  #register(): bigint {
    const scanner = this.#scanner;
    scanner.position += 1;
    const name = (scanner.match(/[A-Za-z0-9_.]*/y) ?? '').slice(0, MAX_REGISTER_NAME);
    scanner.skipBlanks();
    const value = this.#registers.read(name);
    if (value === undefined) throw syntaxError('unknown register');
    return wrap(value);
  }

  #number(): bigint {
    const digits = this.#scanner.match(NUMBER);
    if (digits === undefined) throw syntaxError('invalid char in expression');
    const value = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
    if (value > MAX_UNSIGNED_64) throw syntaxError('number too large');
    this.#scanner.skipBlanks();
    return wrap(value);
  }
}

function wrap(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}
