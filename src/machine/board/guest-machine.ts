/** A machine with a board: puts vCPUs, board, clocks and the loop together, and ties them to power and run-state. */
import type { ActorContext } from '../../actors/contract.ts';
import type { StorageContract } from '../../block/storage-contract.ts';
import type { BlockJobContract } from '../../blockjobs/job-contract.ts';
import type { CharacterPort } from '../../devices/character-port.ts';
import { MailboxReceiver } from '../../memory/mailbox.ts';
import { TIMER_LATENESS_NS } from '../../memory/virtual-clock.ts';
import { describeCpu } from '../../vcpu/cpu-description.ts';
import { setUpCpu } from '../../vcpu/cpu-setup.ts';
import { apicId } from '../../vcpu/cpu-topology.ts';
import type { VcpuContract, VcpuStop } from '../../vcpu/vcpu-contract.ts';
import { driveCommands } from '../drives/drive-commands.ts';
import { DriveSet } from '../drives/drive-set.ts';
import { createFirmware } from '../firmware/firmware.ts';
import { readFirmwareFile } from '../firmware/firmware-files.ts';
import type { GuestView } from '../guest/guest-commands.ts';
import { GuestError } from '../guest/guest-error.ts';
import { STORAGE_ACTOR, vcpuActorName } from '../guest-actor-names.ts';
import { BlockJobs } from '../jobs/block-jobs.ts';
import { type JobCommands, jobCommands } from '../jobs/job-commands.ts';
import type { MachineConfig } from '../machine-config.ts';
import type { MachineContract, MachineTopic } from '../machine-contract.ts';
import type { MachinePower } from '../machine-power.ts';
import type { MachineTree } from '../qom/machine-tree.ts';
import type { TypeRegistry } from '../qom/type-registry.ts';
import { boardTarget } from '../qtest/board-target.ts';
import { openQtestLog } from '../qtest/qtest-log.ts';
import { serveQtest } from '../qtest/qtest-server.ts';
import type { EmitQmpEvent } from '../run-control.ts';
import type { RunStateView } from '../run-state-view.ts';
import { addCpuObjects } from './cpu-objects.ts';
import { describeBoard } from './describe-board.ts';
import { guestView } from './guest-view.ts';
import { Hardware, systemClocks } from './hardware.ts';
import { MachineLoop } from './machine-loop.ts';
import { runningCpus, runsCpus, type SharedMachineMemory } from './memory-demand.ts';
import { layOutRam } from './memory-map.ts';
import { PcBoard } from './pc-board.ts';
import { VcpuLog } from './vcpu-log.ts';
import { VcpuSet } from './vcpu-set.ts';

/** Buffers of disk controllers begin at sectors. */
const BUFFER_ALIGNMENT = 512;

export interface GuestMachineOptions {
  readonly context: ActorContext<MachineContract>;
  readonly config: MachineConfig;
  readonly shared: SharedMachineMemory;
  readonly power: MachinePower;
  readonly runState: RunStateView;
  readonly types: TypeRegistry;
  readonly tree: MachineTree;
  readonly emit: EmitQmpEvent;
  readonly character: (label: string) => CharacterPort;
  /** What is to be done when the machine ends. */
  readonly ending: (() => void)[];
}

export class GuestMachine {
  readonly board: PcBoard;
  readonly vcpus: VcpuSet;
  readonly hardware: Hardware;
  readonly #options: GuestMachineOptions;
  readonly drives: ReturnType<typeof driveCommands>;
  readonly jobs: JobCommands;
  readonly #jobs: BlockJobs;
  readonly view: GuestView;
  readonly #loop: MachineLoop;
  readonly #log: VcpuLog;
  /** vCPUs that are being plugged in. */
  readonly #wanted = new Map<number, PromiseWithResolvers<void>>();

  private constructor(options: GuestMachineOptions, hardware: Hardware, drives: DriveSet) {
    const { config, shared, power, runState, types, tree, emit, character } = options;
    this.#options = options;
    this.hardware = hardware;
    this.drives = driveCommands(drives);
    this.#jobs = this.#makeJobs(drives);
    this.jobs = jobCommands(this.#jobs, drives);
    this.#setUpCpus();
    this.#log = new VcpuLog(config.log);
    this.vcpus = new VcpuSet(shared.memory, config.singleStep, (index, reason) =>
      this.#vcpuStopped(index, reason),
    );
    const ram = layOutRam(config.ramBytes);
    const firmware = createFirmware({
      config,
      lowRamBytes: ram.low,
      highRamBytes: ram.high,
      apicIds: Array.from({ length: config.smp.maxCpus }, (_, index) => apicId(config.smp, index)),
    });
    this.board = new PcBoard({
      config,
      hardware: this.hardware,
      firmware,
      ram,
      power,
      types,
      tree,
      emit,
      exit: (status) => this.#exit(status),
      character,
      drive: (id) => drives.take(id),
      mediumBytes: (id) => drives.get(id).medium?.bytes,
      firmwareFile: (name) => readFirmwareFile(config.firmware, name),
      isListening: () => ['running', 'suspended'].includes(runState.load()),
    });
    this.#loop = this.#makeLoop();
    this.view = guestView(this.board, this.vcpus, (index) => this.#addCpu(index), this.#log);
    this.#listen(drives);
    options.ending.push(() => drives.announceEnd());
  }

  /** Opens the drives and builds the machine; `start` has to follow. Rejects with what a device or the firmware throws. */
  static async build(options: GuestMachineOptions): Promise<GuestMachine> {
    const { config, shared, context, emit, power } = options;
    const hardware = new Hardware(shared.memory, shared.plan, config.smp.cpus, systemClocks);
    const drives = await DriveSet.open(config.drives, {
      storage: context.ref<StorageContract>(STORAGE_ACTOR),
      emit,
      stopForIoError: () => power.stopForIoError(),
      noteWrite: (pieces) => hardware.guest.noteWrite(pieces),
      allocate: (bytes) => ({ ...hardware.roms.allocate(bytes, BUFFER_ALIGNMENT), bytes }),
    });
    return new GuestMachine(options, hardware, drives);
  }

  describe(topic: MachineTopic): string {
    return describeBoard(this.board, topic);
  }

  /** Takes over the thread. */
  start(): void {
    const { config, shared } = this.#options;
    this.#serveQtest();
    for (let index = 0; index < runningCpus(config); index++) {
      this.#loop.addMailbox(index, new MailboxReceiver(shared.memory, index));
    }
    this.board.reset('reset');
    this.#loop.start();
  }

  /** The vCPUs are there. */
  async vcpusReady(): Promise<void> {
    await this.#announcementsHeard();
    const { config, context } = this.#options;
    for (let index = 0; index < runningCpus(config); index++) {
      this.vcpus.add(context.ref<VcpuContract>(vcpuActorName(index)), index);
    }
    await this.vcpus.powerOn(this.#log.settings);
  }

  /** The vCPU that `#addCpu` asked for is there, or why it is not. */
  async vcpuAdded(index: number, failure: string | undefined): Promise<void> {
    const wanted = this.#wanted.get(index);
    this.#wanted.delete(index);
    if (failure !== undefined) {
      wanted?.reject(new GuestError('ERR_GUEST_CPU_ADD', failure));
      return;
    }
    await this.#announcementsHeard();
    const { context, shared } = this.#options;
    this.#loop.addMailbox(index, new MailboxReceiver(shared.memory, index));
    this.hardware.addCpu(index);
    await this.vcpus.plug(context.ref<VcpuContract>(vcpuActorName(index)), index);
    this.board.cpuAdded(index);
    wanted?.resolve();
  }

  /** @throws GuestError with the texts of cpu-add */
  #addCpu(index: number): Promise<void> {
    const { maxCpus } = this.#options.config.smp;
    if (index < 0 || index >= maxCpus) {
      throw new GuestError('ERR_GUEST_CPU_ADD', `Unable to add CPU: ${index}, max allowed: ${maxCpus - 1}`);
    }
    if (this.vcpus.has(index) || this.#wanted.has(index)) {
      throw new GuestError('ERR_GUEST_CPU_ADD', `Unable to add CPU: ${index}, it already exists`);
    }
    const wanted = Promise.withResolvers<void>();
    this.#wanted.set(index, wanted);
    this.#options.context.emit('vcpuWanted', { index });
    return wanted.promise;
  }

  /** Actors are announced on another port than the supervisor's requests, before them: that port's turn comes first. */
  async #announcementsHeard(): Promise<void> {
    await new Promise((resolve) => {
      setImmediate(resolve);
      this.#loop.returnSoon();
    });
  }

  /** The actor of a block job has died. */
  jobFailed(actor: string, cause: string): void {
    this.#jobs.died(actor, cause).catch((error: unknown) => this.#options.context.fail(error));
  }

  #makeJobs(drives: DriveSet): BlockJobs {
    const { context, emit } = this.#options;
    return new BlockJobs({
      drives,
      emit,
      wanted: (name, config) => context.emit('jobWanted', { name, config }),
      dismissed: (name) => context.emit('jobOver', { name }),
      actor: async (name) => {
        await this.#announcementsHeard();
        return context.ref<BlockJobContract>(name);
      },
    });
  }

  /** What was given to the event loop is to run before the thread sleeps again. */
  returnSoon(): void {
    this.#loop.returnSoon();
  }

  #serveQtest(): void {
    const { config, character } = this.#options;
    if (config.qtest === undefined) return;
    const { chardev, log } = config.qtest;
    serveQtest(character(chardev), boardTarget(this.board), openQtestLog(log, systemClocks.monotonic));
  }

  #makeLoop(): MachineLoop {
    const { context, shared, runState, config } = this.#options;
    const { virtual, realtime, host } = this.hardware.timers;
    const always = (): boolean => true;
    const clockRuns = runsCpus(config);
    return new MachineLoop({
      memory: shared.memory,
      signal: context.signal,
      clocks: [
        { timers: virtual, isRunning: () => clockRuns && runState.load() === 'running' },
        { timers: realtime, isRunning: always },
        { timers: host, isRunning: always },
      ],
      beforeTimers: () => this.hardware.clock.catchUp(),
      afterTimers: () => this.hardware.clock.limitTo(virtual.nextExpiry() + TIMER_LATENESS_NS),
      serve: (cpu, request) => this.board.serve(cpu, request),
      failed: (error) => context.fail(error),
    });
  }

  #listen(drives: DriveSet): void {
    const { power, config } = this.#options;
    const { clock } = this.hardware;
    if (runsCpus(config)) {
      power.addListener({ role: 'clock', started: () => clock.start(), stopped: () => clock.stop() });
    }
    power.addListener(this.vcpus);
    power.addListener(drives);
    power.beforeCont(() => {
      this.#jobs.resetIoStatus();
      drives.beforeCont();
    });
    power.beforeExit(() => this.#jobs.cancelAll());
    power.addResettable({ reset: (cause) => this.board.reset(cause) });
    power.addResettable(this.vcpus);
  }

  #setUpCpus(): void {
    const { config, shared } = this.#options;
    const cpu = describeCpu(config.cpu);
    const { sockets, cores, threads, maxCpus } = config.smp;
    addCpuObjects({ ...this.#options, cpu, smp: config.smp });
    for (let index = 0; index < maxCpus; index++) {
      setUpCpu(shared.memory, { cpu, topology: { sockets, cores, threads }, index });
    }
  }

  /** A device ends the process. The vCPUs stand still first: afterwards nobody answers their accesses. */
  #exit(status: number): void {
    const { context } = this.#options;
    this.vcpus
      .stopped()
      .then(() => context.emit('exit', { code: status }))
      .catch((error: unknown) => context.fail(error));
    this.#loop.returnSoon();
  }

  /** A triple fault resets the machine (SDM vol. 3, 5.15, and what a PC's chipset makes of a shutdown cycle). */
  #vcpuStopped(_index: number, reason: VcpuStop): void {
    const { power } = this.#options;
    if (reason === 'shutdown') power.requestReset();
    else power.requestDebugStop();
  }
}
