/**
 * Entries of refcount blocks, of 2^`order` bits each: those of whole bytes are big-endian, smaller ones fill a byte from its low
 * end.
 */
const BITS_A_BYTE = 8;

/** The highest refcount of a width. */
export function highestRefcount(order: number): number {
  return order >= 6 ? Number.MAX_SAFE_INTEGER : 2 ** (1 << order) - 1;
}

export function readRefcount(view: DataView, order: number, index: number): number {
  switch (order) {
    case 3:
      return view.getUint8(index);
    case 4:
      return view.getUint16(index * 2);
    case 5:
      return view.getUint32(index * 4);
    case 6:
      return Number(view.getBigUint64(index * 8));
    default: {
      const bits = 1 << order;
      const perByte = BITS_A_BYTE / bits;
      return (view.getUint8(Math.floor(index / perByte)) >> ((index % perByte) * bits)) & (2 ** bits - 1);
    }
  }
}

export function writeRefcount(view: DataView, order: number, index: number, value: number): void {
  switch (order) {
    case 3:
      view.setUint8(index, value);
      break;
    case 4:
      view.setUint16(index * 2, value);
      break;
    case 5:
      view.setUint32(index * 4, value);
      break;
    case 6:
      view.setBigUint64(index * 8, BigInt(value));
      break;
    default: {
      const bits = 1 << order;
      const perByte = BITS_A_BYTE / bits;
      const at = Math.floor(index / perByte);
      const shift = (index % perByte) * bits;
      const mask = (2 ** bits - 1) << shift;
      view.setUint8(at, (view.getUint8(at) & ~mask) | (value << shift));
    }
  }
}
