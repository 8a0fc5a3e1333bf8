/** Stream sockets as raw descriptors: made non-blocking and close-on-exec, owned by the calling thread. */
import { threadDescriptors } from './descriptor-ledger.ts';
import { FdWatcher } from './fd-watcher.ts';
import { EAGAIN, EINPROGRESS, EINTR, HostError, lastError } from './host-error.ts';
import { errno, libc } from './libc.ts';
import {
  decodeInetAddress,
  decodeUnixAddress,
  type InetEndpoint,
  SOCKADDR_STORAGE_BYTES,
} from './socket-address.ts';

const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0o4000 | 0o2000000;
const SOCK_NONBLOCK_CLOEXEC = 0o4000 | 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_ERROR = 4;
const SO_ACCEPTCONN = 30;
const SO_DOMAIN = 39;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const ECONNABORTED = 103;

/** Clients that may wait for the one being served; the kernel makes others wait in connect(2). */
const LISTEN_BACKLOG = 16;

function setOption(fd: number, level: number, name: number, value: number): void {
  const bytes = new Uint8Array(Int32Array.of(value).buffer);
  libc().setsockopt(fd, level, name, bytes, bytes.byteLength);
}

function getOption(fd: number, name: number): number {
  const value = new Int32Array(1);
  libc().getsockopt(fd, SOL_SOCKET, name, new Uint8Array(value.buffer), Uint32Array.of(4));
  return value[0] ?? 0;
}

/** `family` AF_UNIX, AF_INET or AF_INET6. Throws HostError `Failed to create socket: …`. */
export function createStreamSocket(family: number): number {
  const fd = libc().socket(family, SOCK_STREAM_NONBLOCK_CLOEXEC, 0);
  if (fd < 0) {
    throw lastError('Failed to create socket');
  }
  return threadDescriptors().own(fd);
}

/** Throws HostError `Failed to bind socket: …`; the descriptor stays open. */
export function bindSocket(fd: number, address: Uint8Array): void {
  if (libc().bind(fd, address, address.byteLength) < 0) {
    throw lastError('Failed to bind socket');
  }
}

/** Throws HostError `Failed to set socket to listening mode: …`. @param backlog clients that may wait to be accepted */
export function listenOn(fd: number, backlog = LISTEN_BACKLOG): void {
  if (libc().listen(fd, backlog) < 0) {
    throw lastError('Failed to set socket to listening mode');
  }
}

/** Lets a new server take a port over whose old connections are still fading away. */
export function allowAddressReuse(fd: number): void {
  setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
}

/** Whether an IPv6 socket refuses IPv4 peers. */
export function setIpv6Only(fd: number, only: boolean): void {
  setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, only ? 1 : 0);
}

export function setNoDelay(fd: number): void {
  setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

export function isListening(fd: number): boolean {
  return getOption(fd, SO_ACCEPTCONN) === 1;
}

/** AF_UNIX, AF_INET, AF_INET6…; 0 when `fd` is no socket. */
export function socketFamily(fd: number): number {
  return getOption(fd, SO_DOMAIN);
}

/**
 * Takes the next waiting client.
 * @returns undefined when there is none (or it has gone already). Throws HostError.
 */
export function acceptClient(listener: number): number | undefined {
  const fd = libc().accept4(listener, null, null, SOCK_NONBLOCK_CLOEXEC);
  if (fd >= 0) {
    return threadDescriptors().own(fd);
  }
  const cause = errno();
  if (cause === EAGAIN || cause === EINTR || cause === ECONNABORTED) {
    return undefined;
  }
  throw lastError('Failed to accept connection');
}

/**
 * Connects; resolves when the connection stands, rejects with HostError `Failed to connect to socket: …`. The
 * descriptor stays open in both cases. Aborting rejects with the signal's reason.
 */
export function connectSocket(fd: number, address: Uint8Array, signal?: AbortSignal): Promise<void> {
  if (libc().connect(fd, address, address.byteLength) === 0) {
    return Promise.resolve();
  }
  if (errno() !== EINPROGRESS) {
    return Promise.reject(lastError('Failed to connect to socket'));
  }
  return new Promise((resolve, reject) => {
    const finish = (error: unknown) => {
      watcher.close();
      signal?.removeEventListener('abort', abort);
      if (error === undefined) {
        resolve();
      } else {
        reject(error);
      }
    };
    const abort = () => finish(signal?.reason);
    const writable = () => {
      const cause = getOption(fd, SO_ERROR);
      finish(cause === 0 ? undefined : new HostError(cause, 'Failed to connect to socket'));
    };
    const watcher = new FdWatcher(fd, { readable() {}, writable });
    signal?.addEventListener('abort', abort);
    watcher.watch({ readable: false, writable: true });
  });
}

/** The path that a unix socket is bound to, '' when it has none; undefined for other families. */
export function localUnixPath(fd: number): string | undefined {
  const address = new Uint8Array(SOCKADDR_STORAGE_BYTES);
  return libc().getsockname(fd, address, Uint32Array.of(address.byteLength)) < 0
    ? undefined
    : decodeUnixAddress(address);
}

/** The address that an IPv4 or IPv6 socket is bound to; undefined for other families. */
export function localEndpoint(fd: number): InetEndpoint | undefined {
  const address = new Uint8Array(SOCKADDR_STORAGE_BYTES);
  return libc().getsockname(fd, address, Uint32Array.of(address.byteLength)) < 0
    ? undefined
    : decodeInetAddress(address);
}
