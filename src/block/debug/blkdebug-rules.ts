/**
 * The rule files of blkdebug: sections `[inject-error]` and `[set-state]` of lines `key = "value"`, which say at which event which
 * requests fail, and how the events change the state that rules may ask for (QEMU's docs/blkdebug.txt).
 */
import { parseBoolean, parseNumber } from '../../options/option-values.ts';
import { BlockError, EINVAL, EIO } from '../block-error.ts';

/**
 * What a request of ours announces.
 * The other events of QEMU are known, so that its rule files can be used, and never come.
 */
export type BlkdebugEvent = 'read_aio' | 'write_aio' | 'flush_to_os' | 'flush_to_disk';

const EVENTS: readonly string[] = [
  'read_aio',
  'write_aio',
  'flush_to_os',
  'flush_to_disk',
  ...['l1_update', 'l1_grow.alloc_table', 'l1_grow.write_table', 'l1_grow.activate_table'],
  ...['l2_load', 'l2_update', 'l2_update_compressed', 'l2_alloc.cow_read', 'l2_alloc.write'],
  ...['read', 'read_aio', 'read_backing', 'read_backing_aio', 'read_compressed'],
  ...['write', 'write_aio', 'write_compressed', 'vmstate_load', 'vmstate_save', 'cow_read', 'cow_write'],
  ...['reftable_load', 'reftable_grow', 'reftable_update', 'refblock_load', 'refblock_update'],
  ...['refblock_update_part', 'refblock_alloc', 'refblock_alloc.hookup', 'refblock_alloc.write'],
  ...['refblock_alloc.write_blocks', 'refblock_alloc.write_table', 'refblock_alloc.switch_table'],
  ...['cluster_alloc', 'cluster_alloc_bytes', 'cluster_free'],
];

export interface InjectError {
  readonly kind: 'inject-error';
  readonly event: string;
  /** 0: in any. */
  readonly state: number;
  readonly errno: number;
  /** Only requests that have this sector fail. */
  readonly sector: number | undefined;
  readonly once: boolean;
  /** Before anything else happens, and not when the request would have ended. */
  readonly immediately: boolean;
}

export interface SetState {
  readonly kind: 'set-state';
  readonly event: string;
  readonly state: number;
  readonly newState: number;
}

export type BlkdebugRule = InjectError | SetState;

const KEYS: Readonly<Record<BlkdebugRule['kind'], readonly string[]>> = {
  'inject-error': ['event', 'state', 'errno', 'sector', 'once', 'immediately'],
  'set-state': ['event', 'state', 'new_state'],
};

function wrong(message: string): BlockError {
  return new BlockError('ERR_BLOCK_OPTION', message, { errno: EINVAL });
}

function ruleOf(kind: BlkdebugRule['kind'], values: ReadonlyMap<string, string>): BlkdebugRule {
  const number = (key: string) => {
    const text = values.get(key);
    return text === undefined ? undefined : Number(parseNumber(key, text));
  };
  const flag = (key: string) => parseBoolean(key, values.get(key) ?? 'off');
  const event = values.get('event');
  if (event === undefined) throw wrong('Missing event name for rule');
  if (!EVENTS.includes(event)) throw wrong(`Invalid event name "${event}"`);
  const state = number('state') ?? 0;
  if (kind === 'set-state') return { kind, event, state, newState: number('new_state') ?? 0 };
  return {
    kind,
    event,
    state,
    errno: number('errno') ?? EIO,
    sector: number('sector'),
    once: flag('once'),
    immediately: flag('immediately'),
  };
}

/** Throws BlockError or OptionError that names the line. @param fileName for messages */
export function parseRules(text: string, fileName: string): readonly BlkdebugRule[] {
  const sections: { kind: BlkdebugRule['kind']; values: Map<string, string> }[] = [];
  text.split('\n').forEach((line, index) => {
    const place = `${fileName}:${index + 1}`;
    if (/^\s*(#.*)?$/.test(line)) return;
    const [, section] = /^\s*\[([^\]"]+?)\s*\]\s*$/.exec(line) ?? [];
    if (section !== undefined) {
      if (section !== 'inject-error' && section !== 'set-state') {
        throw wrong(`${place}: There is no option group '${section}'`);
      }
      sections.push({ kind: section, values: new Map() });
      return;
    }
    const [, key, value] = /^\s*([\w-]+)\s*=\s*"([^"]*)"\s*$/.exec(line) ?? [];
    const current = sections.at(-1);
    if (key === undefined || value === undefined) throw wrong(`${place}: parse error`);
    if (current === undefined) throw wrong(`${place}: no group defined`);
    if (!KEYS[current.kind].includes(key)) throw wrong(`${place}: Invalid parameter '${key}'`);
    current.values.set(key, value);
  });
  return sections.map(({ kind, values }) => ruleOf(kind, values));
}

/** Rules at work. */
export class BlkdebugState {
  #rules: readonly BlkdebugRule[];
  #active: readonly InjectError[] = [];
  #state = 1;

  constructor(rules: readonly BlkdebugRule[]) {
    this.#rules = rules;
  }

  /** Something has happened: errors are armed, and the state changes. */
  announce(event: BlkdebugEvent): void {
    const matching = this.#rules.filter(
      (rule) => rule.event === event && (rule.state === 0 || rule.state === this.#state),
    );
    const errors = matching.filter((rule) => rule.kind === 'inject-error');
    if (errors.length > 0) this.#active = errors;
    this.#state = matching.findLast((rule) => rule.kind === 'set-state')?.newState ?? this.#state;
  }

  /** The error that a request of these sectors gets. @param count 0 for a flush */
  errorFor(first: number, count: number): InjectError | undefined {
    const found = this.#active.find(
      ({ sector }) => sector === undefined || (sector >= first && sector < first + count),
    );
    if (found?.once === true) {
      this.#rules = this.#rules.filter((rule) => rule !== found);
      this.#active = this.#active.filter((rule) => rule !== found);
    }
    return found;
  }
}
