/** The host CPU as an oracle: runs snippets in `native.c`, built with gcc on first use. Linux on x86-64 only. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const CODE_ADDRESS = 0x400000;
export const DATA_ADDRESS = 0x500000;
export const DATA_BYTES = 512;

const CODE_BYTES = 32;
const STATE_BYTES = 16 * 8 + 16 + 8 + CODE_BYTES + DATA_BYTES;
const SOURCE = fileURLToPath(new URL('native.c', import.meta.url));
/** A child that has not ended by then is stuck. */
const TIMEOUT_MS = 120_000;
const CACHE = fileURLToPath(new URL('../../../.cache/', import.meta.url));

export interface NativeState {
  readonly registers: readonly bigint[];
  readonly rip: bigint;
  readonly flags: number;
  readonly vector: number;
  readonly code: Uint8Array;
  readonly data: Uint8Array;
}

/** True if snippets can be run here. */
export function hasNative(): boolean {
  return (
    process.arch === 'x64' && process.platform === 'linux' && spawnSync('gcc', ['--version']).status === 0
  );
}

function program(): string {
  const output = `${CACHE}native-oracle`;
  if (!existsSync(output) || statSync(output).mtimeMs < statSync(SOURCE).mtimeMs) {
    mkdirSync(CACHE, { recursive: true });
    const scratch = `${output}.${process.pid}`;
    execFileSync('gcc', ['-O1', '-fPIE', '-pie', '-o', scratch, SOURCE]);
    renameSync(scratch, output);
  }
  return output;
}

function encode(state: NativeState, into: Buffer): void {
  for (const [i, value] of state.registers.entries()) into.writeBigUInt64LE(BigInt.asUintN(64, value), i * 8);
  into.writeBigUInt64LE(state.rip, 128);
  into.writeBigUInt64LE(BigInt(state.flags), 136);
  into.writeUInt32LE(state.vector, 144);
  into.set(state.code, 152);
  into.set(state.data, 152 + CODE_BYTES);
}

function decode(from: Buffer): NativeState {
  return {
    registers: Array.from({ length: 16 }, (_, i) => from.readBigUInt64LE(i * 8)),
    rip: from.readBigUInt64LE(128),
    flags: Number(from.readBigUInt64LE(136) & 0xffffffffn),
    vector: from.readUInt32LE(144),
    code: from.subarray(152, 152 + CODE_BYTES),
    data: from.subarray(152 + CODE_BYTES, STATE_BYTES),
  };
}

/** Runs each case from CODE_ADDRESS until it traps (UD2 ends a snippet) and gives the states at the traps. */
export function runNative(cases: readonly NativeState[]): NativeState[] {
  const input = Buffer.alloc(STATE_BYTES * cases.length);
  for (const [i, one] of cases.entries()) encode(one, input.subarray(i * STATE_BYTES, (i + 1) * STATE_BYTES));
  const output = execFileSync(program(), {
    input,
    maxBuffer: input.length + 1,
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  return cases.map((_, i) => decode(output.subarray(i * STATE_BYTES, (i + 1) * STATE_BYTES)));
}
