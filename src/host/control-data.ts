/** Ancillary data of a received message (cmsg(3)): which descriptors came with it. */
const HEADER_BYTES = 16;
const ALIGNMENT = 8;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const DESCRIPTOR_BYTES = 4;

/**
 * The numbers of all descriptors that the kernel has installed for this message, whatever the control messages
 * around them look like. Every one of them is open and must be used or closed.
 *
 * @param control the control buffer, cut to the length that the kernel reported
 */
export function receivedDescriptors(control: Uint8Array): number[] {
  const view = new DataView(control.buffer, control.byteOffset, control.byteLength);
  const descriptors: number[] = [];
  let offset = 0;
  while (offset + HEADER_BYTES <= control.byteLength) {
    // cmsg_len is a size_t; the upper half is zero for anything that fits in the buffer.
    const length = view.getUint32(offset, true);
    if (length < HEADER_BYTES) {
      break;
    }
    const end = Math.min(offset + length, control.byteLength);
    if (view.getInt32(offset + 8, true) === SOL_SOCKET && view.getInt32(offset + 12, true) === SCM_RIGHTS) {
      for (let at = offset + HEADER_BYTES; at + DESCRIPTOR_BYTES <= end; at += DESCRIPTOR_BYTES) {
        descriptors.push(view.getInt32(at, true));
      }
    }
    offset += Math.ceil(length / ALIGNMENT) * ALIGNMENT;
  }
  return descriptors;
}
