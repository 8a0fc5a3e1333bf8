import test from 'ava';
import { Decoder, DecoderOptions, Formatter, FormatterSyntax } from 'iced-x86';
import { Assembler } from '../../../src/machine/firmware/assembler/assembler.ts';
import { linearOf, memory, offsetOf } from '../../../src/machine/firmware/assembler/operands.ts';

/** What a decoder that we did not write makes of the code. */
function disassemble(code: Uint8Array, bits: 16 | 32, ip: number): readonly string[] {
  const decoder = new Decoder(bits, code, DecoderOptions.None);
  const formatter = new Formatter(FormatterSyntax.Nasm);
  decoder.ip = BigInt(ip);
  const lines: string[] = [];
  while (decoder.canDecode) lines.push(formatter.format(decoder.decode()));
  return lines;
}

function program(asm: Assembler): void {
  asm.mov('eax', 0x12345678);
  asm.mov('dx', 0x3f8);
  asm.mov('bl', 'ah');
  asm.mov('cx', memory({ base: 'esi', displacement: 4 }));
  asm.mov(memory({ base: 'edi' }, 1), 7);
  asm.mov(memory({ displacement: 0x500, segment: 'es' }), 'eax');
  asm.alu('add', 'esi', 8);
  asm.alu('cmp', 'al', memory({ base: 'ebx' }));
  asm.alu('xor', memory({ base: 'esp', displacement: 8 }), 'ecx');
  asm.test('edx', 0x1000);
  asm.shift('shr', 'ax', 4);
  asm.shiftByCl('shl', 'edi');
  asm.unary('div', 'ecx');
  asm.inc(memory({ displacement: 0x40 }, 4), true);
  asm.lockXadd(memory({ base: 'ebp' }), 'edx');
  asm.push('ebx');
  asm.push('cs');
  asm.pop('es');
  asm.in('al', 0x71);
  asm.out('dx', 'eax');
  asm.movzx('ecx', 'al');
  asm.movToControl(0, 'eax');
  asm.lgdt(memory({ displacement: 0x600 }));
  asm.movToSegment('ds', 'ax');
  asm.op('repMovsb');
  asm.stringDword('repStosd');
}

const expected = [
  'mov eax,12345678h',
  'mov dx,3F8h',
  'mov bl,ah',
  'mov cx,[esi+4]',
  'mov byte [edi],7',
  'mov [es:500h],eax',
  'add esi,8',
  'cmp al,[ebx]',
  'xor [esp+8],ecx',
  'test edx,1000h',
  'shr ax,4',
  'shl edi,cl',
  'div ecx',
  'lock inc dword [40h]',
  'lock xadd [ebp],edx',
  'push ebx',
  'push cs',
  'pop es',
  'in al,71h',
  'out dx,eax',
  'movzx ecx,al',
  'mov cr0,eax',
  'lgdt [600h]',
  'mov ds,ax',
  'rep movsb',
  'rep stosd',
];

for (const bits of [16, 32] as const) {
  test(`${bits}-bit code is what a decoder reads`, (t) => {
    const asm = new Assembler({ origin: 0, bits });
    program(asm);
    const plain = disassemble(asm.assemble(), bits, 0).map((line) => line.replace('o32 ', ''));
    t.deepEqual(plain, bits === 16 ? expected : expected.map((line) => line.replace('ds,ax', 'ds,eax')));
  });
}

test('labels resolve to offsets, linear addresses and distances', (t) => {
  const asm = new Assembler({ origin: 0x100, segmentBase: 0xf0000, bits: 32 });
  asm.label('start');
  asm.jcc('nz', 'end');
  asm.mov('eax', offsetOf('end'));
  asm.mov('ebx', linearOf('end'));
  asm.jmp('start');
  asm.label('end');
  t.deepEqual(disassemble(asm.assemble(), 32, 0x100), [
    'jne near 00000115h',
    'mov eax,115h',
    'mov ebx,0F0115h',
    'jmp 00000100h',
  ]);
});

test('a missing label, and memory without a size, are refused', (t) => {
  const missing = new Assembler({ origin: 0, bits: 16 });
  missing.jmp('nowhere');
  t.throws(() => missing.assemble(), { message: /nowhere/ });
  const sizeless = new Assembler({ origin: 0, bits: 16 });
  t.throws(() => sizeless.mov(memory({ base: 'eax' }), 1), { message: /size/ });
});
