/**
 * One transcript sent to Debian's QEMU 7.2 and to this monitor. Most answers are the same byte for byte. Where QEMU has
 * changed in the ten years between the two, the entry says which documented behaviour this version keeps, and the
 * answers must differ: an entry that is no longer needed fails.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { RunningMonitor, WireClient } from './support/running-monitor.ts';

const QEMU = 'qemu-system-x86_64';
const SYNTAX = '{"error": {"class": "GenericError", "desc": "Invalid JSON syntax"}}';

interface Exchange {
  readonly say: string;
  /** Why this version answers otherwise: the section of protocol.md, the entry of schema.json or cli.md. */
  readonly because?: string;
  /** What it answers then. */
  readonly ours?: readonly string[];
}

function generic(desc: string): string[] {
  return [`{"error": {"class": "GenericError", "desc": "${desc}"}}`];
}

/** Sent before negotiation. */
const NEGOTIATION: readonly Exchange[] = [
  {
    say: '{"execute":"query-status"}',
    because: 'protocol.md §2: in negotiation mode every other name is CommandNotFound in the usual words',
    ours: ['{"error": {"class": "CommandNotFound", "desc": "The command query-status has not been found"}}'],
  },
  { say: '{"execute":"qmp_capabilities","id":1}' },
];

const TRANSCRIPT: readonly Exchange[] = [
  {
    say: '{"execute":"qmp_capabilities"}',
    because: 'protocol.md §2: in command mode qmp_capabilities is not found',
    ours: [
      '{"error": {"class": "CommandNotFound", "desc": "The command qmp_capabilities has not been found"}}',
    ],
  },
  { say: '{"execute":"nonsense","id":1}' },
  // Values and identities.
  { say: '{"execute":"query-status","id":"s"}' },
  { say: '{"execute":"query-status","id":{"b":1,"a":2,"return":3,"id":4,"error":5}}' },
  { say: '{"execute":"query-status","id":[1,2.5,true,"é\\n\\u00e9\\"\\\\\\u007f",{"x":[]}]}' },
  { say: '{"execute":"query-status","id":9223372036854775807}' },
  { say: '{"execute":"query-status","id":-9223372036854775808}' },
  { say: "{'execute':'query-status','id':'it is'}" },
  { say: '{"execute":"query-status","id":"😀"}' },
  { say: '{ "execute"\n:\t"query-status" }\r\n{"execute":"query-name"}{"execute":"query-name","id":2}' },
  { say: '{"execute":"query-name"}' },
  { say: '{"execute":"query-uuid"}' },
  { say: '{"execute":"query-target"}' },
  {
    say: '{"execute":"query-kvm"}',
    because: 'behaviour.md §11: present may be false in pure emulation, and truly is here',
    ours: ['{"return": {"enabled": false, "present": false}}'],
  },
  {
    say: '{"execute":"query-version"}',
    because: 'schema.json: this version reports 1.5.50',
    ours: ['{"return": {"qemu": {"micro": 50, "minor": 5, "major": 1}, "package": ""}}'],
  },
  // Arguments.
  { say: '{"execute":"closefd","arguments":{"fdname":"x"}}' },
  { say: '{"execute":"closefd"}' },
  { say: '{"execute":"closefd","arguments":{}}' },
  { say: '{"execute":"closefd","arguments":{"fdname":1}}' },
  {
    say: '{"execute":"closefd","arguments":{"fdname":"x","y":1}}',
    because: 'protocol.md §3 row 9',
    ours: generic("Invalid parameter 'y'"),
  },
  // The envelope.
  {
    say: '{"execute":1,"id":1}',
    because: 'protocol.md §3 row 3',
    ours: generic("QMP input object member 'execute' expects 'string'"),
  },
  {
    say: '{"execute":"stop","arguments":[]}',
    because: 'protocol.md §3 row 4',
    ours: generic("QMP input object member 'arguments' expects 'object'"),
  },
  {
    say: '{"execute":"stop","x":1}',
    because: 'protocol.md §3 row 5',
    ours: generic("QMP input object member 'x' is unexpected"),
  },
  { say: '{"id":1}', because: 'protocol.md §3 row 6', ours: generic("Expected 'execute' in QMP input") },
  { say: '[1]', because: 'protocol.md §3 row 2', ours: generic("Expected 'object' in QMP input") },
  { say: '"x"', because: 'protocol.md §3 row 2', ours: generic("Expected 'object' in QMP input") },
  { say: '42 ', because: 'protocol.md §3 row 2', ours: generic("Expected 'object' in QMP input") },
  { say: '{"execute":"stop",}', because: 'protocol.md §3 row 1', ours: [SYNTAX] },
  { say: 'hello\n', because: 'protocol.md §5: one error', ours: [SYNTAX] },
  {
    say: 'HELLO\n',
    because: 'protocol.md §5: lexing restarts with the next byte, five errors',
    ours: new Array<string>(5).fill(SYNTAX),
  },
  { say: '{"a":null}', because: 'protocol.md §5: null is no keyword', ours: [SYNTAX] },
  { say: '{"execute": %d}', because: 'protocol.md §5: one row 1 for the message', ours: [SYNTAX] },
  // Descriptors.
  { say: '{"execute":"getfd","arguments":{"fdname":"x"}}' },
  { say: '{"execute":"add-fd"}' },
  { say: '{"execute":"remove-fd","arguments":{"fdset-id":3}}' },
  { say: '{"execute":"remove-fd","arguments":{"fdset-id":3,"fd":4}}' },
  { say: '{"execute":"query-fdsets"}' },
  // Character devices.
  { say: '{"execute":"chardev-add","arguments":{"id":"c","backend":{"type":"null","data":{}}}}' },
  {
    say: '{"execute":"chardev-add","arguments":{"id":"c","backend":{"type":"null","data":{}}}}',
    because: 'schema.json, chardev-add: id used',
    ours: generic("Chardev 'c' already exists"),
  },
  {
    say: '{"execute":"chardev-add","arguments":{"id":"d","backend":{"type":"nope","data":{}}}}',
    because: 'protocol.md §3 row 12',
    ours: generic("Invalid parameter 'nope'"),
  },
  {
    say: '{"execute":"chardev-add","arguments":{"id":"d","backend":{"type":"file","data":{}}}}',
    because: 'protocol.md §3 row 11',
    ours: generic("Invalid parameter type for 'out', expected: string"),
  },
  {
    say: '{"execute":"chardev-add","arguments":{"id":"d","backend":{"type":"null","data":{"x":1}}}}',
    because: 'protocol.md §3 row 13',
    ours: generic("QMP input object member 'x' is unexpected"),
  },
  {
    say: '{"execute":"chardev-add","arguments":{"id":"d","backend":{"type":"file","data":{"out":"/nonexistent/x"}}}}',
    because: 'schema.json, chardev-add: file open',
    ours: generic('open /nonexistent/x: No such file or directory'),
  },
  { say: '{"execute":"chardev-remove","arguments":{"id":"c"}}' },
  { say: '{"execute":"chardev-remove","arguments":{"id":"c"}}' },
  { say: '{"execute":"chardev-remove","arguments":{"id":"compat_monitor0"}}' },
  { say: '{"execute":"chardev-add","arguments":{"id":"r","backend":{"type":"memory","data":{"size":8}}}}' },
  { say: '{"execute":"ringbuf-write","arguments":{"device":"r","data":"hello"}}' },
  { say: '{"execute":"ringbuf-read","arguments":{"device":"r","size":3}}' },
  { say: '{"execute":"ringbuf-read","arguments":{"device":"r","size":3,"format":"base64"}}' },
  {
    say: '{"execute":"ringbuf-write","arguments":{"device":"r","data":"aGVsbG8gd29ybGQ=","format":"base64"}}',
  },
  { say: '{"execute":"ringbuf-read","arguments":{"device":"r","size":100}}' },
  { say: '{"execute":"ringbuf-read","arguments":{"device":"r","size":0}}' },
  { say: '{"execute":"ringbuf-read","arguments":{"device":"x","size":3}}' },
  { say: '{"execute":"ringbuf-write","arguments":{"device":"compat_monitor0","data":"hello"}}' },
  {
    say: '{"execute":"ringbuf-read","arguments":{"device":"r","size":3,"format":"hex"}}',
    because: 'protocol.md §3 row 12',
    ours: generic("Invalid parameter 'hex'"),
  },
  // Objects.
  { say: '{"execute":"qom-list","arguments":{"path":"/nope"}}' },
  { say: '{"execute":"device-list-properties","arguments":{"typename":"nope"}}' },
  {
    say: '{"execute":"qom-get","arguments":{"path":"/machine","property":"nope"}}',
    because: 'schema.json, qom-get: the object part of the text is empty',
    ours: generic("Property '.nope' not found"),
  },
  // The human monitor behind human-monitor-command.
  { say: '{"execute":"human-monitor-command","arguments":{"command-line":"info status"}}' },
  { say: '{"execute":"human-monitor-command","arguments":{"command-line":"foo"}}' },
  { say: '{"execute":"human-monitor-command","arguments":{"command-line":""}}' },
  { say: '{"execute":"human-monitor-command","arguments":{"command-line":"info name","cpu-index":3}}' },
  { say: '{"execute":"query-command-line-options","arguments":{"option":"nope"}}' },
  // The machine.
  { say: '{"execute":"stop"}' },
  { say: '{"execute":"cont","id":"c"}' },
  { say: '{"execute":"query-status"}' },
  { say: '{"execute":"cont"}' },
  { say: '{"execute":"stop","id":"s"}' },
  { say: '{"execute":"query-status"}' },
  {
    say: '{"execute":"system_wakeup"}',
    because: 'schema.json: it never fails, and acts only when suspended',
    ours: ['{"return": {}}'],
  },
];

/** Sends a request and a marker behind it; gives the lines before the marker's answer, time stamps taken out. */
async function exchange(client: WireClient, say: string): Promise<string[]> {
  client.send(`${say}\n{"execute":"query-name","id":"END"}\n`);
  const lines: string[] = [];
  for (;;) {
    const line = await client.line();
    if (line === undefined || line.includes('"id": "END"') || line.includes('"END", ')) {
      return lines;
    }
    lines.push(line.replace(/\{"seconds": \d+, "microseconds": \d+\}/, 'T'));
  }
}

async function untilExists(path: string): Promise<void> {
  while (!existsSync(path)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('the same transcript on QEMU 7.2 and here', async (t) => {
  if (spawnSync(QEMU, ['--version']).error !== undefined) {
    t.pass(`no ${QEMU} on this machine to compare with`);
    return;
  }
  const path = join(tmpdir(), `troupe-side-by-side-${process.pid}`);
  const options = ['-S', '-nodefaults', '-machine', 'none', '-display', 'none'];
  const qemu = spawn(QEMU, [...options, '-qmp', `unix:${path},server=on,wait=off`], { stdio: 'ignore' });
  try {
    await using running = await new RunningMonitor().start();
    const ours = await running.connect();
    await untilExists(path);
    const theirs = new WireClient(connect(path));
    t.regex((await theirs.line()) ?? '', /^\{"QMP": /);
    t.regex((await ours.line()) ?? '', /^\{"QMP": /);
    for (const { say, because, ours: documented } of [...NEGOTIATION, ...TRANSCRIPT]) {
      const expected = await exchange(theirs, say);
      const actual = await exchange(ours, say);
      if (because === undefined) {
        t.deepEqual(actual, expected, say);
      } else {
        t.deepEqual(actual, [...(documented ?? [])], `${say} (${because})`);
        t.notDeepEqual(actual, expected, `${say} is the same by now`);
      }
    }
  } finally {
    qemu.kill('SIGKILL');
  }
});
