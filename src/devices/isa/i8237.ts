/**
 * The two cascaded Intel 8237A DMA controllers of a PC with their page registers (8237A data sheet, 231466; 82371SB data
 * sheet, 2.5.1). Channels 0 to 3 move bytes, 5 to 7 words; 4 joins the two.
 */
import type { GuestMemory, Region } from '../board-services.ts';
import { type Device, type DeviceState, defineDevice } from '../device-class.ts';
import { DeviceStateError } from '../saved-state.ts';
import { DmaController } from './i8237-controller.ts';
import { type DmaChannel, ISA_BUS, type IsaPorts } from './isa-contract.ts';

export interface I8237Ports extends IsaPorts {
  /** Hands out the channels, 0 to 7. */
  attach(channel: (number: number) => DmaChannel): void;
}

const CHANNELS = 4;
const CASCADE = 4;
/** Page registers by channel (82371SB, table 12); 4 has the refresh page. */
const PAGE_PORTS = [0x87, 0x83, 0x81, 0x82, 0x8f, 0x8b, 0x89, 0x8a] as const;
/** The page register of no channel: firmware writes there how far it has come, drivers waste a microsecond with it. */
const POST_PORT = 0x80;
const NOTHING = 0xff;
const REGISTERS = 16;
/** The second controller's registers are two ports apart, since it moves words. */
const CONTROLLERS = [
  { base: 0x00, shift: 0 },
  { base: 0xc0, shift: 1 },
] as const;
/** Bits of a page register that address a channel of words: bit 0 is that of the address. */
const WORD_PAGE_MASK = 0xfe;

class I8237 implements Device {
  readonly #controllers: readonly DmaController[];
  readonly #pages = new Uint8Array(PAGE_PORTS.length);
  readonly #regions: readonly Region[];

  constructor(ports: I8237Ports) {
    this.#controllers = CONTROLLERS.map(
      ({ shift }, index) =>
        new DmaController((channel) => this.#memoryOf(ports.guest, index, channel, shift)),
    );
    this.#regions = [
      ...CONTROLLERS.map(({ base, shift }, index) =>
        ports.ports.claim(
          base,
          REGISTERS << shift,
          {
            read: (offset) => this.#controller(index).read(offset >> shift),
            write: (offset, _size, value) => this.#controller(index).write(offset >> shift, value),
          },
          { name: `dma${index}`, widest: 1 },
        ),
      ),
      ports.ports.claim(
        POST_PORT,
        1,
        { read: () => NOTHING, write: () => undefined },
        { name: 'post', widest: 1, posted: true },
      ),
      ...PAGE_PORTS.map((port, channel) =>
        ports.ports.claim(
          port,
          1,
          {
            read: () => this.#pages[channel] ?? 0,
            write: (_offset, _size, value) => {
              this.#pages[channel] = value;
            },
          },
          { name: `dma-page${channel}`, widest: 1 },
        ),
      ),
    ];
    ports.attach((number) => this.#channel(number));
  }

  reset(): void {
    for (const controller of this.#controllers) controller.reset();
    this.#pages.fill(0);
  }

  save(): DeviceState {
    return {
      pages: this.#pages.slice(),
      controllers: this.#controllers.map((controller) => controller.save()),
    };
  }

  restore(state: DeviceState): void {
    const { pages, controllers } = state as { pages?: DeviceState; controllers?: readonly DeviceState[] };
    if (!(pages instanceof Uint8Array) || controllers?.length !== CONTROLLERS.length) {
      throw new DeviceStateError('ERR_DEVICE_STATE', 'The saved state is not that of two DMA controllers');
    }
    this.#pages.set(pages.subarray(0, this.#pages.length));
    this.#controllers.forEach((controller, index) => {
      controller.restore(controllers[index] ?? {});
    });
  }

  unrealize(): void {
    for (const region of this.#regions) region.remove();
  }

  #controller(index: number): DmaController {
    const controller = this.#controllers[index];
    if (controller === undefined) throw new RangeError(`There is no DMA controller ${index}`);
    return controller;
  }

  /** A channel of words can be served only while channel 4 lets its requests through; that is wired so on every PC. */
  #channel(number: number): DmaChannel {
    if (number === CASCADE) return { request: () => undefined, onTransfer: () => undefined };
    return this.#controller(number < CHANNELS ? 0 : 1).channel(number % CHANNELS);
  }

  /** Where a channel's 16-bit address lies: in words for the second controller, so that bit 0 of the page is not used. */
  #memoryOf(guest: GuestMemory, controller: number, channel: number, shift: number) {
    const page = (this.#pages[controller * CHANNELS + channel] ?? 0) & (shift === 0 ? 0xff : WORD_PAGE_MASK);
    return {
      unit: 1 << shift,
      read: (address: number, bytes: number) => guest.read(page * 0x10000 + (address << shift), bytes),
      write: (address: number, bytes: Uint8Array) => guest.write(page * 0x10000 + (address << shift), bytes),
    };
  }
}

export const i8237 = defineDevice({
  name: 'i8237',
  bus: ISA_BUS,
  hotpluggable: false,
  userCreatable: false,
  properties: {},
  create: (ports: I8237Ports) => new I8237(ports),
});
