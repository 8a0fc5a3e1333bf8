/** The vCPUs of a machine as one part of it: they run, stop and are reset together. */
import type { ActorRef, AskArgument, AskResult } from '../../actors/contract.ts';
import { kickVcpu } from '../../vcpu/kick.ts';
import { LOG_NOTHING, type LogSettings } from '../../vcpu/log-items.ts';
import type { VcpuContract, VcpuStop } from '../../vcpu/vcpu-contract.ts';
import type { Resettable } from '../machine-power.ts';
import type { RunStateListener } from '../run-control.ts';

export type VcpuRef = ActorRef<VcpuContract>;

/** A vCPU may be in the middle of an access that the machine answers late: it has this long, in ms, to stand still. */
const PAUSE_DEADLINE_MS = 30_000;

export class VcpuSet implements RunStateListener, Resettable {
  readonly role = 'vcpu';
  readonly #memory: WebAssembly.Memory;
  readonly #vcpus: VcpuRef[] = [];
  /** The number of each in shared memory: a hot-plugged one may leave a gap. */
  readonly #numbers: number[] = [];
  readonly #stopped: (index: number, reason: VcpuStop) => void;
  readonly #ready = Promise.withResolvers<void>();
  #running = false;
  #singleStep: boolean;
  #log = LOG_NOTHING;

  /**
   * @param singleStep whether they run one instruction at a time
   * @param stopped told of a vCPU that does not run any more, though nobody asked it to stop
   */
  constructor(
    memory: WebAssembly.Memory,
    singleStep: boolean,
    stopped: (index: number, reason: VcpuStop) => void,
  ) {
    this.#memory = memory;
    this.#singleStep = singleStep;
    this.#stopped = stopped;
  }

  get count(): number {
    return this.#vcpus.length;
  }

  /** Takes a vCPU in, as the next one in order. It stands still until `started`. */
  add(vcpu: VcpuRef, number: number): void {
    const index = this.#vcpus.push(vcpu) - 1;
    this.#numbers.push(number);
    vcpu.subscribe('stopped', ({ reason }) => this.#stopped(index, reason));
  }

  /** Takes in a vCPU that is plugged into a machine that may run: it waits for its start-up interrupt. */
  async plug(vcpu: VcpuRef, number: number): Promise<void> {
    await vcpu.ask('reset', undefined);
    await vcpu.ask('setSingleStep', { on: this.#singleStep });
    await vcpu.ask('setLog', this.#log);
    this.add(vcpu, number);
    if (this.#running) await vcpu.ask('run', undefined);
  }

  /** Whether there is one with that number. */
  has(number: number): boolean {
    return this.#numbers.includes(number);
  }

  /** All vCPUs are there: resets them, then what was asked of them meanwhile goes on. */
  async powerOn(log: LogSettings): Promise<void> {
    this.#log = log;
    await this.#askAll((vcpu) => vcpu.ask('reset', undefined));
    await this.#askAll((vcpu) => vcpu.ask('setSingleStep', { on: this.#singleStep }));
    await this.#askAll((vcpu) => vcpu.ask('setLog', log));
    this.#ready.resolve();
  }

  /** From now on they run one instruction at a time, or as fast as they go. */
  async setSingleStep(on: boolean): Promise<void> {
    await this.#ready.promise;
    this.#singleStep = on;
    await this.#askAll((vcpu) => vcpu.ask('setSingleStep', { on }));
  }

  /** What is written of their translated code from now on. The vCPUs append to the file. */
  async setLog(log: LogSettings): Promise<void> {
    await this.#ready.promise;
    this.#log = log;
    await this.#askAll((vcpu) => vcpu.ask('setLog', log));
  }

  /** One vCPU; undefined when there is none with that index. */
  at(index: number): VcpuRef | undefined {
    return this.#vcpus[index];
  }

  /** Asks one vCPU, and gets it out of its slice or its sleep so that it answers soon; undefined when there is none. */
  async ask<M extends 'inspect' | 'status' | 'counters'>(
    index: number,
    method: M,
  ): Promise<AskResult<VcpuContract, M> | undefined> {
    await this.#ready.promise;
    const vcpu = this.#vcpus[index];
    if (vcpu === undefined) return undefined;
    const answer = vcpu.ask(method, undefined as AskArgument<VcpuContract, M>);
    this.#kick(index);
    return await answer;
  }

  /** Asks every vCPU, in order of their indices. */
  async askEach<M extends 'status' | 'counters'>(method: M): Promise<AskResult<VcpuContract, M>[]> {
    await this.#ready.promise;
    const answers = await Promise.all(this.#vcpus.map((_vcpu, index) => this.ask(index, method)));
    return answers.filter((answer) => answer !== undefined);
  }

  async started(): Promise<void> {
    this.#running = true;
    await this.#ready.promise;
    await Promise.all(this.#vcpus.map((vcpu) => vcpu.ask('run', undefined)));
  }

  async stopped(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    await this.#ready.promise;
    await this.#askAll((vcpu) => vcpu.ask('pause', undefined, { deadlineMs: PAUSE_DEADLINE_MS }));
  }

  async reset(): Promise<void> {
    await this.#ready.promise;
    await this.#askAll((vcpu) => vcpu.ask('reset', undefined));
  }

  /** Asks each, and gets it out of its slice or its sleep so that it hears. */
  async #askAll(ask: (vcpu: VcpuRef) => Promise<void>): Promise<void> {
    await Promise.all(
      this.#vcpus.map((vcpu, index) => {
        const answered = ask(vcpu);
        this.#kick(index);
        return answered;
      }),
    );
  }

  #kick(index: number): void {
    kickVcpu(this.#memory, this.#numbers[index] ?? index);
  }
}
