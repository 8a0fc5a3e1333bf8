/** Assembles 64-bit snippets with GNU as (Intel syntax). */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function hasAssembler(): boolean {
  return ['as', 'objcopy'].every((tool) => spawnSync(tool, ['--version']).status === 0);
}

/** Bytes of position-independent code. Throws the assembler's messages. */
export function assemble(source: string): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-as-'));
  try {
    const object = join(directory, 'snippet.o');
    const flat = join(directory, 'snippet.bin');
    execFileSync('as', ['--64', '-o', object, '-'], { input: `.intel_syntax noprefix\n${source}\n` });
    execFileSync('objcopy', ['-O', 'binary', '-j', '.text', object, flat]);
    return readFileSync(flat);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
