import { defineHumanCommand } from '../command.ts';
import type { ValueFormat } from '../format-spec.ts';
import { quotedCharacter } from '../memory-dump.ts';

export const print = defineHumanCommand({
  name: 'print',
  aliases: ['p'],
  arguments: [
    { name: 'format', kind: 'format' },
    { name: 'value', kind: 'int64' },
  ],
  params: '/fmt expr',
  help: 'evaluate an expression and print its value; $reg stands for a CPU register',
  run: (_context, { format, value }) => `${formatValue(value, format.format)}\n`,
});

function formatValue(value: bigint, format: ValueFormat): string {
  const unsigned = BigInt.asUintN(64, value);
  switch (format) {
    case 'x':
      return unsigned === 0n ? '0' : `0x${unsigned.toString(16)}`;
    case 'o':
      return unsigned === 0n ? '0' : `0${unsigned.toString(8)}`;
    case 'u':
      return unsigned.toString();
    case 'c':
      return quotedCharacter(Number(BigInt.asUintN(32, value)));
    default:
      return value.toString();
  }
}
