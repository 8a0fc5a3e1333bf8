/** A machine's power part with everything around it recorded. */
import { MachinePower } from '../../src/machine/machine-power.ts';
import type { RunStateRole } from '../../src/machine/run-control.ts';
import { type RunState, RunStateView } from '../../src/machine/run-state-view.ts';

export interface PowerBenchOptions {
  readonly startPaused?: boolean;
  readonly noReboot?: boolean;
  readonly noShutdown?: boolean;
  readonly incoming?: boolean;
}

export class PowerBench {
  readonly power: MachinePower;
  readonly view = new RunStateView(RunStateView.allocate());
  /** QMP events, `exit N`, and what `note` adds, in order; each event with the state that a client would read then. */
  readonly log: string[] = [];
  readonly transitions: (readonly [from: RunState, to: RunState])[] = [];
  readonly failures: unknown[] = [];
  readonly #passes: (() => void)[] = [];

  constructor(options: PowerBenchOptions = {}) {
    this.power = new MachinePower({
      startPaused: false,
      noReboot: false,
      noShutdown: false,
      incoming: false,
      ...options,
      runState: this.view,
      emit: (name, data) => this.log.push(data === undefined ? name : `${name} ${JSON.stringify(data)}`),
      onRunState: (from, to) => this.transitions.push([from, to]),
      onExit: (code) => this.log.push(`exit ${code}`),
      onFailure: (error) => this.failures.push(error),
      schedule: (pass) => this.#passes.push(pass),
    });
  }

  get state(): RunState {
    return this.view.load();
  }

  /** A running machine whose start is not on record. */
  static async running(options: PowerBenchOptions = {}): Promise<PowerBench> {
    const bench = new PowerBench(options);
    await bench.power.cont();
    bench.log.length = 0;
    bench.transitions.length = 0;
    return bench;
  }

  note(text: string): void {
    this.log.push(text);
  }

  /** Records what a part of each role is told. */
  addListeners(...roles: RunStateRole[]): void {
    for (const role of roles) {
      this.power.addListener({
        role,
        started: () => this.note(`${role} started (${this.state})`),
        stopped: () => this.note(`${role} stopped (${this.state})`),
      });
    }
  }

  /** Asks, notes the reply, then lets the main loop run until nothing is pending. */
  async ask(request: () => unknown): Promise<void> {
    await request();
    this.note('R');
    await this.settle();
  }

  /** Passes of the main loop until nothing is pending. */
  async settle(): Promise<void> {
    for (let pass = this.#passes.shift(); pass !== undefined; pass = this.#passes.shift()) {
      pass();
      await this.idle();
    }
  }

  /** Resolves when everything that waits for nothing outside has run. */
  async idle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
