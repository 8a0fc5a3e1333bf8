/** Debian's busybox-static on the core: output equal to that on the host. */
import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { Random } from '../oracle/random.ts';
import { runProgram } from './linux-process.ts';
import { setModel } from './model.ts';
import { runOnHost, runsX86 } from './native-programs.ts';
import { PENDING_LEVELS } from './pending-levels.ts';

const BUSYBOX = '/usr/bin/busybox';
const isReady = runsX86 && existsSync(BUSYBOX) && !PENDING_LEVELS.has('x86-64');
const withBusybox = isReady ? test : test.skip;

/** Lines of words and numbers, some of them alike. */
function text(lines: number): Buffer {
  const random = new Random(7);
  const line = () => {
    const words = Array.from({ length: random.between(1, 6) }, () =>
      random.chance(0.3)
        ? String(random.below(1000))
        : String.fromCharCode(...Array.from({ length: random.between(1, 4) }, () => 97 + random.below(6))),
    );
    return words.join(' ');
  };
  return Buffer.from(`${Array.from({ length: lines }, line).join('\n')}\n`);
}

const TEXT = text(400);
const BINARY = Buffer.from(
  Array.from(
    { length: 20_000 },
    (
      (random) => () =>
        random.below(256)
    )(new Random(9)),
  ),
);

const AWK = `{ n += NF; for (i = 1; i <= NF; i++) { count[$i]++; if ($i ~ /^[0-9]+$/) sum += $i * 1.5 } }
END { printf "%d %d %.3f %s\\n", NR, n, sqrt(sum), substr("abcdef", 2, 3); for (w in count) if (count[w] > 20) print w, count[w] | "cat" }`;
const AWK_ALONE = AWK.replace(' | "cat"', '');
const BC =
  'scale=40; e(1); 2^200; sqrt(2); define f(n) { if (n < 2) return 1; return n * f(n - 1) }; f(50); obase=16; 65535\n';

const COMMANDS: readonly (readonly [name: string, args: readonly string[], input: Uint8Array])[] = [
  ['sha256sum', ['sha256sum', 'binary'], Buffer.alloc(0)],
  ['md5sum and sha1sum', ['sha1sum', 'binary', 'text'], Buffer.alloc(0)],
  ['sha512sum', ['sha512sum'], BINARY],
  ['gzip', ['gzip', '-c'], TEXT],
  ['gzip of noise', ['gzip', '-9', '-c'], BINARY],
  ['awk', ['awk', AWK_ALONE, 'text'], Buffer.alloc(0)],
  ['bc', ['bc', '-l'], Buffer.from(BC)],
  ['sort', ['sort', 'text'], Buffer.alloc(0)],
  ['sort by number', ['sort', '-n', '-r', '-k', '2', 'text'], Buffer.alloc(0)],
  ['sort -u', ['sort', '-u'], TEXT],
  ['sed', ['sed', '-E', 's/([a-f]+) ([0-9]+)/\\2-\\1/g; /^a/d; y/b/B/', 'text'], Buffer.alloc(0)],
  ['grep', ['grep', '-n', '-E', '^(a|b)[^ ]* [0-9]{2}', 'text'], Buffer.alloc(0)],
  ['od', ['od', '-A', 'x', '-t', 'x1z'], BINARY.subarray(0, 700)],
  ['wc', ['wc', 'text', 'binary'], Buffer.alloc(0)],
  ['expr', ['expr', '12345', '*', '6789', '%', '1000'], Buffer.alloc(0)],
  [
    'shell arithmetic',
    ['sh', '-c', 'i=0; s=0; while [ $i -lt 200 ]; do s=$((s*3+i^5)); i=$((i+1)); done; echo $s'],
    Buffer.alloc(0),
  ],
];

for (const [name, args, input] of COMMANDS) {
  withBusybox(`busybox ${name}`, async (t) => {
    const files = { text: TEXT, binary: BINARY };
    const command = ['busybox', ...args];
    const native = runOnHost(BUSYBOX, command, input, files);
    const core = await runProgram(readFileSync(BUSYBOX), {
      arguments: command,
      input,
      files,
      prepare: (cpu) => setModel(cpu, 'Haswell'),
    });
    t.is(core.output.toString('latin1'), native.output.toString('latin1'), core.errors.toString());
    t.is(core.exitCode, native.exitCode);
  });
}
