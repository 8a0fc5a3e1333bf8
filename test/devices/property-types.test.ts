import test from 'ava';
import fc from 'fast-check';

import type { PropertyType } from '../../src/devices/property-type.ts';
import * as types from '../../src/devices/property-types.ts';
import type { QmpJson } from '../../src/qapi/json-value.ts';

const OWNER = { typeName: 'chip', property: 'p' };
const INT64_MAX = 2n ** 63n - 1n;

test('the types have the names of the reference', (t) => {
  const names = Object.values(types).map((type) => type.legacyName ?? type.name);
  // behaviour.md §10, "Property type names in device-list-properties".
  t.deepEqual(
    names.toSorted(),
    (
      'boolean, on/off, uint8, hex8, uint16, uint32, int32, hex32, uint64, hex64, string, macaddr, vlan, netdev, ' +
      'drive, chr, pci-devfn, blocksize, bios-chs-trans, LostTickPolicy, pci-host-devaddr'
    )
      .split(', ')
      .toSorted(),
  );
});

/** Text of the command line, and what clients then read. */
const TEXTS: readonly (readonly [
  type: PropertyType<unknown>,
  text: string,
  json: QmpJson,
  shown?: string,
])[] = [
  [types.boolean, 'yes', true],
  [types.boolean, 'off', false],
  [types.onOff, 'on', true, 'on'],
  [types.uint8, '255', 255],
  [types.uint8, '0x10', 16],
  [types.uint8, '010', 8],
  [types.uint8, '0', 0],
  [types.hex8, 'ff', 255, '0xff'],
  [types.hex32, '0x3f8', 1016, '0x3f8'],
  [types.int32, '-1', -1],
  [types.uint64, '9007199254740993', 2n ** 53n + 1n],
  [types.uint64, '18446744073709551615', -1],
  [types.hex64, 'ffffffffffffffff', -1, '0xffffffffffffffff'],
  [types.macaddr, '52-54-00-AA-bb-0f', '52:54:00:aa:bb:0f'],
  [types.vlan, '3', 3, '3'],
  [types.pciDevfn, '1f', 248, '1f.0'],
  [types.pciDevfn, '3.7', 31, '03.7'],
  [types.blocksize, '4096', 4096],
  [types.biosChsTrans, 'lba', 'lba'],
  [types.lostTickPolicy, 'slew', 'slew'],
  [types.pciHostDevaddr, '2:1f.3', '0000:02:1f.3'],
];

for (const [type, text, json, shown] of TEXTS) {
  const name = type.legacyName ?? type.name;
  test(`${name} takes the text ${text}`, (t) => {
    const value = type.parse(text, OWNER);
    t.is(type.toJson(value), json);
    t.is(type.print?.(value), shown);
  });
}

const REFUSED: readonly (readonly [type: PropertyType<unknown>, text: string, message: string])[] = [
  [types.boolean, 'maybe', "Invalid parameter type for 'p', expected: boolean"],
  [types.onOff, 'true', "Property 'chip.p' doesn't take value 'true'"],
  [types.uint8, '256', "Parameter 'p' expects uint8_t"],
  [types.uint8, '-1', "Parameter 'p' expects uint8_t"],
  [types.uint16, '09', "Invalid parameter type for 'p', expected: integer"],
  [types.uint32, '', "Invalid parameter type for 'p', expected: integer"],
  [types.hex8, '1g', "Property 'chip.p' doesn't take value '1g'"],
  [types.macaddr, '52:54-00:00:00:00', "Property 'chip.p' doesn't take value '52:54-00:00:00:00'"],
  [types.vlan, 'one', "Property 'chip.p' doesn't take value 'one'"],
  [types.pciDevfn, '20', "Property 'chip.p' doesn't take value '20'"],
  [types.pciDevfn, '3.8', "Property 'chip.p' doesn't take value '3.8'"],
  [types.blocksize, '256', "Property chip.p doesn't take value 256 (minimum: 512, maximum: 32768)"],
  [types.blocksize, '1000', "Property chip.p doesn't take value '1000', it's not a power of 2"],
  [types.lostTickPolicy, 'drop', "Invalid parameter 'drop'"],
  [types.pciHostDevaddr, '02:20.3', "Property 'chip.p' doesn't take value '02:20.3'"],
];

for (const [type, text, message] of REFUSED) {
  test(`${type.legacyName ?? type.name} refuses the text '${text}'`, (t) => {
    t.throws(() => type.parse(text, OWNER), { instanceOf: Error, message });
  });
}

test('an integer comes back as it was set, exactly when it fits', (t) => {
  const sizes = [
    [types.uint8, 0n, 255n],
    [types.uint16, 0n, 65_535n],
    [types.uint32, 0n, 4_294_967_295n],
    [types.int32, -2_147_483_648n, 2_147_483_647n],
    [types.uint64, -INT64_MAX - 1n, INT64_MAX],
  ] as const;
  const around = fc.oneof(
    fc.bigInt({ min: -INT64_MAX - 1n, max: INT64_MAX }),
    fc.constantFrom(...sizes.flatMap(([, min, max]) => [min - 1n, min, max, max + 1n])),
  );
  for (const [type, min, max] of sizes as readonly (readonly [PropertyType<unknown>, bigint, bigint])[]) {
    fc.assert(
      fc.property(around, (value) => {
        if (value >= min && value <= max) {
          t.is(BigInt(type.toJson(type.fromJson(value, OWNER)) as number | bigint), value);
        } else if (type !== types.uint64) {
          t.throws(() => type.fromJson(value, OWNER), { message: /^Parameter 'p' expects u?int\d+_t$/ });
        }
      }),
    );
  }
});
