/** The packet commands of a CD and DVD reader (MMC-5, clause 6; SPC-3, clause 6). */
import { readU16, readU24, readU32 } from './big-endian.ts';
import { configuration, PROFILE_CD_ROM, PROFILE_DVD_ROM, PROFILE_NONE } from './configuration.ts';
import {
  capacity,
  discInformation,
  dvdPhysicalFormat,
  inquiry,
  mechanismStatus,
  subChannel,
  trackInformation,
} from './disc-answers.ts';
import { modePages } from './mode-pages.ts';
import type { PacketDevice } from './packet-device.ts';
import {
  ILLEGAL_MODE,
  INCOMPATIBLE_MEDIUM,
  INVALID_FIELD,
  INVALID_OPCODE,
  OUT_OF_RANGE,
  REMOVAL_PREVENTED,
  SAVING_NOT_SUPPORTED,
  senseData,
} from './sense.ts';
import { tableOfContents } from './table-of-contents.ts';

interface PacketCommand {
  readonly run: (device: PacketDevice, packet: Uint8Array) => void;
  /** Carried out even while the device has a unit attention to report. */
  readonly beforeAttention?: true;
  /** Needs a disc. */
  readonly needsMedium?: true;
}

/** 80 minutes of CD: what is longer is a DVD. */
const MOST_CD_BLOCKS = 80 * 60 * 75;
const MODE_SAVED_VALUES = 3;
const MSF_BIT = 0x02;
const IMMEDIATE_POLL = 0x01;
const START = 0x01;
const LOAD_EJECT = 0x02;
const PREVENT = 0x01;
/** Which parts of a block READ CD wants: user data alone, or everything but sub-channels. */
const PART_NOTHING = 0x00;
const PART_USER_DATA = 0x10;
const PART_ALL = 0xf8;

function profileOf(device: PacketDevice): number {
  if (!device.hasMedium) return PROFILE_NONE;
  return device.blocks > MOST_CD_BLOCKS ? PROFILE_DVD_ROM : PROFILE_CD_ROM;
}

function readBlocks(device: PacketDevice, block: number, count: number, raw = false): void {
  if (block + count > device.blocks) device.packetFailed(OUT_OF_RANGE);
  else device.sendBlocks(block, count, raw);
}

function startStop(device: PacketDevice, packet: Uint8Array): void {
  const action = packet[4] ?? 0;
  const powerCondition = action >> 4;
  if (powerCondition === 0 && (action & LOAD_EJECT) !== 0) {
    const opens = (action & START) === 0;
    if (opens && device.drive.locked && !device.drive.trayOpen) {
      device.packetFailed(REMOVAL_PREVENTED);
      return;
    }
    if (opens !== device.drive.trayOpen) {
      device.drive.setTray(opens);
      device.trayMoved();
    }
  }
  device.packetDone();
}

function modeSense(device: PacketDevice, packet: Uint8Array): void {
  const selector = packet[2] ?? 0;
  if (selector >> 6 === MODE_SAVED_VALUES) {
    device.packetFailed(SAVING_NOT_SUPPORTED);
    return;
  }
  const pages = modePages(selector & 0x3f, { hasMedium: device.hasMedium, locked: device.drive.locked });
  if (pages === undefined) device.packetFailed(INVALID_FIELD);
  else device.send(pages, readU16(packet, 7));
}

function readToc(device: PacketDevice, packet: Uint8Array): void {
  const msf = ((packet[1] ?? 0) & MSF_BIT) !== 0;
  // The format's field of today, or that of ATAPI's first days.
  const format = (packet[2] ?? 0) & 0x0f || (packet[9] ?? 0) >> 6;
  const toc = tableOfContents(format, { blocks: device.blocks, msf, from: packet[6] ?? 0 });
  if (toc === undefined) device.packetFailed(INVALID_FIELD);
  else device.send(toc, readU16(packet, 7));
}

function readCd(device: PacketDevice, packet: Uint8Array): void {
  const block = readU32(packet, 2);
  const count = readU24(packet, 6);
  const parts = packet[9] ?? 0;
  if (count === 0 || parts === PART_NOTHING) device.packetDone();
  else if ((parts & PART_ALL) === PART_USER_DATA) readBlocks(device, block, count);
  else if ((parts & PART_ALL) === PART_ALL) readBlocks(device, block, count, true);
  else device.packetFailed(INVALID_FIELD);
}

function eventStatus(device: PacketDevice, packet: Uint8Array): void {
  if (((packet[1] ?? 0) & IMMEDIATE_POLL) === 0) {
    device.packetFailed(INVALID_FIELD);
    return;
  }
  const { hasMedium } = device;
  const { trayOpen } = device.drive;
  device.send(device.events.poll(packet[4] ?? 0, { hasMedium, trayOpen }), readU16(packet, 7));
}

function readDvdStructure(device: PacketDevice, packet: Uint8Array): void {
  if (profileOf(device) !== PROFILE_DVD_ROM) device.packetFailed(INCOMPATIBLE_MEDIUM);
  else if (packet[7] !== 0 || packet[1] !== 0) device.packetFailed(INVALID_FIELD);
  else device.send(dvdPhysicalFormat(device.blocks), readU16(packet, 8));
}

function inquire(device: PacketDevice, packet: Uint8Array): void {
  // No vital product data.
  if (((packet[1] ?? 0) & 1) !== 0) device.packetFailed(INVALID_FIELD);
  else device.send(inquiry('QEMU DVD-ROM', device.identity.version), packet[4] ?? 0);
}

const COMMANDS: ReadonlyMap<number, PacketCommand> = new Map<number, PacketCommand>([
  // TEST UNIT READY
  [0x00, { needsMedium: true, run: (device) => device.packetDone() }],
  // REQUEST SENSE
  [
    0x03,
    {
      beforeAttention: true,
      run: (device, packet) => device.send(senseData(device.takeSense()), packet[4] ?? 0),
    },
  ],
  // INQUIRY
  [0x12, { beforeAttention: true, run: inquire }],
  // START STOP UNIT
  [0x1b, { run: startStop }],
  // PREVENT ALLOW MEDIUM REMOVAL
  [
    0x1e,
    {
      run: (device, packet) => {
        device.drive.setLocked(((packet[4] ?? 0) & PREVENT) !== 0);
        device.packetDone();
      },
    },
  ],
  // READ CAPACITY
  [0x25, { needsMedium: true, run: (device) => device.send(capacity(device.blocks), 8) }],
  // READ (10), READ (12)
  [
    0x28,
    {
      needsMedium: true,
      run: (device, packet) => readBlocks(device, readU32(packet, 2), readU16(packet, 7)),
    },
  ],
  [
    0xa8,
    {
      needsMedium: true,
      run: (device, packet) => readBlocks(device, readU32(packet, 2), readU32(packet, 6)),
    },
  ],
  // SEEK (10)
  [
    0x2b,
    {
      needsMedium: true,
      run: (device, packet) => {
        if (readU32(packet, 2) >= device.blocks) device.packetFailed(OUT_OF_RANGE);
        else device.packetDone();
      },
    },
  ],
  // READ SUB-CHANNEL
  [
    0x42,
    {
      needsMedium: true,
      run: (device, packet) => device.send(subChannel(((packet[2] ?? 0) & 0x40) !== 0), readU16(packet, 7)),
    },
  ],
  // READ TOC/PMA/ATIP
  [0x43, { needsMedium: true, run: readToc }],
  // GET CONFIGURATION
  [
    0x46,
    {
      beforeAttention: true,
      run: (device, packet) =>
        device.send(
          configuration(profileOf(device), readU16(packet, 2), (packet[1] ?? 0) & 3),
          readU16(packet, 7),
        ),
    },
  ],
  // GET EVENT STATUS NOTIFICATION
  [0x4a, { beforeAttention: true, run: eventStatus }],
  // READ DISC INFORMATION, READ TRACK INFORMATION
  [0x51, { needsMedium: true, run: (device, packet) => device.send(discInformation(), readU16(packet, 7)) }],
  [
    0x52,
    {
      needsMedium: true,
      run: (device, packet) => device.send(trackInformation(device.blocks), readU16(packet, 7)),
    },
  ],
  // MODE SELECT (10), MODE SENSE (10)
  [0x55, { run: (device, packet) => device.takeParameters(readU16(packet, 7)) }],
  [0x5a, { run: modeSense }],
  // READ DVD STRUCTURE
  [0xad, { needsMedium: true, run: readDvdStructure }],
  // READ CD MSF is for audio discs.
  [0xb9, { needsMedium: true, run: (device) => device.packetFailed(ILLEGAL_MODE) }],
  // SET CD SPEED
  [0xbb, { run: (device) => device.packetDone() }],
  // MECHANISM STATUS
  [
    0xbd,
    { run: (device, packet) => device.send(mechanismStatus(device.drive.trayOpen), readU16(packet, 8)) },
  ],
  // READ CD
  [0xbe, { needsMedium: true, run: readCd }],
]);

/** Carries out a packet of 12 bytes; the device is busy until it says that it is done, or has failed. */
export function executePacket(device: PacketDevice, packet: Uint8Array): void {
  const command = COMMANDS.get(packet[0] ?? 0);
  if (command?.beforeAttention !== true) {
    const attention = device.takeAttention();
    if (attention !== undefined) {
      device.packetFailed(attention);
      return;
    }
  }
  if (command === undefined) {
    device.packetFailed(INVALID_OPCODE);
    return;
  }
  const obstacle = command.needsMedium === true ? device.notReady() : undefined;
  if (obstacle === undefined) command.run(device, packet);
  else device.packetFailed(obstacle);
}
