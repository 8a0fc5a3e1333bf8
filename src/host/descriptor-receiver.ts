/** recvmsg(2) on a unix socket: bytes as read(2) gives them, and the descriptors that travel with them. */
import { receivedDescriptors } from './control-data.ts';
import { closeForeign, setNonBlocking } from './descriptor.ts';
import { threadDescriptors } from './descriptor-ledger.ts';
import { addressOf, libc } from './libc.ts';

const MSG_DONTWAIT = 0x40;
const MSG_CTRUNC = 0x8;
const MSG_CMSG_CLOEXEC = 0x40000000;

/** Room for the 253 descriptors (SCM_MAX_FD) that Linux lets one message carry, and to spare. */
const CONTROL_BYTES = 2048;

// struct msghdr and struct iovec, as 32-bit words. Both lie in one block that is too large for V8's own heap.
const MSGHDR_IOV = 4;
const MSGHDR_IOVLEN = 6;
const MSGHDR_CONTROL = 8;
const MSGHDR_CONTROLLEN = 10;
const MSGHDR_FLAGS = 12;
const IOVEC_BASE = 16;
const IOVEC_LENGTH = 18;
const BLOCK_WORDS = 64;

/**
 * Receives for one connection. A message with exactly one descriptor puts it in the slot, closing one that waits
 * there; a message with any other number, or with truncated control data, has all of its descriptors closed.
 */
export class DescriptorReceiver {
  readonly #block = new Uint32Array(BLOCK_WORDS);
  readonly #blockBytes = new Uint8Array(this.#block.buffer);
  readonly #control: Uint8Array;
  #buffer: Uint8Array | undefined;
  #slot: number | undefined;

  /** @param controlBytes size of the control buffer; smaller ones are for tests */
  constructor(controlBytes = CONTROL_BYTES) {
    this.#control = new Uint8Array(new ArrayBuffer(CONTROL_BYTES), 0, controlBytes);
    this.#setPointer(MSGHDR_IOV, addressOf(this.#blockBytes) + BigInt(IOVEC_BASE * 4));
    this.#block[MSGHDR_IOVLEN] = 1;
    this.#setPointer(MSGHDR_CONTROL, addressOf(this.#control));
  }

  /** As read(2) without waiting: bytes received, 0 at the end, -1 with `errno()`. */
  readonly read = (fd: number, buffer: Uint8Array, length: number): number => {
    if (this.#buffer !== buffer) {
      this.#buffer = buffer;
      this.#setPointer(IOVEC_BASE, addressOf(buffer));
    }
    this.#block[IOVEC_LENGTH] = length;
    this.#block[MSGHDR_CONTROLLEN] = this.#control.byteLength;
    const count = libc().recvmsg(fd, this.#blockBytes, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (count >= 0) {
      this.#collect();
    }
    return count;
  };

  /** The waiting descriptor; the caller owns it, blocking and close-on-exec. */
  take(): number | undefined {
    const fd = this.#slot;
    this.#slot = undefined;
    return fd;
  }

  /** Closes a descriptor that nobody has taken. */
  close(): void {
    const fd = this.take();
    if (fd !== undefined) {
      closeForeign(fd);
    }
  }

  #collect(): void {
    const length = this.#block[MSGHDR_CONTROLLEN] ?? 0;
    if (length === 0) {
      return;
    }
    const truncated = ((this.#block[MSGHDR_FLAGS] ?? 0) & MSG_CTRUNC) !== 0;
    const descriptors = receivedDescriptors(this.#control.subarray(0, length));
    const [only] = descriptors;
    if (only !== undefined && descriptors.length === 1 && !truncated) {
      this.close();
      setNonBlocking(only, false);
      this.#slot = threadDescriptors().own(only);
    } else {
      for (const fd of descriptors) {
        closeForeign(fd);
      }
    }
  }

  #setPointer(word: number, pointer: bigint): void {
    this.#block[word] = Number(pointer & 0xffffffffn);
    this.#block[word + 1] = Number(pointer >> 32n);
  }
}
