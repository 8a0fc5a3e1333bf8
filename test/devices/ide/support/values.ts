/** Property values of a device class: its defaults, with some replaced. */
import type { PropertyTable, PropertyValues } from '../../../../src/devices/device-class.ts';

export function valuesFor<P extends PropertyTable>(
  { properties }: { readonly properties: P },
  chosen: Readonly<Record<string, unknown>> = {},
): PropertyValues<P> {
  const defaults = Object.entries(properties).map(([name, property]) => [name, property.default]);
  return { ...Object.fromEntries(defaults), ...chosen } as PropertyValues<P>;
}
