/** `udp`: what is written goes out as datagrams to one peer, and what that peer sends comes in. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { HostError, reasonOf } from '../../host/host-error.ts';
import { CharDeviceBase } from './char-device-base.ts';
import type { ChardevConfig, SocketAddress } from './chardev-config.ts';
import type { ChardevCreation } from './chardev-environment.ts';
import { ChardevError } from './chardev-error.ts';
import { type InetAddress, resolveInet } from './inet-address.ts';

/** Input that waits for the front end; datagrams beyond it are lost, as datagrams may be. */
const INPUT_LIMIT_BYTES = 64 * 1024;
/** Largest payload of one datagram over IPv4 (65,535 less the IP and UDP headers). */
const DATAGRAM_BYTES = 65507;

function inetOf(address: SocketAddress): InetAddress {
  if (address.type !== 'inet') {
    throw new ChardevError('ERR_CHARDEV_SOCKET', 'socket type unsupported for datagram');
  }
  return address;
}

export class UdpDevice extends CharDeviceBase {
  readonly #socket: Socket;
  readonly #input: Buffer[] = [];
  #inputBytes = 0;
  #pending = 0;
  #drainCallbacks: (() => void)[] = [];
  #closed = false;

  private constructor(creation: ChardevCreation, socket: Socket) {
    super(creation.label, creation.filename);
    this.#socket = socket;
    socket.on('message', (datagram) => this.#take(datagram));
    // ICMP "port unreachable" comes back as an error of an earlier datagram, which is simply lost.
    socket.on('error', () => {});
  }

  /** Binds (to any port when `local` is absent) and fixes the peer. Rejects with `ERR_CHARDEV_SOCKET`. */
  static async open(
    creation: ChardevCreation,
    config: Extract<ChardevConfig, { kind: 'udp' }>,
  ): Promise<UdpDevice> {
    const remote = inetOf(config.remote);
    if (remote.port === '' || remote.port === '0') {
      throw new ChardevError('ERR_CHARDEV_SOCKET', 'remote port not specified');
    }
    const host = remote.host === '' ? 'localhost' : remote.host;
    const [peer] = await resolveInet({ ...remote, host }, 'udp', false);
    if (peer === undefined) {
      throw new ChardevError('ERR_CHARDEV_SOCKET', `address resolution failed for ${host}:${remote.port}`);
    }
    const type = peer.host.includes(':') ? 'udp6' : 'udp4';
    const socket = createSocket({ type, reuseAddr: true });
    try {
      const local = config.local === undefined ? undefined : inetOf(config.local);
      const from =
        local === undefined
          ? undefined
          : (
              await resolveInet(
                { ...local, port: local.port || '0', ipv4: type === 'udp4', ipv6: type === 'udp6' },
                'udp',
                true,
              )
            )[0];
      await settle(socket, 'listening', 'Failed to bind socket', () =>
        socket.bind(from?.port ?? 0, from?.host),
      );
      await settle(socket, 'connect', 'Failed to connect to socket', () =>
        socket.connect(peer.port, peer.host),
      );
      return new UdpDevice(creation, socket);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  override get pendingBytes(): number {
    return this.#pending;
  }

  override resume(): void {
    while (this.#inputBytes > 0 && this.wanted > 0) {
      const [first] = this.#input;
      if (first === undefined) {
        break;
      }
      const part = first.subarray(0, this.wanted);
      this.#inputBytes -= part.length;
      if (part.length === first.length) {
        this.#input.shift();
      } else {
        this.#input[0] = first.subarray(part.length);
      }
      this.deliver(part);
    }
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.#closed; at += DATAGRAM_BYTES) {
      const datagram = bytes.slice(at, at + DATAGRAM_BYTES);
      this.#pending += datagram.length;
      this.#socket.send(datagram, () => this.#sent(datagram.length));
    }
  }

  override whenDrained(callback: () => void): void {
    if (this.#pending === 0) {
      callback();
    } else {
      this.#drainCallbacks.push(callback);
    }
  }

  override async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      await new Promise<void>((resolve) => this.#socket.close(resolve));
    }
  }

  #take(datagram: Buffer): void {
    if (datagram.length > 0 && this.#inputBytes + datagram.length <= INPUT_LIMIT_BYTES) {
      this.#input.push(datagram);
      this.#inputBytes += datagram.length;
      this.resume();
    }
  }

  #sent(length: number): void {
    this.#pending -= length;
    if (this.#pending === 0) {
      const callbacks = this.#drainCallbacks;
      this.#drainCallbacks = [];
      for (const callback of callbacks) {
        callback();
      }
    }
  }
}

async function settle(socket: Socket, event: string, what: string, start: () => void): Promise<void> {
  const settled = once(socket, event);
  start();
  try {
    await settled;
  } catch (cause) {
    const reason = cause instanceof HostError ? cause.reason : reasonOf(cause);
    throw new ChardevError('ERR_CHARDEV_SOCKET', `${what}: ${reason}`, { cause });
  }
}
