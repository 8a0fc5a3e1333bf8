/** The ATA commands that a packet device takes beside PACKET (ATA/ATAPI-6, table 22). What is not here is aborted. */
import {
  CMD_CHECK_POWER_MODE,
  CMD_DEVICE_RESET,
  CMD_IDENTIFY,
  CMD_IDENTIFY_PACKET,
  CMD_IDLE,
  CMD_IDLE_IMMEDIATE,
  CMD_PACKET,
  CMD_READ,
  CMD_SET_FEATURES,
  CMD_SLEEP,
  CMD_STANDBY,
  CMD_STANDBY_IMMEDIATE,
} from '../ata-registers.ts';
import { FEATURE_TRANSFER_MODE } from '../transfer-modes.ts';
import { identifyPacketDevice } from './atapi-identify.ts';
import type { PacketDevice } from './packet-device.ts';

type Command = (device: PacketDevice) => void;

const POWER_ACTIVE = 0xff;

/** Commands of disks tell by their failure what the device is (9.12). */
const refuseWithSignature: Command = (device) => {
  Object.assign(device.taskFile.state, { sectorCount: 1, lbaLow: 1, lbaMid: 0x14, lbaHigh: 0xeb });
  device.abort();
};

const setFeatures: Command = (device) => {
  const { features, sectorCount } = device.taskFile.state;
  if (features === FEATURE_TRANSFER_MODE && device.modes.choose(sectorCount)) device.succeed();
  else device.abort();
};

const succeed: Command = (device) => device.succeed();

export const ATA_COMMANDS_OF_PACKET_DEVICES: ReadonlyMap<number, Command> = new Map<number, Command>([
  [CMD_DEVICE_RESET, (device) => device.softReset()],
  [CMD_IDENTIFY, refuseWithSignature],
  [CMD_READ, refuseWithSignature],
  [
    CMD_IDENTIFY_PACKET,
    (device) => device.replyToAta(identifyPacketDevice(device.identity, device.modes.state)),
  ],
  [CMD_PACKET, (device) => device.acceptPacket()],
  [CMD_SET_FEATURES, setFeatures],
  [CMD_STANDBY_IMMEDIATE, succeed],
  [CMD_IDLE_IMMEDIATE, succeed],
  [CMD_STANDBY, succeed],
  [CMD_IDLE, succeed],
  [CMD_SLEEP, succeed],
  [
    CMD_CHECK_POWER_MODE,
    (device) => {
      device.taskFile.state.sectorCount = POWER_ACTIVE;
      device.succeed();
    },
  ],
]);
