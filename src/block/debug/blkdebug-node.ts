/** The protocol blkdebug: passes requests on to another file, and lets some of them fail as its rules say. */
import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { byteLengthOf } from '../../host/file-transfer.ts';
import { HostError } from '../../host/host-error.ts';
import { BlockError } from '../block-error.ts';
import type { BlockNode, BlockStatus, Views, WriteZeroesOptions } from '../block-node.ts';
import { type BlkdebugEvent, BlkdebugState, parseRules } from './blkdebug-rules.ts';

const SECTOR_BYTES = 512;

/** The rules of a file; none without a file. Throws BlockError. */
export function readRules(fileName: string): BlkdebugState {
  if (fileName === '') return new BlkdebugState([]);
  let text: string;
  try {
    text = readFileSync(fileName, 'utf8');
  } catch (cause) {
    throw new BlockError('ERR_BLOCK_OPEN', `Could not read blkdebug config file '${fileName}'`, { cause });
  }
  return new BlkdebugState(parseRules(text, fileName));
}

export class BlkdebugNode implements BlockNode {
  readonly driver = 'blkdebug';
  readonly fileName: string;
  readonly file: BlockNode;
  readonly encrypted = false;
  readonly backing = undefined;
  readonly #rules: BlkdebugState;

  /** Takes `file` over. */
  constructor(fileName: string, file: BlockNode, rules: BlkdebugState) {
    this.fileName = fileName;
    this.file = file;
    this.#rules = rules;
  }

  get bytes(): number {
    return this.file.bytes;
  }

  get readOnly(): boolean {
    return this.file.readOnly;
  }

  async read(offset: number, views: Views): Promise<void> {
    await this.#pass('read_aio', offset, byteLengthOf(views));
    await this.file.read(offset, views);
  }

  async write(offset: number, views: Views): Promise<void> {
    await this.#pass('write_aio', offset, byteLengthOf(views));
    await this.file.write(offset, views);
  }

  async flush(): Promise<void> {
    this.#rules.announce('flush_to_os');
    await this.#pass('flush_to_disk', 0, 0);
    await this.file.flush();
  }

  discard(offset: number, bytes: number): Promise<void> {
    return this.file.discard(offset, bytes);
  }

  async writeZeroes(offset: number, bytes: number, options: WriteZeroesOptions): Promise<void> {
    await this.#pass('write_aio', offset, bytes);
    await this.file.writeZeroes(offset, bytes, options);
  }

  resize(bytes: number): Promise<void> {
    return this.file.resize(bytes);
  }

  status(offset: number, bytes: number): Promise<BlockStatus> {
    return this.file.status(offset, bytes);
  }

  async setReadOnly(readOnly: boolean): Promise<void> {
    await this.file.setReadOnly?.(readOnly);
  }

  close(): Promise<void> {
    return this.file.close();
  }

  /** Rejects with HostError when a rule says so. */
  async #pass(event: BlkdebugEvent, offset: number, bytes: number): Promise<void> {
    this.#rules.announce(event);
    const first = Math.floor(offset / SECTOR_BYTES);
    const error = this.#rules.errorFor(first, Math.ceil((offset + bytes) / SECTOR_BYTES) - first);
    if (error === undefined) return;
    if (!error.immediately) await setImmediate();
    throw new HostError(error.errno, `${event} of ${bytes} bytes at ${offset}, which blkdebug lets fail`);
  }
}
