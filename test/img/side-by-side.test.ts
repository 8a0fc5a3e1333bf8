import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { directory, KiB, pattern, tool } from '../block/support/images.ts';
import { Bench } from './support/side-by-side.ts';

/** A chain of three, a raw image, snapshots, a compressed, an encrypted and a broken image. */
function fill(folder: string): void {
  const at = (name: string) => join(folder, name);
  const create = (...words: readonly string[]) => tool('qemu-img', 'create', '-q', '-f', 'qcow2', ...words);
  writeFileSync(at('raw.img'), pattern(700 * KiB, 3));
  create('-o', 'cluster_size=4k', at('base.qcow2'), '2M');
  tool('qemu-io', '-c', 'write -P 1 0 400k', '-c', 'write -P 2 1M 100k', at('base.qcow2'));
  create('-b', 'base.qcow2', '-F', 'qcow2', at('mid.qcow2'));
  tool('qemu-io', '-c', 'write -P 3 100k 200k', '-c', 'write -z 1M 64k', at('mid.qcow2'));
  create('-b', 'mid.qcow2', '-F', 'qcow2', at('top.qcow2'), '3M');
  tool('qemu-io', '-c', 'write -P 4 250k 100k', '-c', 'write -P 5 2500k 64k', at('top.qcow2'));
  create('-o', 'lazy_refcounts=on', at('snap.qcow2'), '1M');
  tool('qemu-io', '-c', 'write -P 6 0 200k', at('snap.qcow2'));
  tool('qemu-img', 'snapshot', '-c', 'first', at('snap.qcow2'));
  tool('qemu-io', '-c', 'write -P 7 100k 200k', at('snap.qcow2'));
  tool('qemu-img', 'snapshot', '-c', 'second one', at('snap.qcow2'));
  tool('qemu-io', '-c', 'write -P 8 0 300k', at('snap.qcow2'));
  tool('qemu-img', 'convert', '-c', '-O', 'qcow2', '-o', 'compat=0.10', at('base.qcow2'), at('packed.qcow2'));
  create(
    '-o',
    'encrypt.format=aes,encrypt.key-secret=s',
    '--object',
    'secret,id=s,data=x',
    at('crypt.qcow2'),
    '1M',
  );
  create(at('leaky.qcow2'), '1M');
  tool('qemu-io', '-c', 'write 0 128k', at('leaky.qcow2'));
  const leaky = readFileSync(at('leaky.qcow2'));
  const block = Number(leaky.readBigUInt64BE(Number(leaky.readBigUInt64BE(48))));
  leaky.writeUInt16BE(5, block + 2 * 5);
  writeFileSync(at('leaky.qcow2'), leaky);
  leaky.writeUInt16BE(0, block + 2 * 6);
  writeFileSync(at('corrupt.qcow2'), leaky);
}

const SAME_TEXT = [
  'info @raw.img',
  'info @base.qcow2',
  'info @top.qcow2',
  'info --backing-chain @top.qcow2',
  'info @snap.qcow2',
  'info @packed.qcow2',
  'info @crypt.qcow2',
  'info -U -f raw @base.qcow2',
  'map @top.qcow2',
  'map --output=json @top.qcow2',
  'map --output=json -s 300k -l 1M @top.qcow2',
  'map --output=json @mid.qcow2',
  'map --output=json @packed.qcow2',
  'map -f raw @raw.img',
  'check @base.qcow2',
  'check @top.qcow2',
  'check @snap.qcow2',
  'check @packed.qcow2',
  'check -q @packed.qcow2',
  'check @leaky.qcow2',
  'check @corrupt.qcow2',
  'check -r leaks @leaky.qcow2',
  'check -r all @leaky.qcow2',
  'check --image-opts driver=qcow2,file.filename=@base.qcow2',
  'compare @base.qcow2 @base.qcow2',
  'compare @base.qcow2 @packed.qcow2',
  'compare @base.qcow2 @mid.qcow2',
  'compare -q @base.qcow2 @mid.qcow2',
  'compare @base.qcow2 @top.qcow2',
  'compare -s @base.qcow2 @top.qcow2',
  'compare -s @base.qcow2 @packed.qcow2',
  'compare -F raw @base.qcow2 @raw.img',
  'snapshot -l @snap.qcow2',
  'snapshot @base.qcow2',
];

test('what only looks prints what qemu-img prints', async (t) => {
  const bench = new Bench(directory(t), fill);
  for (const line of SAME_TEXT) {
    const { ours, theirs } = await bench.both(line);
    t.is(ours.text, theirs.text, line);
    t.is(ours.status, theirs.status, line);
    t.is(ours.complaints, theirs.complaints, line);
  }
});

test('JSON answers have the members that qemu-img gives', async (t) => {
  const bench = new Bench(directory(t), fill);
  for (const line of [
    'info --output=json @top.qcow2',
    'info --output=json --backing-chain @top.qcow2',
    'info --output=json @snap.qcow2',
    'info --output=json @crypt.qcow2',
    'info --output=json @packed.qcow2',
    'info --output=json @raw.img',
    'check --output=json @snap.qcow2',
    'check --output=json @packed.qcow2',
    'check --output=json @leaky.qcow2',
    'check --output=json @corrupt.qcow2',
  ]) {
    const { ours, theirs } = await bench.both(line);
    t.deepEqual(JSON.parse(ours.text), JSON.parse(theirs.text), line);
    t.is(ours.status, theirs.status, line);
  }
});

/** A command, and the images that are alike afterwards. */
const CHANGES: readonly (readonly [line: string, ...images: readonly string[]])[] = [
  ['commit @mid.qcow2', 'base.qcow2', 'mid.qcow2'],
  ['commit -q @top.qcow2', 'mid.qcow2', 'top.qcow2'],
  ['commit -d @top.qcow2', 'mid.qcow2', 'top.qcow2'],
  ['commit -b base.qcow2 @top.qcow2', 'base.qcow2'],
  ['rebase -u -b base.qcow2 -F qcow2 @top.qcow2', 'top.qcow2'],
  ['rebase -u -b elsewhere -F raw @mid.qcow2'],
  ['rebase -b @base.qcow2 -F qcow2 @top.qcow2', 'top.qcow2'],
  ['rebase -b @raw.img -F raw @top.qcow2', 'top.qcow2'],
  ["rebase -b '' @top.qcow2", 'top.qcow2'],
  ['snapshot -c new @snap.qcow2', 'snap.qcow2'],
  ['snapshot -a first @snap.qcow2', 'snap.qcow2'],
  ['snapshot -a 2 @snap.qcow2', 'snap.qcow2'],
  ['snapshot -d first @snap.qcow2', 'snap.qcow2'],
  ['resize @base.qcow2 5M', 'base.qcow2'],
  ['resize -q @base.qcow2 +1M', 'base.qcow2'],
  ['resize --shrink @base.qcow2 1M', 'base.qcow2'],
  ['resize --shrink @base.qcow2 -- -1000k', 'base.qcow2'],
  ['resize --preallocation=metadata @base.qcow2 3M', 'base.qcow2'],
  ['resize --preallocation=full @base.qcow2 3M', 'base.qcow2'],
  ['resize -f raw --preallocation=falloc @raw.img 1M', 'raw.img'],
  ['resize -f raw --shrink @raw.img 512k', 'raw.img'],
  ['convert -O qcow2 @top.qcow2 @new', 'new'],
  ['convert @top.qcow2 @new', 'new'],
  ['convert -S 0 @base.qcow2 @new', 'new'],
  ['convert -c -O qcow2 @top.qcow2 @new', 'new'],
  ['convert -c -O qcow2 -o compression_type=zstd,cluster_size=16k @top.qcow2 @new', 'new'],
  ['convert -O qcow2 -o preallocation=metadata,lazy_refcounts=on @base.qcow2 @new', 'new'],
  ['convert -O qcow2 -B @mid.qcow2 -F qcow2 @top.qcow2 @new', 'new'],
  ['convert -n -O qcow2 @base.qcow2 @top.qcow2', 'top.qcow2'],
  ['convert -n -f raw -O qcow2 @raw.img @mid.qcow2', 'mid.qcow2'],
  ['convert -l first -O qcow2 @snap.qcow2 @new', 'new'],
  ['convert -l snapshot.id=2 @snap.qcow2 @new', 'new'],
  ['convert -l snapshot.name=first @snap.qcow2 @new', 'new'],
  ['convert -O qcow2 @base.qcow2 @snap.qcow2 @new', 'new'],
  ['convert -c -m 4 -W -t none -T none -O qcow2 @base.qcow2 @snap.qcow2 @new', 'new'],
  ['create @new 1M', 'new'],
  ['create -f qcow2 @new 1M', 'new'],
  ['create -f qcow2 -o size=1M,compat=v2,cluster_size=4k @new', 'new'],
  ['create -q -f qcow2 -o refcount_bits=1,lazy_refcounts=on @new 10G', 'new'],
  ['create -f qcow2 -o preallocation=falloc,compression_type=zstd @new 1M', 'new'],
  ['create -f qcow2 -b base.qcow2 -F qcow2 @new', 'new'],
  ['create -f qcow2 -o backing_file=base.qcow2,backing_fmt=qcow2 @new 5M', 'new'],
  ['create -f qcow2 -u -b nowhere -F raw @new 1M'],
  ['create --object secret,id=s,data=x -f qcow2 -o encrypt.format=aes,encrypt.key-secret=s @new 1M'],
];

test('what changes images prints and does what qemu-img does', async (t) => {
  const bench = new Bench(directory(t), fill);
  for (const [line, ...images] of CHANGES) {
    const { ours, theirs, left } = await bench.both(line);
    t.deepEqual(ours, theirs, line);
    for (const image of images) {
      const [own, other] = [join(left, image), join(bench.folder, image)];
      t.regex(tool('qemu-img', 'compare', own, other), /^Images are identical\.$/m, line);
      const facts = (path: string) => {
        const { 'format-specific': specific, ...info } = JSON.parse(
          tool('qemu-img', 'info', '--output=json', path),
        );
        const names = (info.snapshots ?? []).map(({ id, name }: { id: string; name: string }) => ({
          id,
          name,
        }));
        return {
          specific,
          names,
          backing: info['backing-filename'],
          format: info['backing-filename-format'],
          length: info['virtual-size'],
        };
      };
      t.deepEqual(facts(own), facts(other), line);
      if (image.endsWith('qcow2')) t.regex(tool('qemu-img', 'check', own), /No errors/, line);
    }
  }
});

/** Mistakes that end with the same words and status. */
const MISTAKES = [
  'check -r foo @base.qcow2',
  'check -f raw @raw.img',
  'check --output=xml @base.qcow2',
  'check',
  'commit @base.qcow2',
  'commit @mid.qcow2 @top.qcow2',
  'compare @base.qcow2',
  'convert @top.qcow2',
  'convert -O foo @top.qcow2 @new',
  'convert -c -O raw @top.qcow2 @new',
  'convert -S foo @base.qcow2 @new',
  'convert -S 1000 @base.qcow2 @new',
  'convert -l nix @snap.qcow2 @new',
  'convert -B base.qcow2 -O qcow2 @top.qcow2 @new',
  'convert -m 99 @base.qcow2 @new',
  'convert -t foo @base.qcow2 @new',
  'convert --target-is-zero @base.qcow2 @new',
  'convert -c -O qcow2 -o preallocation=full @base.qcow2 @new',
  'convert -O qcow2 -o foo=1 @base.qcow2 @new',
  'create',
  'create -f foo @new 1M',
  'create -f qcow2 @new',
  'create -f qcow2 @new 1x',
  'create -f qcow2 @new 9E',
  'create -f qcow2 -o foo=1 @new 1M',
  'create -f qcow2 -o size=1M @new 1M',
  'create -f qcow2 -o compat=5 @new 1M',
  'create -f qcow2 -o lazy_refcounts=on,compat=v2 @new 1M',
  'create -f qcow2 -o cluster_size=100 @new 1M',
  'create -f qcow2 -o refcount_bits=3 @new 1M',
  'create -f qcow2 -o refcount_bits=1,compat=v2 @new 1M',
  'create -f qcow2 -o preallocation=foo @new 1M',
  'create -f qcow2 -o preallocation=full,backing_file=base.qcow2,backing_fmt=qcow2 @new 1M',
  'create -f qcow2 -b @new @new',
  'create -f raw -b @base.qcow2 @new 1M',
  'create -f qcow2 -F raw @new 1M',
  'create -f qcow2 @new 1E',
  'info --output=xml @base.qcow2',
  'info @base.qcow2 @base.qcow2',
  'map @packed.qcow2',
  'rebase @top.qcow2',
  'rebase -u -b x @top.qcow2',
  'rebase -u -b x -F foo @top.qcow2',
  'resize @base.qcow2',
  'resize @base.qcow2 -- -5M',
  'resize --preallocation=foo @base.qcow2 5M',
  'resize --preallocation=full --shrink @base.qcow2 1M',
  'resize -f raw --preallocation=metadata @raw.img 2M',
  'snapshot -l -c x @snap.qcow2',
  'snapshot -d nix @snap.qcow2',
  'frobnicate',
];

test('mistakes have the words and the status of qemu-img', async (t) => {
  const bench = new Bench(directory(t), fill);
  for (const line of MISTAKES) {
    const { ours, theirs } = await bench.both(line);
    t.deepEqual(
      { ...ours, complaints: ours.complaints.replaceAll(/\s+/g, ' ') },
      { ...theirs, complaints: theirs.complaints.replaceAll(/\s+/g, ' ') },
      line,
    );
  }
  for (const [line, status] of [
    ['info @nix', 1],
    ['compare @nix @base.qcow2', 2],
    ['check @nix', 1],
    ['info --nonsense @base.qcow2', 1],
    ['commit -b nix @top.qcow2', 1],
    ['rebase -b nix -F qcow2 @top.qcow2', 1],
    ['snapshot -a nix @snap.qcow2', 1],
    ['resize @base.qcow2 1M', 1],
    ['create -f qcow2 @nowhere/x 1M', 1],
    ['create -f bochs @new 1M', 1],
  ] as const) {
    const { ours, theirs } = await bench.both(line);
    t.is(ours.status, status, line);
    t.is(theirs.status, status, line);
    t.not(ours.complaints, '', line);
  }
  t.false(existsSync(join(bench.folder, 'new')));
});
