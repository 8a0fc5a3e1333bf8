/** ctrl-z and `fg`: the shell changes the terminal meanwhile, and the monitor on it must work as before. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { TROUPE } from './process.ts';

test.serial('a monitor on the terminal is raw again after ctrl-z and fg', async (t) => {
  // The shell's prompt is ours, so that its output is known; `stty sane` is what many shells do by themselves.
  const script = `
set timeout 60
spawn env "PS1=shell> " bash --norc --noprofile -i
expect_before {
  timeout { exit 9 }
  eof { exit 8 }
}
expect "shell> "
send "${TROUPE} -nodefaults -S -monitor stdio\\r"
expect "(qemu) "
send "\\x1a"
expect "shell> "
send "stty sane; fg\\r"
expect "monitor stdio"
# A cooked terminal echoes a tab and waits for the end of the line; the editor completes at once.
send "info nam\\t"
expect "info name "
send "\\x15stop\\r"
expect "(qemu) "
send "quit\\r"
expect "shell> "
exit 0`;
  const expect = spawn('expect', ['-c', script], { stdio: 'pipe' });
  let transcript = '';
  expect.stdout.on('data', (chunk) => {
    transcript += chunk;
  });
  const [code] = await once(expect, 'close');
  t.is(code, 0, transcript);
});
