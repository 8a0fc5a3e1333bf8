/** The registers of one device: what the host has written, and what the device answers (ATA/ATAPI-6, clause 7). */
import {
  DEVICE_HEAD,
  DEVICE_LBA,
  DEVICE_OBSOLETE,
  DIAGNOSTIC_PASSED,
  REG_DEVICE,
  REG_ERROR,
  REG_LBA_HIGH,
  REG_LBA_LOW,
  REG_LBA_MID,
  REG_SECTOR_COUNT,
} from './ata-registers.ts';

const BYTE = 0xff;
const LBA28_SECTORS = 256;
const LBA48_SECTORS = 65536;

export interface TaskFileState {
  error: number;
  features: number;
  sectorCount: number;
  lbaLow: number;
  lbaMid: number;
  lbaHigh: number;
  device: number;
  status: number;
  /** What the two-byte registers held before they were written last (48-bit commands, 6.20). */
  previousFeatures: number;
  previousSectorCount: number;
  previousLbaLow: number;
  previousLbaMid: number;
  previousLbaHigh: number;
}

const ZERO: TaskFileState = {
  error: 0,
  features: 0,
  sectorCount: 0,
  lbaLow: 0,
  lbaMid: 0,
  lbaHigh: 0,
  device: 0,
  status: 0,
  previousFeatures: 0,
  previousSectorCount: 0,
  previousLbaLow: 0,
  previousLbaMid: 0,
  previousLbaHigh: 0,
};

export interface Geometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectors: number;
}

export class TaskFile {
  readonly state: TaskFileState = { ...ZERO };

  /** A write of the host. */
  write(register: number, value: number): void {
    const { state } = this;
    switch (register) {
      case REG_ERROR:
        state.previousFeatures = state.features;
        state.features = value;
        break;
      case REG_SECTOR_COUNT:
        state.previousSectorCount = state.sectorCount;
        state.sectorCount = value;
        break;
      case REG_LBA_LOW:
        state.previousLbaLow = state.lbaLow;
        state.lbaLow = value;
        break;
      case REG_LBA_MID:
        state.previousLbaMid = state.lbaMid;
        state.lbaMid = value;
        break;
      case REG_LBA_HIGH:
        state.previousLbaHigh = state.lbaHigh;
        state.lbaHigh = value;
        break;
      case REG_DEVICE:
        state.device = value | DEVICE_OBSOLETE;
        break;
    }
  }

  /** A read of the host; `high` is the HOB bit. */
  read(register: number, high: boolean): number {
    const { state } = this;
    switch (register) {
      case REG_ERROR:
        return high ? state.previousFeatures : state.error;
      case REG_SECTOR_COUNT:
        return high ? state.previousSectorCount : state.sectorCount;
      case REG_LBA_LOW:
        return high ? state.previousLbaLow : state.lbaLow;
      case REG_LBA_MID:
        return high ? state.previousLbaMid : state.lbaMid;
      case REG_LBA_HIGH:
        return high ? state.previousLbaHigh : state.lbaHigh;
      case REG_DEVICE:
        return state.device;
      default:
        return state.status;
    }
  }

  /** After a reset: what kind of device this is (9.12). */
  setSignature(packet: boolean, status: number): void {
    Object.assign(this.state, ZERO, {
      error: DIAGNOSTIC_PASSED,
      sectorCount: 1,
      lbaLow: 1,
      lbaMid: packet ? 0x14 : 0,
      lbaHigh: packet ? 0xeb : 0,
      device: DEVICE_OBSOLETE,
      status,
    });
  }

  /** Sectors that the command asks for. */
  sectors(extended: boolean): number {
    const { sectorCount, previousSectorCount } = this.state;
    return extended
      ? (previousSectorCount << 8) | sectorCount || LBA48_SECTORS
      : sectorCount || LBA28_SECTORS;
  }

  /** The command's first sector. -1 for a cylinder, head and sector that do not exist. */
  address(extended: boolean, { heads, sectors }: Geometry): number {
    const { state } = this;
    const low = (state.lbaHigh << 16) | (state.lbaMid << 8) | state.lbaLow;
    if (extended) {
      const high = (state.previousLbaHigh << 16) | (state.previousLbaMid << 8) | state.previousLbaLow;
      return high * 2 ** 24 + low;
    }
    const head = state.device & DEVICE_HEAD;
    if ((state.device & DEVICE_LBA) !== 0) {
      return head * 2 ** 24 + low;
    }
    if (state.lbaLow === 0 || state.lbaLow > sectors || head >= heads) {
      return -1;
    }
    return (((state.lbaHigh << 8) | state.lbaMid) * heads + head) * sectors + state.lbaLow - 1;
  }

  /** Shows a sector's address, as after an error or READ NATIVE MAX. */
  setAddress(sector: number, extended: boolean, { heads, sectors }: Geometry): void {
    const { state } = this;
    const upper = Math.floor(sector / 2 ** 24);
    if (extended || (state.device & DEVICE_LBA) !== 0) {
      state.lbaLow = sector & BYTE;
      state.lbaMid = (sector >>> 8) & BYTE;
      state.lbaHigh = Math.floor(sector / 2 ** 16) & BYTE;
      if (extended) {
        state.previousLbaLow = upper & BYTE;
        state.previousLbaMid = (upper >>> 8) & BYTE;
        state.previousLbaHigh = (upper >>> 16) & BYTE;
      } else {
        state.device = (state.device & ~DEVICE_HEAD) | (upper & DEVICE_HEAD);
      }
      return;
    }
    const cylinder = Math.floor(sector / (heads * sectors));
    state.lbaLow = (sector % sectors) + 1;
    state.lbaMid = cylinder & BYTE;
    state.lbaHigh = (cylinder >>> 8) & BYTE;
    state.device = (state.device & ~DEVICE_HEAD) | ((Math.floor(sector / sectors) % heads) & DEVICE_HEAD);
  }
}
