/** The property types that devices declare, by the names that clients see (device-list-properties, qom-list). */
import {
  booleanFromJson,
  integerFromJson,
  integerToJson,
  outOfRange,
  PropertyError,
  type PropertyOwner,
  type PropertyType,
  stringFromJson,
  wrongText,
  wrongType,
} from './property-type.ts';

interface IntegerShape {
  readonly bits: 8 | 16 | 32 | 64;
  readonly signed?: boolean;
  readonly legacyName?: string;
}

const INTEGER_TEXT = /^\s*([+-]?)(0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)$/i;
const HEX_TEXT = /^(?:0x)?[0-9a-f]+$/i;

/** Text of C's strtoll with base 0: decimal, 0x, leading zero for octal. */
function parseInteger(text: string, owner: PropertyOwner): bigint {
  const [, sign, digits] = INTEGER_TEXT.exec(text) ?? [];
  if (digits === undefined) {
    throw wrongType(owner, 'integer');
  }
  const magnitude = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return sign === '-' ? -magnitude : magnitude;
}

function checkRange(value: bigint, shape: IntegerShape, owner: PropertyOwner): bigint {
  const { bits, signed = false } = shape;
  if (bits === 64) {
    // A QMP integer has 64 signed bits: an unsigned property takes and shows the same bits.
    return signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
  }
  const fits = signed ? BigInt.asIntN(bits, value) === value : BigInt.asUintN(bits, value) === value;
  if (!fits) {
    throw outOfRange(owner, `${signed ? 'int' : 'uint'}${bits}_t`);
  }
  return value;
}

/** The parts of an integer type that do not depend on how the device sees the number. */
function integerShape(shape: IntegerShape) {
  const { bits, signed = false, legacyName } = shape;
  return {
    name: `${signed ? 'int' : 'uint'}${bits}`,
    ...(legacyName === undefined ? {} : { legacyName }),
    read: (text: string, owner: PropertyOwner): bigint => {
      if (legacyName === undefined) {
        return checkRange(parseInteger(text, owner), shape, owner);
      }
      if (!HEX_TEXT.test(text)) {
        throw wrongText(owner, text);
      }
      return checkRange(BigInt(`0x${text.replace(/^0x/i, '')}`), shape, owner);
    },
  };
}

function smallInteger(shape: IntegerShape & { bits: 8 | 16 | 32 }): PropertyType<number> {
  const { read, ...rest } = integerShape(shape);
  return {
    ...rest,
    fromJson: (value, owner) => Number(checkRange(integerFromJson(value, owner), shape, owner)),
    toJson: (value) => value,
    parse: (text, owner) => Number(read(text, owner)),
    ...(rest.legacyName === undefined ? {} : { print: (value: number) => `0x${value.toString(16)}` }),
  };
}

function bigInteger(shape: IntegerShape & { bits: 64 }): PropertyType<bigint> {
  const { read, ...rest } = integerShape(shape);
  return {
    ...rest,
    fromJson: (value, owner) => checkRange(integerFromJson(value, owner), shape, owner),
    toJson: (value) => integerToJson(BigInt.asIntN(64, value)),
    parse: read,
    ...(rest.legacyName === undefined ? {} : { print: (value: bigint) => `0x${value.toString(16)}` }),
  };
}

export const uint8 = smallInteger({ bits: 8 });
export const hex8 = smallInteger({ bits: 8, legacyName: 'hex8' });
export const uint16 = smallInteger({ bits: 16 });
export const uint32 = smallInteger({ bits: 32 });
export const int32 = smallInteger({ bits: 32, signed: true });
export const hex32 = smallInteger({ bits: 32, legacyName: 'hex32' });
export const uint64 = bigInteger({ bits: 64 });
export const hex64 = bigInteger({ bits: 64, legacyName: 'hex64' });

function parseBoolean(text: string, owner: PropertyOwner): boolean {
  if (['on', 'yes', 'true'].includes(text)) {
    return true;
  }
  if (['off', 'no', 'false'].includes(text)) {
    return false;
  }
  throw wrongType(owner, 'boolean');
}

export const boolean: PropertyType<boolean> = {
  name: 'boolean',
  fromJson: booleanFromJson,
  toJson: (value) => value,
  parse: parseBoolean,
};

/** One bit of a device's flags: a boolean that the command line writes as on or off, and as nothing else. */
export const onOff: PropertyType<boolean> = {
  ...boolean,
  legacyName: 'on/off',
  parse: (text, owner) => {
    if (text !== 'on' && text !== 'off') {
      throw wrongText(owner, text);
    }
    return text === 'on';
  },
  print: (value) => (value ? 'on' : 'off'),
};

/** Text that the device, or who builds it, understands: `check` throws for what it cannot be. */
function text(
  name: string,
  check: (text: string, owner: PropertyOwner) => string = (value) => value,
): PropertyType<string> {
  return {
    name,
    fromJson: (value, owner) => check(stringFromJson(value, owner), owner),
    toJson: (value) => value,
    parse: check,
  };
}

export const string = text('string');
/** The id of a network back end; empty for none. */
export const netdev = text('netdev');
/** The id of a drive; empty for none. */
export const drive = text('drive');
/** The id of a character device; empty for none. */
export const chr = text('chr');

const MAC_TEXT = /^[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}$/i;

/** Six bytes in hex, with `:` or `-` between them; shown lower-case with `:`. */
export const macaddr = text('macaddr', (value, owner) => {
  if (!MAC_TEXT.test(value)) {
    throw wrongText(owner, value);
  }
  return value.toLowerCase().replaceAll('-', ':');
});

const HOST_ADDRESS_TEXT = /^(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,2}):([01]?[0-9a-f])\.([0-7])$/i;

/** A PCI function of the host: `[DOMAIN:]BUS:SLOT.FUNCTION` in hex. */
export const pciHostDevaddr: PropertyType<string> = {
  ...text('str', (value, owner) => {
    const [, domain = '0', bus, slot, fn] = HOST_ADDRESS_TEXT.exec(value) ?? [];
    if (bus === undefined || slot === undefined || fn === undefined) {
      throw wrongText(owner, value);
    }
    return `${domain.padStart(4, '0')}:${bus.padStart(2, '0')}:${slot.padStart(2, '0')}.${fn}`.toLowerCase();
  }),
  legacyName: 'pci-host-devaddr',
};

const NO_VLAN = -1;

/** The number of a VLAN (a hub of -net); -1 for none. */
export const vlan: PropertyType<number> = {
  name: 'vlan',
  fromJson: int32.fromJson,
  toJson: int32.toJson,
  parse: (value, owner) => {
    if (!/^\d+$/.test(value)) {
      throw wrongText(owner, value);
    }
    return int32.parse(value, owner);
  },
  print: (value) => (value === NO_VLAN ? '<null>' : String(value)),
};

/** A device and function number that is not chosen yet. */
const ANY_DEVFN = -1;
const DEVFN_TEXT = /^(?:0x)?([0-9a-f]{1,2})(?:\.(?:0x)?([0-7]))?$/i;
const FUNCTION_BITS = 3;
const FUNCTION_MASK = 7;
const LAST_SLOT = 31;
const LAST_DEVFN = 255;

function parseDevfn(value: string, owner: PropertyOwner): number {
  const [, slotText, functionText = '0'] = DEVFN_TEXT.exec(value) ?? [];
  const slot = Number.parseInt(slotText ?? '', 16);
  if (!(slot <= LAST_SLOT)) {
    throw wrongText(owner, value);
  }
  return (slot << FUNCTION_BITS) | Number.parseInt(functionText, 16);
}

/** A place on a PCI bus, `SLOT[.FUNCTION]` in hex; as a number slot × 8 + function, or -1 for any. */
export const pciDevfn: PropertyType<number> = {
  name: 'int32',
  legacyName: 'pci-devfn',
  fromJson: (value, owner) => {
    if (typeof value === 'string') {
      return parseDevfn(value, owner);
    }
    const devfn = int32.fromJson(value, owner);
    if (devfn < ANY_DEVFN || devfn > LAST_DEVFN) {
      throw outOfRange(owner, 'pci_devfn');
    }
    return devfn;
  },
  toJson: int32.toJson,
  parse: parseDevfn,
  print: (value) => {
    if (value === ANY_DEVFN) {
      return '<unset>';
    }
    return `${(value >> FUNCTION_BITS).toString(16).padStart(2, '0')}.${value & FUNCTION_MASK}`;
  },
};

const SMALLEST_BLOCK = 512;
const LARGEST_BLOCK = 32768;

function checkBlockSize(value: number, owner: PropertyOwner): number {
  const name = `Property ${owner.typeName}.${owner.property}`;
  if (value < SMALLEST_BLOCK || value > LARGEST_BLOCK) {
    throw new PropertyError(
      'ERR_PROPERTY_VALUE',
      `${name} doesn't take value ${value} (minimum: ${SMALLEST_BLOCK}, maximum: ${LARGEST_BLOCK})`,
    );
  }
  if ((value & (value - 1)) !== 0) {
    throw new PropertyError(
      'ERR_PROPERTY_VALUE',
      `${name} doesn't take value '${value}', it's not a power of 2`,
    );
  }
  return value;
}

/** Bytes of a block device's sector: a power of two from 512 to 32768. */
export const blocksize: PropertyType<number> = {
  name: 'blocksize',
  fromJson: (value, owner) => checkBlockSize(uint16.fromJson(value, owner), owner),
  toJson: uint16.toJson,
  parse: (value, owner) => checkBlockSize(uint16.parse(value, owner), owner),
};

/** One of a fixed set of words. */
function choice<const Words extends readonly string[]>(
  name: string,
  words: Words,
  legacyName?: string,
): PropertyType<Words[number]> {
  const pick = (value: string): Words[number] => {
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) {
      throw new PropertyError('ERR_PROPERTY_VALUE', `Invalid parameter '${value}'`);
    }
    return word;
  };
  return {
    name,
    ...(legacyName === undefined ? {} : { legacyName }),
    fromJson: (value, owner) => pick(stringFromJson(value, owner)),
    toJson: (value) => value,
    parse: pick,
  };
}

/** How the BIOS translates disk geometry. */
export const biosChsTrans = choice('BiosAtaTranslation', ['auto', 'none', 'lba'], 'bios-chs-trans');
/** What a timer does with ticks that the guest had no time for. */
export const lostTickPolicy = choice('LostTickPolicy', ['discard', 'delay', 'merge', 'slew']);
