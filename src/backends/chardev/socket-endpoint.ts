/** Socket addresses of character devices made into listening or connected descriptors. */
import { statSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setNonBlocking } from '../../host/descriptor.ts';
import { threadDescriptors } from '../../host/descriptor-ledger.ts';
import { EADDRINUSE, HostError } from '../../host/host-error.ts';
import {
  allowAddressReuse,
  bindSocket,
  connectSocket,
  createStreamSocket,
  isListening,
  listenOn,
  localEndpoint,
  localUnixPath,
  setIpv6Only,
  socketFamily,
} from '../../host/socket.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  encodeInetAddress,
  encodeUnixAddress,
  type InetEndpoint,
  UNIX_PATH_MAX,
} from '../../host/socket-address.ts';
import type { SocketAddress } from './chardev-config.ts';
import { ChardevError } from './chardev-error.ts';
import { endpointText, type InetAddress, resolveInet } from './inet-address.ts';

export interface SocketEndpoint {
  readonly fd: number;
  /** Descriptors can be received on it. */
  readonly isUnix: boolean;
  /** `PATH` of a unix socket, `HOST:PORT` of another. */
  readonly name: string;
  /** Removes what `fd` left in the file system, if it is still ours. */
  cleanUp(): void;
}

const nothing = () => {};

/** HostErrors of socket calls carry their text already; they only change class. */
function socketError(error: unknown): unknown {
  return error instanceof HostError
    ? new ChardevError('ERR_CHARDEV_SOCKET', error.message, { cause: error })
    : error;
}

function closing<T>(fd: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    threadDescriptors().close(fd);
    throw error;
  }
}

/** Throws `ERR_CHARDEV_SOCKET`. */
export async function openListener(
  address: SocketAddress,
  takeDescriptor: (name: string) => number,
): Promise<SocketEndpoint> {
  try {
    switch (address.type) {
      case 'unix':
        return listenUnix(address.path);
      case 'inet':
        return listenInet(address, await resolveInet(address, 'tcp', true));
      case 'fd':
        return adopt(takeDescriptor(address.name), true);
    }
  } catch (error) {
    throw socketError(error);
  }
}

/** Resolves when the connection stands. Rejects with `ERR_CHARDEV_SOCKET`, or with the signal's reason. */
export async function openConnection(
  address: SocketAddress,
  takeDescriptor: (name: string) => number,
  signal: AbortSignal,
): Promise<SocketEndpoint> {
  try {
    switch (address.type) {
      case 'unix':
        return await connectUnix(address.path, signal);
      case 'inet':
        return await connectInet(await resolveInet(address, 'tcp', false), signal);
      case 'fd':
        return adopt(takeDescriptor(address.name), false);
    }
  } catch (error) {
    throw socketError(error);
  }
}

function checkedUnixAddress(path: string): Uint8Array {
  const length = Buffer.byteLength(path);
  if (length > UNIX_PATH_MAX || path.includes('\0')) {
    throw new ChardevError(
      'ERR_CHARDEV_SOCKET',
      `UNIX socket path '${path}' is too long: ${length} bytes, at most ${UNIX_PATH_MAX} are possible`,
    );
  }
  return encodeUnixAddress(path);
}

/** A server without a path gets a socket of its own in the directory for temporary files. */
function listenUnix(given: string): SocketEndpoint {
  const path =
    given === '' ? join(tmpdir(), `troupe-socket-${process.pid}-${Date.now().toString(36)}`) : given;
  const address = checkedUnixAddress(path);
  if (statSync(path, { throwIfNoEntry: false })?.isSocket() === true) {
    unlinkSync(path);
  }
  const fd = createStreamSocket(AF_UNIX);
  const cleanUp = closing(fd, () => {
    bindSocket(fd, address);
    const made = statSync(path);
    return () => {
      const present = statSync(path, { throwIfNoEntry: false });
      if (present?.ino === made.ino && present.dev === made.dev) {
        unlinkSync(path);
      }
    };
  });
  closing(fd, () => listenOn(fd));
  return { fd, isUnix: true, name: path, cleanUp };
}

function listenInet(address: InetAddress, endpoints: readonly InetEndpoint[]): SocketEndpoint {
  let failure: unknown;
  for (const { host, port } of endpoints) {
    const lastPort = address.to === undefined ? port : Math.max(port, address.to);
    for (let candidate = port; candidate <= lastPort; candidate++) {
      try {
        return bindInet({ host, port: candidate }, address.ipv4 === false);
      } catch (error) {
        failure = error;
        if (!(error instanceof HostError) || error.errno !== EADDRINUSE) {
          break;
        }
      }
    }
  }
  throw failure;
}

function bindInet(endpoint: InetEndpoint, ipv6Only: boolean): SocketEndpoint {
  const v6 = endpoint.host.includes(':');
  const fd = createStreamSocket(v6 ? AF_INET6 : AF_INET);
  return closing(fd, () => {
    allowAddressReuse(fd);
    if (v6) {
      setIpv6Only(fd, ipv6Only);
    }
    bindSocket(fd, encodeInetAddress(endpoint));
    listenOn(fd);
    return { fd, isUnix: false, name: endpointText(localEndpoint(fd) ?? endpoint), cleanUp: nothing };
  });
}

async function connectUnix(path: string, signal: AbortSignal): Promise<SocketEndpoint> {
  if (path === '') {
    throw new ChardevError('ERR_CHARDEV_SOCKET', 'unix connect: no path specified');
  }
  const address = checkedUnixAddress(path);
  const fd = await connectNew(AF_UNIX, address, signal);
  return { fd, isUnix: true, name: path, cleanUp: nothing };
}

async function connectInet(endpoints: readonly InetEndpoint[], signal: AbortSignal): Promise<SocketEndpoint> {
  let failure: unknown;
  for (const endpoint of endpoints) {
    try {
      const family = endpoint.host.includes(':') ? AF_INET6 : AF_INET;
      const fd = await connectNew(family, encodeInetAddress(endpoint), signal);
      return { fd, isUnix: false, name: endpointText(endpoint), cleanUp: nothing };
    } catch (error) {
      failure = error;
      signal.throwIfAborted();
    }
  }
  throw failure;
}

async function connectNew(family: number, address: Uint8Array, signal: AbortSignal): Promise<number> {
  const fd = createStreamSocket(family);
  try {
    await connectSocket(fd, address, signal);
    return fd;
  } catch (error) {
    threadDescriptors().close(fd);
    throw error;
  }
}

/** Takes a socket over that a client or the parent process has opened. */
function adopt(fd: number, server: boolean): SocketEndpoint {
  threadDescriptors().own(fd);
  const family = socketFamily(fd);
  if (family === 0 || isListening(fd) !== server) {
    threadDescriptors().close(fd);
    const expected = server ? 'a listening socket' : 'a connected socket';
    throw new ChardevError('ERR_CHARDEV_SOCKET', `descriptor ${fd} is not ${expected}`);
  }
  setNonBlocking(fd, true);
  const endpoint = localEndpoint(fd);
  const name = endpoint === undefined ? (localUnixPath(fd) ?? `fd:${fd}`) : endpointText(endpoint);
  return { fd, isUnix: family === AF_UNIX, name, cleanUp: nothing };
}
