/** `isa-vga`: the standard adapter without PCI; its linear frame buffer lies at a fixed address. */
import { type Device, defineDevice, property } from '../device-class.ts';
import { ISA_BUS, type IsaPorts } from '../isa/isa-contract.ts';
import { uint32 } from '../property-types.ts';
import { VgaAdapter } from './vga-adapter.ts';
import { offerVgaRom } from './vga-rom.ts';
import { MappedPiece } from './vga-window.ts';
import { videoBytes } from './video-size.ts';

const ROM_FILE = 'vgabios.bin';
/** Bochs, "VBE display API": VBE_DISPI_LFB_PHYSICAL_ADDRESS. */
const LINEAR_ADDRESS = 0xe0000000;

export const isaVga = defineDevice({
  name: 'isa-vga',
  bus: ISA_BUS,
  hotpluggable: false,
  userCreatable: true,
  properties: { vgamem_mb: property(uint32, 8, 'MiB of video memory') },
  create(ports: IsaPorts, values): Device {
    const adapter = new VgaAdapter(ports, videoBytes('isa-vga', values.vgamem_mb), 'isa-vga');
    const linear = new MappedPiece(ports, adapter.video.host);
    linear.set({ first: LINEAR_ADDRESS, bytes: adapter.video.view.length, offset: 0 });
    offerVgaRom(ports, ROM_FILE);
    return {
      reset: () => adapter.reset(),
      save: () => adapter.save(),
      restore: (state) => adapter.restore(state),
      unrealize: () => {
        linear.set(undefined);
        adapter.release();
      },
    };
  },
});
