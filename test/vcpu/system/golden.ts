/** Committed records: each guest's ROM and what the core reports for it, so that CI needs neither assembler nor QEMU. */
import { readFile, writeFile } from 'node:fs/promises';
import { gunzipSync, gzipSync } from 'node:zlib';

const path = (name: string, kind: string): URL => new URL(`./golden/${name}.${kind}.gz`, import.meta.url);

export interface Golden {
  readonly image: Uint8Array;
  readonly report: string;
}

/** Throws ENOENT if the guest has no record yet: `node --import tsx test/vcpu/system/make-golden.ts` makes them. */
export async function readGolden(name: string): Promise<Golden> {
  const image = gunzipSync(await readFile(path(name, 'rom')));
  return { image, report: gunzipSync(await readFile(path(name, 'report'))).toString('latin1') };
}

export async function writeGolden(name: string, golden: Golden): Promise<void> {
  await writeFile(path(name, 'rom'), gzipSync(golden.image, { level: 9 }));
  await writeFile(path(name, 'report'), gzipSync(Buffer.from(golden.report, 'latin1'), { level: 9 }));
}
