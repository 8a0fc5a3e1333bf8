/** Puts functions of regions into a WebAssembly module (core specification, chapter 5). */
import { IMPORTS, LOCAL_GROUPS, SIGNATURES, TYPE_HANDLER } from './locals.ts';
import { WasmWriter, type WrittenCode } from './wasm-writer.ts';

const SECTION_CUSTOM = 0;
const SECTION_TYPE = 1;
const SECTION_IMPORT = 2;
const SECTION_FUNCTION = 3;
const SECTION_EXPORT = 7;
const SECTION_CODE = 10;
const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const FUNCTION_TYPE = 0x60;
const FUNCTION = 0;
const TABLE = 1;
const MEMORY = 2;
const FUNCREF = 0x70;
const SHARED_WITH_MAXIMUM = 3;
const MOST_PAGES = 65536;
/** Branch hinting proposal, "Binary format". */
const HINT_SECTION = 'metadata.code.branch_hint';

function name(to: WasmWriter, text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  to.unsigned(bytes.length);
  to.bytes(bytes);
}

function section(to: WasmWriter, id: number, write: (body: WasmWriter) => void): void {
  const body = new WasmWriter();
  write(body);
  const { bytes } = body.finish();
  to.byte(id);
  to.unsigned(bytes.length);
  to.bytes(bytes);
}

function locals(): Uint8Array {
  const writer = new WasmWriter();
  writer.unsigned(LOCAL_GROUPS.length);
  for (const [count, type] of LOCAL_GROUPS) {
    writer.unsigned(count);
    writer.byte(type);
  }
  return writer.finish().bytes;
}

const LOCALS = locals();

/**
 * The module of these functions, each of the handlers' type and exported under its position. It imports `core.memory`,
 * `core.table` and the functions of IMPORTS.
 */
export function regionModule(functions: readonly WrittenCode[]): Uint8Array {
  const whole = new WasmWriter();
  whole.bytes(HEADER);
  section(whole, SECTION_TYPE, (body) => {
    body.unsigned(SIGNATURES.length);
    for (const { parameters, results } of SIGNATURES) {
      body.byte(FUNCTION_TYPE);
      body.unsigned(parameters.length);
      body.bytes(parameters);
      body.unsigned(results.length);
      body.bytes(results);
    }
  });
  section(whole, SECTION_IMPORT, writeImports);
  section(whole, SECTION_FUNCTION, (body) => {
    body.unsigned(functions.length);
    for (const _ of functions) body.unsigned(TYPE_HANDLER);
  });
  section(whole, SECTION_EXPORT, (body) => {
    body.unsigned(functions.length);
    functions.forEach((_, i) => {
      name(body, String(i));
      body.byte(FUNCTION);
      body.unsigned(IMPORTS.length + i);
    });
  });
  section(whole, SECTION_CUSTOM, (body) => writeHints(body, functions));
  section(whole, SECTION_CODE, (body) => {
    body.unsigned(functions.length);
    for (const { bytes } of functions) {
      body.unsigned(LOCALS.length + bytes.length);
      body.bytes(LOCALS);
      body.bytes(bytes);
    }
  });
  return whole.finish().bytes;
}

function writeImports(body: WasmWriter): void {
  body.unsigned(IMPORTS.length + 2);
  name(body, 'core');
  name(body, 'memory');
  body.byte(MEMORY);
  body.byte(SHARED_WITH_MAXIMUM);
  body.unsigned(1);
  body.unsigned(MOST_PAGES);
  name(body, 'core');
  name(body, 'table');
  body.byte(TABLE);
  body.byte(FUNCREF);
  body.byte(0);
  body.unsigned(0);
  for (const [imported, type] of IMPORTS) {
    name(body, 'core');
    name(body, imported);
    body.byte(FUNCTION);
    body.unsigned(type);
  }
}

function writeHints(body: WasmWriter, functions: readonly WrittenCode[]): void {
  name(body, HINT_SECTION);
  body.unsigned(functions.length);
  functions.forEach(({ hints }, i) => {
    body.unsigned(IMPORTS.length + i);
    body.unsigned(hints.length);
    for (const { offset, isLikely } of hints) {
      body.unsigned(LOCALS.length + offset);
      body.unsigned(1);
      body.byte(isLikely ? 1 : 0);
    }
  });
}
