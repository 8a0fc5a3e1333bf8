import test from 'ava';
import { parseSocketText } from '../../../src/monitor/hmp/socket-text.ts';

const addresses: readonly (readonly [text: string, address: object])[] = [
  ['localhost:10809', { type: 'inet', data: { host: 'localhost', port: '10809' } }],
  [':10809', { type: 'inet', data: { host: '', port: '10809' } }],
  ['[::1]:nbd,ipv6', { type: 'inet', data: { host: '::1', port: 'nbd', ipv6: true } }],
  ['0.0.0.0:1,to=9,ipv4', { type: 'inet', data: { host: '0.0.0.0', port: '1', to: 9, ipv4: true } }],
  ['unix:/run/nbd', { type: 'unix', data: { path: '/run/nbd' } }],
  ['fd:listener', { type: 'fd', data: { str: 'listener' } }],
];

for (const [text, address] of addresses) {
  test(`${text} is an address`, (t) => t.deepEqual(parseSocketText(text) as object, address));
}

const mistakes: readonly (readonly [text: string, message: string])[] = [
  ['nonsense', "error parsing address 'nonsense'"],
  ['[::1', "error parsing IPv6 address '[::1'"],
  [':', "error parsing port in address ':'"],
  ['h:1,to=x', 'error parsing to= argument'],
  ['unix:', 'invalid Unix socket address'],
  ['fd:', 'invalid file descriptor address'],
];

for (const [text, message] of mistakes) {
  test(`${text} is none`, (t) => {
    t.throws(() => parseSocketText(text), { message });
  });
}
