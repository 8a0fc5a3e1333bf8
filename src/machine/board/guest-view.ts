/** The board as monitors see it. */

import { BOOT_FLAGS, cmosBootOrder, SKIPS_SIGNATURE_CHECK } from '../../devices/isa/cmos-contents.ts';
import type { BusAccess, GuestView } from '../guest/guest-commands.ts';
import type { MemorySpace } from './memory-space.ts';
import type { PcBoard } from './pc-board.ts';
import type { PortSpace } from './port-space.ts';
import { queryPci } from './query-pci.ts';
import type { VcpuLog } from './vcpu-log.ts';
import type { VcpuSet } from './vcpu-set.ts';

function access(space: MemorySpace | PortSpace): BusAccess {
  return {
    read: (address, size) => space.read(address, size),
    write: (address, size, value) => space.write(address, size, value),
  };
}

/** Drive letters that a PC's firmware knows. */
const BOOT_ORDER = /^[abcdn]{1,3}$/;

/** Tells the firmware by CMOS RAM, which outlives resets. False when the letters are no boot order. */
function setBootOrder({ rtc }: PcBoard, order: string): boolean {
  if (rtc === undefined || !BOOT_ORDER.test(order)) return false;
  const checksSignature = (rtc.peek(BOOT_FLAGS) & SKIPS_SIGNATURE_CHECK) === 0;
  for (const [index, value] of cmosBootOrder(order, checksSignature)) rtc.poke(index, value);
  return true;
}

export function guestView(
  board: PcBoard,
  cpus: VcpuSet,
  addCpu: (index: number) => Promise<void>,
  log: VcpuLog,
): GuestView {
  const { hardware } = board;
  return {
    cpus,
    memory: access(hardware.space),
    ports: access(hardware.ports),
    input: board.input,
    clock: hardware.timers.virtual,
    a20: () => hardware.a20Enabled,
    pulseNmi: () => hardware.interrupts.pulseNmi(),
    picture: () => board.displays[0]?.picture(),
    pci: () => pciInfo(board),
    setBootOrder: (order) => setBootOrder(board, order),
    addCpu,
    balloon: () => board.balloon,
    setSingleStep: (on) => cpus.setSingleStep(on),
    setLog: (change) => cpus.setLog(log.change(change)),
  };
}

function pciInfo({ pciBus, factory }: PcBoard): ReturnType<GuestView['pci']> {
  if (pciBus === undefined) return [];
  const ids = new Map(
    factory
      .objects()
      .flatMap((object) =>
        pciBus.functionsOf(factory.portsOf(object)).map((made) => [made, object.id ?? ''] as const),
      ),
  );
  return queryPci(pciBus, (made) => ids.get(made) ?? '');
}
