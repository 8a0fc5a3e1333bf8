/** Port 92H of the PS/2: address line 20 and a fast reset (82371SB data sheet calls it "port 92 register"). */
import type { Region } from '../board-services.ts';
import { type Device, type DeviceState, defineDevice } from '../device-class.ts';
import { stateLike, stateOf } from '../saved-state.ts';
import { ISA_BUS, type IsaPorts } from './isa-contract.ts';

const PORT = 0x92;
/** A change from 0 to 1 resets the processor. */
const FAST_INIT = 0x01;
const FAST_A20 = 0x02;

const POWER_ON = { value: FAST_A20 };

class Port92 implements Device {
  #state = { ...POWER_ON };
  readonly #ports: IsaPorts;
  readonly #region: Region;

  constructor(ports: IsaPorts) {
    this.#ports = ports;
    this.#region = ports.ports.claim(
      PORT,
      1,
      { read: () => this.#state.value, write: (_offset, _size, value) => this.#write(value) },
      { name: 'port92', widest: 1 },
    );
  }

  reset(): void {
    this.#state = { ...POWER_ON };
  }

  save(): DeviceState {
    return stateOf(this.#state);
  }

  restore(state: DeviceState): void {
    this.#state = stateLike(POWER_ON, state, port92.name);
  }

  unrealize(): void {
    this.#region.remove();
  }

  #write(value: number): void {
    const rises = value & ~this.#state.value;
    this.#state.value = value;
    this.#ports.machine.setA20((value & FAST_A20) !== 0);
    if ((rises & FAST_INIT) !== 0) this.#ports.machine.requestReset();
  }
}

export const port92 = defineDevice({
  name: 'port92',
  bus: ISA_BUS,
  hotpluggable: false,
  userCreatable: false,
  properties: {},
  create: (ports: IsaPorts) => new Port92(ports),
});
