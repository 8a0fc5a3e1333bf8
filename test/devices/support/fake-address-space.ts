/** Ports or device memory as the board gives them to devices: splits accesses, and checks every fast answer on the way. */
import type {
  AddressSpace,
  Region,
  RegionHandler,
  RegionOptions,
} from '../../../src/devices/board-services.ts';
import type { FastAnswer } from '../../../src/memory/fast-answer.ts';

export interface Claim {
  readonly first: number;
  readonly bytes: number;
  readonly handler: RegionHandler;
  readonly options: RegionOptions;
}

const ALL_ONES: Readonly<Record<number, number>> = { 1: 0xff, 2: 0xffff, 4: 0xffffffff };

function mask(value: number, size: number): number {
  return (value & (ALL_ONES[size] ?? 0)) >>> 0;
}

export class FakeAddressSpace implements AddressSpace {
  /** What devices have claimed, latest first. */
  readonly claims: Claim[] = [];
  readonly #evaluate: (answer: FastAnswer, size: number) => number | undefined;

  /** @param evaluate what a vCPU's thread would answer by itself; undefined when it would ask the device */
  constructor(evaluate: (answer: FastAnswer, size: number) => number | undefined) {
    this.#evaluate = evaluate;
  }

  claim(first: number, bytes: number, handler: RegionHandler, options: RegionOptions): Region {
    const claim = { first, bytes, handler, options };
    this.claims.unshift(claim);
    return {
      remove: () => {
        const index = this.claims.indexOf(claim);
        if (index >= 0) this.claims.splice(index, 1);
      },
    };
  }

  /** What the guest reads; all ones where nobody is. Throws when a fast answer differs from the device's own. */
  read(address: number, size: number): number {
    const claim = this.#find(address);
    if (claim === undefined) return size === 1 ? 0xff : this.#readParts(address, size);
    const { options, handler, first } = claim;
    if (size > (options.widest ?? 4)) return this.#readParts(address, size);
    const offset = address - first;
    const narrowest = options.narrowest ?? 1;
    if (size < narrowest) {
      const start = offset - (offset % narrowest);
      const whole = handler.read(start, narrowest);
      return mask(whole >>> ((offset - start) * 8), size);
    }
    const fast = options.fast?.find((entry) => entry.offset === offset && entry.size === size);
    const quick = fast === undefined ? undefined : this.#evaluate(fast.answer, size);
    const value = handler.read(offset, size);
    if (quick !== undefined && quick !== value) {
      throw new Error(`${options.name}+${offset}: the fast answer is ${quick}, the device's own ${value}`);
    }
    if (value !== mask(value, size)) {
      throw new Error(`${options.name}+${offset} answered ${value} to a read of ${size} bytes`);
    }
    return value;
  }

  write(address: number, size: number, value: number): void {
    const claim = this.#find(address);
    if (claim === undefined || size > (claim.options.widest ?? 4)) {
      if (size === 1) return;
      const half = size / 2;
      this.write(address, half, mask(value, half));
      this.write(address + half, half, mask(value >>> (half * 8), half));
      return;
    }
    const offset = address - claim.first;
    const narrowest = claim.options.narrowest ?? 1;
    if (size < narrowest) {
      const start = offset - (offset % narrowest);
      claim.handler.write(start, narrowest, (mask(value, size) << ((offset - start) * 8)) >>> 0);
    } else {
      claim.handler.write(offset, size, mask(value, size));
    }
  }

  #readParts(address: number, size: number): number {
    const half = size / 2;
    const low = this.read(address, half);
    return (low | (this.read(address + half, half) << (half * 8))) >>> 0;
  }

  #find(address: number): Claim | undefined {
    return this.claims.find(({ first, bytes }) => address >= first && address < first + bytes);
  }
}
