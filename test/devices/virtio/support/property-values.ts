/** Property values of a device class: its defaults, with some replaced. */
import type {
  AbstractDeviceClass,
  PropertyTable,
  PropertyValues,
} from '../../../../src/devices/device-class.ts';

interface ClassWithProperties {
  readonly properties: PropertyTable;
  readonly parent?: AbstractDeviceClass;
}

/** @throws Error when one of `chosen` is no property of the class */
export function valuesFor<P extends PropertyTable>(
  entry: ClassWithProperties,
  chosen: Readonly<Record<string, unknown>> = {},
): PropertyValues<P> {
  const values: Record<string, unknown> = {};
  for (let each: ClassWithProperties | undefined = entry; each !== undefined; each = each.parent) {
    for (const [name, property] of Object.entries(each.properties)) values[name] = property.default;
  }
  for (const [name, value] of Object.entries(chosen)) {
    if (!(name in values)) throw new Error(`There is no property '${name}'`);
    values[name] = value;
  }
  return values as PropertyValues<P>;
}
