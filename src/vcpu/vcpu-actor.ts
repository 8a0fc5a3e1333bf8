/** The actor of one vCPU: it owns the core's instance and runs it on its thread between messages. */
import { readlinkSync } from 'node:fs';
import type { ActorBehaviour, ActorContext } from '../actors/contract.ts';
import { defineActor } from '../actors/define-actor.ts';
import { IoTableReader } from '../memory/io-table.ts';
import { MailboxSender } from '../memory/mailbox.ts';
import { VirtualClock } from '../memory/virtual-clock.ts';
import { CoreInstance } from './core-instance.ts';
import { RegionLog } from './jit/region-log.ts';
import { Translator } from './jit/translator.ts';
import { MailboxHost } from './mailbox-host.ts';
import { VcpuClock } from './vcpu-clock.ts';
import type { VcpuActorConfig, VcpuContract, VcpuStop } from './vcpu-contract.ts';
import { VcpuError } from './vcpu-error.ts';
import { VcpuRunner } from './vcpu-runner.ts';
import { captureState, readInstructionCount, readRegisters, restoreState } from './vcpu-state.ts';

const BOOTSTRAP_PROCESSOR = 0;

/** The operating system's number of this thread: `/proc/thread-self` leads to `PID/task/TID`. */
function ownThreadId(): number {
  return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
}

function isStop(result: string): result is VcpuStop {
  return result === 'shutdown' || result === 'breakpoint' || result === 'exception';
}

function create(context: ActorContext<VcpuContract>, config: VcpuActorConfig): ActorBehaviour<VcpuContract> {
  const { memory } = config;
  const clock = new VcpuClock(new VirtualClock(memory), memory, config.index);
  const host = new MailboxHost(new MailboxSender(memory, config.index), clock, new IoTableReader(memory));
  const core = new CoreInstance(config.module, memory, config.plan, config.index, host);
  const translator =
    config.translate === false || process.env['TROUPE_TRANSLATE'] === 'off'
      ? undefined
      : new Translator(core, memory);
  const runner = new VcpuRunner(core, memory, clock);
  host.onWaited(() => runner.noteTimer());
  let running = false;
  let scheduled = false;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    // A turn of the event loop between slices, so that messages are read.
    setImmediate(turn);
  }

  function turn(): void {
    scheduled = false;
    if (!running) return;
    try {
      const result = runner.slice();
      if (isStop(result)) {
        running = false;
        clock.release();
        context.emit('stopped', { reason: result, pc: runner.status().pc });
        return;
      }
      schedule();
    } catch (error) {
      running = false;
      context.fail(error);
    }
  }

  function requirePaused(what: string): void {
    if (running) {
      throw new VcpuError('ERR_VCPU_RUNNING', `${context.name} is running; ${what} needs it paused`);
    }
  }

  return {
    asks: {
      run: () => {
        running = true;
        schedule();
      },
      pause: () => {
        running = false;
        clock.release();
      },
      reset: () => {
        requirePaused('reset');
        core.reset();
        if (config.index !== BOOTSTRAP_PROCESSOR) runner.awaitStartup();
      },
      state: () => {
        requirePaused('state');
        return captureState(memory, core);
      },
      setState: (state) => {
        requirePaused('setState');
        restoreState(memory, core, state);
      },
      registers: () => readRegisters(memory, core),
      status: () => ({ ...runner.status(), threadId: ownThreadId() }),
      inspect: () => ({ state: captureState(memory, core), rflags: core.getFlags() }),
      counters: () => ({
        instructions: readInstructionCount(memory, core),
        ...(translator === undefined ? {} : { translator: { ...translator.counters } }),
      }),
      step: ({ instructions }) => {
        requirePaused('step');
        runner.step(instructions);
        return readRegisters(memory, core).rip;
      },
      setBreakpoints: ({ addresses }) => runner.setBreakpoints(addresses),
      setSingleStep: ({ on }) => runner.setSingleStep(on),
      setLog: async (settings) => translator?.setLog(await RegionLog.open(config.index, settings)),
    },
    tells: {},
    stop: () => {
      running = false;
    },
  };
}

export const vcpuActor = defineActor<VcpuContract, VcpuActorConfig>({
  module: import.meta.url,
  exportName: 'vcpuActor',
  create,
});
