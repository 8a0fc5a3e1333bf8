/** The PCI transport: a virtio device of any type as a PCI function (VIRTIO 1.1, 4.1). */
import type {
  BootPlace,
  ChildBus,
  Device,
  DeviceState,
  InstanceProperty,
  PropertyValues,
} from '../device-class.ts';
import { property } from '../device-class.ts';
import type { MsixTable, PciFunction, PciPorts } from '../pci/pci-contract.ts';
import { pciDevice } from '../pci/pci-device.ts';
import { onOff } from '../property-types.ts';
import { type InterfaceHost, LegacyInterface, legacyBarBytes } from './legacy-interface.ts';
import { MODERN_BAR_BYTES, ModernInterface } from './modern-interface.ts';
import { announceBlocks } from './pci-capabilities.ts';
import { fieldsOf } from './saved-fields.ts';
import { NO_VECTOR, VIRTIO_VENDOR } from './virtio-bits.ts';
import { VirtioCore } from './virtio-core.ts';
import type { VirtioHost, VirtioModel } from './virtio-model.ts';

/** What every virtio device on PCI can be told. */
export const virtioPci = {
  name: 'virtio-pci',
  abstract: true,
  parent: pciDevice,
  properties: {
    indirect_desc: property(onOff, true, 'offer indirect descriptors'),
    event_idx: property(onOff, true, 'offer notification by index'),
    'disable-legacy': property(onOff, false, 'no interface of before virtio 1.0'),
    'disable-modern': property(onOff, false, 'no interface of virtio 1.0'),
  },
} as const;

export type VirtioPciValues = PropertyValues<(typeof virtioPci)['properties']>;

export interface VirtioPciOptions {
  /** Device type (chapter 5). */
  readonly type: number;
  /** PCI device id of the transitional device (4.1.2.1). */
  readonly transitionalId: number;
  /** 24 bits: class, subclass, interface. */
  readonly classCode: number;
  /** MSI-X vectors; none: INTx only. */
  readonly vectors: number;
  readonly values: VirtioPciValues;
  readonly bootPlaces?: readonly BootPlace[];
  readonly createModel: (host: VirtioHost) => VirtioModel;
}

/** 4.1.2: a modern device has this plus its type as its id. */
const MODERN_ID_BASE = 0x1040;
const MODERN_REVISION = 1;
const MODERN_SUBSYSTEM = 0x1100;
const PIN_INTA = 1;
const LEGACY_BAR = 0;
const MSIX_BAR = 1;
const MODERN_BAR = 4;
/** Most MSI-X vectors that a table has (PCI 3.0, 6.8.2.3). */
const MOST_VECTORS = 2048;
/** Interrupt status (4.1.4.5). */
const ISR_QUEUE = 1;
const ISR_CONFIG = 2;

/**
 * Makes the PCI function of a virtio device. Throws what claiming a slot throws.
 *
 * A function with neither interface would be one that no driver can find: with both disabled the legacy one stays.
 */
export function createVirtioPci(ports: PciPorts, options: VirtioPciOptions): Device {
  return new VirtioPciFunction(ports, options);
}

class VirtioPciFunction implements Device, InterfaceHost {
  readonly bootPlaces: readonly BootPlace[];
  readonly #pci: PciFunction;
  readonly #core: VirtioCore;
  readonly #legacy: LegacyInterface;
  readonly #modern: ModernInterface;
  readonly #msix: MsixTable | undefined;
  readonly #vectors: number;
  #interruptStatus = 0;
  readonly #closeWindow: () => void;

  constructor(
    ports: PciPorts,
    { type, transitionalId, classCode, vectors, values, bootPlaces = [], createModel }: VirtioPciOptions,
  ) {
    this.bootPlaces = bootPlaces;
    const modern = !values['disable-modern'];
    const legacy = !values['disable-legacy'] || !modern;
    this.#pci = ports.pci({
      vendor: VIRTIO_VENDOR,
      device: legacy ? transitionalId : MODERN_ID_BASE + type,
      revision: legacy ? 0 : MODERN_REVISION,
      classCode,
      subsystemVendor: VIRTIO_VENDOR,
      subsystem: legacy ? type : MODERN_SUBSYSTEM,
      interruptPin: PIN_INTA,
    });
    this.#core = new VirtioCore(
      ports,
      {
        queue: (vector) => this.#interrupt(vector, ISR_QUEUE),
        config: (vector) => this.#interrupt(vector, ISR_CONFIG),
        clear: () => this.#setInterruptStatus(0),
      },
      { indirectDescriptors: values.indirect_desc, eventIndex: values.event_idx, modern },
      createModel,
    );
    this.#legacy = new LegacyInterface(this.#core, this);
    this.#modern = new ModernInterface(this.#core, this);
    if (legacy) {
      const bytes = legacyBarBytes(this.#core.readConfig().length);
      this.#declare(LEGACY_BAR, { kind: 'io', bytes, name: 'virtio-legacy' }, this.#legacy);
    }
    this.#vectors = Math.min(vectors, MOST_VECTORS);
    this.#msix = this.#vectors === 0 ? undefined : this.#pci.msix(MSIX_BAR, this.#vectors);
    this.#closeWindow = modern ? this.#addModern() : () => undefined;
  }

  get msixEnabled(): boolean {
    return this.#msix?.enabled === true;
  }

  get buses(): readonly ChildBus[] {
    return this.#core.additions.buses ?? [];
  }

  get instanceProperties(): readonly InstanceProperty[] {
    return this.#core.additions.instanceProperties ?? [];
  }

  takeInterruptStatus(): number {
    const status = this.#interruptStatus;
    this.#setInterruptStatus(0);
    return status;
  }

  acceptVector(vector: number): number {
    return vector < this.#vectors ? vector : NO_VECTOR;
  }

  reset(): void {
    this.#core.reset();
    this.#legacy.reset();
    this.#modern.reset();
    this.#closeWindow();
  }

  save(): DeviceState {
    return {
      core: this.#core.save(),
      legacy: this.#legacy.save(),
      modern: this.#modern.save(),
      interruptStatus: this.#interruptStatus,
    };
  }

  restore(state: DeviceState): void {
    const saved = fieldsOf(state);
    this.#core.restore(saved.state('core'));
    this.#legacy.restore(saved.state('legacy'));
    this.#modern.restore(saved.state('modern'));
    this.#setInterruptStatus(saved.number('interruptStatus'));
  }

  unrealize(): void {
    this.#core.unrealize();
  }

  /** Gives what closes the window in configuration space. */
  #addModern(): () => void {
    this.#declare(
      MODERN_BAR,
      { kind: 'memory64', bytes: MODERN_BAR_BYTES, prefetchable: true, name: 'virtio-modern' },
      this.#modern,
    );
    return announceBlocks(this.#pci, MODERN_BAR, this.#modern);
  }

  /**
   * Writes to the blocks are posted: what a driver must know of their effect it reads back, a read waits for the writes
   * before it, and buffers that another vCPU announces too early are looked at when the device starts.
   */
  #declare(
    index: number,
    options: Parameters<PciFunction['bar']>[1],
    handler: LegacyInterface | ModernInterface,
  ): void {
    this.#pci.bar(index, options, { handler, posted: true });
  }

  /** 4.1.5.1.2 and 4.1.5.3: by the vector that the driver gave, else by INTx and a bit that says why. */
  #interrupt(vector: number, cause: number): void {
    if (this.#msix?.enabled !== true) {
      this.#setInterruptStatus(this.#interruptStatus | cause);
    } else if (vector !== NO_VECTOR) {
      this.#msix.notify(vector);
    }
  }

  #setInterruptStatus(status: number): void {
    this.#interruptStatus = status;
    this.#pci.intx.set(status !== 0);
  }
}
