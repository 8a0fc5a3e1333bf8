/** The commands of an ATA disk (ATA/ATAPI-6, clause 8): what each does with the disk. */
import type { AtaDisk } from './ata-disk.ts';
import { identifyDisk, MOST_MULTIPLE } from './ata-identify.ts';
import {
  CMD_CHECK_POWER_MODE,
  CMD_DATA_SET_MANAGEMENT,
  CMD_FLUSH,
  CMD_FLUSH_EXT,
  CMD_IDENTIFY,
  CMD_IDLE,
  CMD_IDLE_IMMEDIATE,
  CMD_INITIALIZE_PARAMETERS,
  CMD_READ,
  CMD_READ_DMA,
  CMD_READ_DMA_EXT,
  CMD_READ_DMA_NO_RETRY,
  CMD_READ_EXT,
  CMD_READ_MULTIPLE,
  CMD_READ_MULTIPLE_EXT,
  CMD_READ_NATIVE_MAX,
  CMD_READ_NATIVE_MAX_EXT,
  CMD_READ_NO_RETRY,
  CMD_RECALIBRATE,
  CMD_SEEK,
  CMD_SET_FEATURES,
  CMD_SET_MULTIPLE,
  CMD_SLEEP,
  CMD_SMART,
  CMD_STANDBY,
  CMD_STANDBY_IMMEDIATE,
  CMD_VERIFY,
  CMD_VERIFY_EXT,
  CMD_VERIFY_NO_RETRY,
  CMD_WRITE,
  CMD_WRITE_DMA,
  CMD_WRITE_DMA_EXT,
  CMD_WRITE_DMA_FUA_EXT,
  CMD_WRITE_DMA_NO_RETRY,
  CMD_WRITE_EXT,
  CMD_WRITE_MULTIPLE,
  CMD_WRITE_MULTIPLE_EXT,
  CMD_WRITE_MULTIPLE_FUA_EXT,
  CMD_WRITE_NO_RETRY,
  CMD_WRITE_VERIFY,
  DEVICE_HEAD,
} from './ata-registers.ts';
import {
  SMART_AUTOSAVE,
  SMART_DISABLE,
  SMART_ENABLE,
  SMART_KEY_HIGH,
  SMART_KEY_MID,
  SMART_OFFLINE,
  SMART_READ_DATA,
  SMART_READ_LOG,
  SMART_READ_THRESHOLDS,
  SMART_STATUS,
  smartData,
  smartLog,
  smartThresholds,
} from './ata-smart.ts';
import { FEATURE_TRANSFER_MODE } from './transfer-modes.ts';

type Command = (disk: AtaDisk) => void;

const POWER_STANDBY = 0x00;
const POWER_IDLE = 0x80;
const POWER_ACTIVE = 0xff;
/** Codes of SET FEATURES (8.46). */
const ENABLE_WRITE_CACHE = 0x02;
const ENABLE_POWER_MANAGEMENT = 0x05;
const DISABLE_READ_LOOK_AHEAD = 0x55;
const KEEP_SETTINGS = 0x66;
const DISABLE_WRITE_CACHE = 0x82;
const DISABLE_POWER_MANAGEMENT = 0x85;
const ENABLE_READ_LOOK_AHEAD = 0xaa;
const FORGET_SETTINGS = 0xcc;
const AUTOMATIC_ACOUSTIC = 0x42;
const NO_AUTOMATIC_ACOUSTIC = 0xc2;
const TRIM = 0x01;
const AUTOSAVE_ON = 0xf1;
/** Older codes of the power commands. */
const OLD_POWER_OFFSET = 0x4c;
const SAME_FOR_SIXTEEN = 16;

const identify: Command = (disk) => {
  const { multiple, smartEnabled, writeCache } = disk.settings;
  disk.reply(
    identifyDisk({
      ...disk.identity,
      sectors: disk.sectors,
      geometry: disk.geometry,
      currentGeometry: disk.currentGeometry,
      modes: disk.modes.state,
      multiple,
      smartEnabled,
      writeCache,
      readOnly: disk.drive.medium?.readOnly ?? false,
      discards: true,
    }),
  );
};

/** An unknown geometry is refused; the translation is the current one from then on (8.16). */
const initializeParameters: Command = (disk) => {
  const { sectorCount, device } = disk.taskFile.state;
  const heads = (device & DEVICE_HEAD) + 1;
  if (sectorCount === 0) {
    disk.abort();
    return;
  }
  const cylinders = Math.min(Math.floor(disk.sectors / (heads * sectorCount)), 65535);
  disk.currentGeometry = { cylinders, heads, sectors: sectorCount };
  disk.succeed();
};

/** 0 turns READ and WRITE MULTIPLE off (8.49). */
const setMultiple: Command = (disk) => {
  const count = disk.taskFile.state.sectorCount;
  if (count > MOST_MULTIPLE || (count & (count - 1)) !== 0) {
    disk.abort();
    return;
  }
  disk.settings.multiple = count;
  disk.succeed();
};

const multiple =
  (transfer: (disk: AtaDisk, block: number) => void): Command =>
  (disk) => {
    if (disk.settings.multiple === 0) disk.abort();
    else transfer(disk, disk.settings.multiple);
  };

const nativeMax =
  (extended: boolean): Command =>
  (disk) => {
    const largest = disk.sectors - 1;
    const shown = extended ? largest : Math.min(largest, 2 ** 28 - 1);
    disk.taskFile.setAddress(shown, extended, disk.currentGeometry);
    disk.succeed();
  };

const setFeatures: Command = (disk) => {
  const { features, sectorCount } = disk.taskFile.state;
  switch (features) {
    case ENABLE_WRITE_CACHE:
      disk.settings.writeCache = true;
      disk.succeed();
      break;
    case DISABLE_WRITE_CACHE:
      disk.settings.writeCache = false;
      disk.flush();
      break;
    case FEATURE_TRANSFER_MODE:
      if (disk.modes.choose(sectorCount)) disk.succeed();
      else disk.abort();
      break;
    case KEEP_SETTINGS:
    case FORGET_SETTINGS:
      disk.settings.keepsSettings = features === KEEP_SETTINGS;
      disk.succeed();
      break;
    case ENABLE_POWER_MANAGEMENT:
    case DISABLE_POWER_MANAGEMENT:
    case ENABLE_READ_LOOK_AHEAD:
    case DISABLE_READ_LOOK_AHEAD:
    case AUTOMATIC_ACOUSTIC:
    case NO_AUTOMATIC_ACOUSTIC:
      disk.succeed();
      break;
    default:
      disk.abort();
  }
};

const power =
  (mode: number): Command =>
  (disk) => {
    disk.settings.powerMode = mode;
    if (mode === POWER_ACTIVE) disk.succeed();
    else disk.rest();
  };

const checkPowerMode: Command = (disk) => {
  disk.taskFile.state.sectorCount = disk.settings.powerMode;
  disk.succeed();
};

const SMART_COMMANDS: ReadonlyMap<number, Command> = new Map<number, Command>([
  [SMART_READ_DATA, (disk) => disk.reply(smartData(disk.settings.smartAutosave))],
  [SMART_READ_THRESHOLDS, (disk) => disk.reply(smartThresholds())],
  [
    SMART_READ_LOG,
    (disk) => {
      const log = smartLog(disk.taskFile.state.lbaLow);
      if (log === undefined || disk.taskFile.state.sectorCount !== 1) disk.abort();
      else disk.reply(log);
    },
  ],
  [
    SMART_AUTOSAVE,
    (disk) => {
      disk.settings.smartAutosave = disk.taskFile.state.sectorCount === AUTOSAVE_ON;
      disk.succeed();
    },
  ],
  [SMART_OFFLINE, (disk) => disk.succeed()],
  [SMART_ENABLE, (disk) => disk.succeed()],
  [
    SMART_DISABLE,
    (disk) => {
      disk.settings.smartEnabled = false;
      disk.succeed();
    },
  ],
  [
    SMART_STATUS,
    (disk) => {
      Object.assign(disk.taskFile.state, { lbaMid: SMART_KEY_MID, lbaHigh: SMART_KEY_HIGH });
      disk.succeed();
    },
  ],
]);

/** Every SMART command carries a key; but for ENABLE they need SMART to be on (8.55). */
const smart: Command = (disk) => {
  const { features, lbaMid, lbaHigh } = disk.taskFile.state;
  const command = SMART_COMMANDS.get(features);
  const hasKey = lbaMid === SMART_KEY_MID && lbaHigh === SMART_KEY_HIGH;
  if (features === SMART_ENABLE) disk.settings.smartEnabled = true;
  if (command === undefined || !hasKey || !disk.settings.smartEnabled) disk.abort();
  else command(disk);
};

const dataSetManagement: Command = (disk) => {
  if (disk.taskFile.state.features === TRIM) disk.trim(disk.taskFile.sectors(true));
  else disk.abort();
};

function transfers(): readonly (readonly [code: number, command: Command])[] {
  const pioRead = (extended: boolean) => (disk: AtaDisk) => disk.readByPio(extended, 1);
  const pioWrite = (extended: boolean) => (disk: AtaDisk) => disk.writeByPio(extended, 1);
  const dmaRead = (extended: boolean) => (disk: AtaDisk) => disk.readByDma(extended);
  const dmaWrite = (extended: boolean) => (disk: AtaDisk) => disk.writeByDma(extended);
  const multipleRead = (extended: boolean) => multiple((disk, block) => disk.readByPio(extended, block));
  const multipleWrite = (extended: boolean) => multiple((disk, block) => disk.writeByPio(extended, block));
  const verify = (extended: boolean) => (disk: AtaDisk) => disk.verify(extended);
  return [
    [CMD_READ, pioRead(false)],
    [CMD_READ_NO_RETRY, pioRead(false)],
    [CMD_READ_EXT, pioRead(true)],
    [CMD_WRITE, pioWrite(false)],
    [CMD_WRITE_NO_RETRY, pioWrite(false)],
    [CMD_WRITE_VERIFY, pioWrite(false)],
    [CMD_WRITE_EXT, pioWrite(true)],
    [CMD_READ_MULTIPLE, multipleRead(false)],
    [CMD_READ_MULTIPLE_EXT, multipleRead(true)],
    [CMD_WRITE_MULTIPLE, multipleWrite(false)],
    [CMD_WRITE_MULTIPLE_EXT, multipleWrite(true)],
    [CMD_WRITE_MULTIPLE_FUA_EXT, multipleWrite(true)],
    [CMD_READ_DMA, dmaRead(false)],
    [CMD_READ_DMA_NO_RETRY, dmaRead(false)],
    [CMD_READ_DMA_EXT, dmaRead(true)],
    [CMD_WRITE_DMA, dmaWrite(false)],
    [CMD_WRITE_DMA_NO_RETRY, dmaWrite(false)],
    [CMD_WRITE_DMA_EXT, dmaWrite(true)],
    [CMD_WRITE_DMA_FUA_EXT, dmaWrite(true)],
    [CMD_VERIFY, verify(false)],
    [CMD_VERIFY_NO_RETRY, verify(false)],
    [CMD_VERIFY_EXT, verify(true)],
  ];
}

function powerCommands(): readonly (readonly [code: number, command: Command])[] {
  const commands: readonly (readonly [number, Command])[] = [
    [CMD_STANDBY_IMMEDIATE, power(POWER_STANDBY)],
    [CMD_IDLE_IMMEDIATE, power(POWER_IDLE)],
    [CMD_STANDBY, power(POWER_STANDBY)],
    [CMD_IDLE, power(POWER_ACTIVE)],
    [CMD_CHECK_POWER_MODE, checkPowerMode],
    [CMD_SLEEP, power(POWER_STANDBY)],
  ];
  return [...commands, ...commands.map(([code, command]) => [code - OLD_POWER_OFFSET, command] as const)];
}

function sixteen(first: number): readonly (readonly [code: number, command: Command])[] {
  return Array.from({ length: SAME_FOR_SIXTEEN }, (_, index) => [first + index, (disk) => disk.succeed()]);
}

/** What is not here is aborted. */
export const ATA_COMMANDS: ReadonlyMap<number, Command> = new Map<number, Command>([
  ...sixteen(CMD_RECALIBRATE),
  ...sixteen(CMD_SEEK),
  ...transfers(),
  ...powerCommands(),
  [CMD_FLUSH, (disk) => disk.flush()],
  [CMD_FLUSH_EXT, (disk) => disk.flush()],
  [CMD_IDENTIFY, identify],
  [CMD_INITIALIZE_PARAMETERS, initializeParameters],
  [CMD_SET_MULTIPLE, setMultiple],
  [CMD_SET_FEATURES, setFeatures],
  [CMD_READ_NATIVE_MAX, nativeMax(false)],
  [CMD_READ_NATIVE_MAX_EXT, nativeMax(true)],
  [CMD_SMART, smart],
  [CMD_DATA_SET_MANAGEMENT, dataSetManagement],
]);
