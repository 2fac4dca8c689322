import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { parseHostPort, type HostPort } from '../../core/address.js';
import { errorCode } from '../../core/errors.js';
import { OnceLogger, type Logger } from '../../core/logger.js';
import { sipStackError } from './errors.js';
import type { Listener, ListenAddress, Protocol, Receive, Target } from './transport.js';
import { listenTcp } from './transport-tcp.js';
import { listenUdp } from './transport-udp.js';

export interface TransportOptions {
  /** `udp:127.0.0.1:5060`, `tcp:[::1]:0`, ... */
  readonly listen: readonly string[];
  /** Host that Via and Contact name instead of the one bound to. */
  readonly externalAddress?: string | undefined;
  readonly logger: Logger;
}

/** Our sockets: binds them, says by which name the world reaches them, sends, resolves names (RFC 3261 §18). */
export class TransportLayer {
  readonly addresses: readonly ListenAddress[];
  readonly #once: OnceLogger;
  #open = true;

  /** Binds all addresses or none. Rejects SIP_ADDRESS_IN_USE, SIP_BAD_LISTEN_ADDRESS, SIP_LISTEN_FAILED. */
  static async listen(options: TransportOptions, receive: Receive): Promise<TransportLayer> {
    const once = new OnceLogger(options.logger);
    const listeners: Listener[] = [];
    try {
      for (const address of options.listen) {
        listeners.push(await bind(address, receive, once));
      }
    } catch (error) {
      await Promise.all(listeners.map((listener) => listener.close()));
      throw error;
    }
    return new TransportLayer(listeners, options, once);
  }

  private constructor(
    private readonly listeners: readonly Listener[],
    private readonly options: TransportOptions,
    once: OnceLogger,
  ) {
    this.addresses = listeners.map((listener) => listener.address);
    this.#once = once;
  }

  get sockets(): number {
    return this.listeners.reduce((sum, listener) => sum + listener.sockets, 0);
  }

  /** The listener that fits a destination: protocol, address family, and loopback to loopback. */
  listenerFor(protocol: Protocol, host: string): Listener | undefined {
    const candidates = this.listeners.filter((listener) => listener.address.protocol === protocol);
    if (candidates.length <= 1 || isIP(host) === 0) return candidates[0];
    const family = candidates.filter(({ address }) => isIPv6(address.host) === isIPv6(host));
    const pool = family.length > 0 ? family : candidates;
    return (
      pool.find(({ address }) => isLoopback(address.host) === isLoopback(host)) ??
      pool.find(({ address }) => isWildcard(address.host)) ??
      pool[0]
    );
  }

  /**
   * The host and port under which `remoteHost` reaches a listener: the external address if one is told (except that
   * a request to this very host names the local one, see `forRequest`), else the address bound to.
   */
  advertised(listener: Listener, remoteHost: string, forRequest: boolean): HostPort {
    const { host, port } = listener.address;
    const external = this.options.externalAddress;
    if (external !== undefined && !(forRequest && isLoopback(remoteHost))) {
      return { host: external, port };
    }
    if (!isWildcard(host)) return { host, port };
    return { host: isLoopback(remoteHost) ? loopbackLike(host) : firstAddress(host), port };
  }

  /** Whether an address is one of our own listeners. */
  isOwn(protocol: Protocol, host: string, port: number): boolean {
    return this.listeners.some(
      ({ address }) =>
        address.protocol === protocol &&
        address.port === port &&
        (address.host === host ||
          host === this.options.externalAddress ||
          (isWildcard(address.host) && (isLoopback(host) || host === firstAddress(address.host)))),
    );
  }

  /** Sends at once to an address, or after the look-up to a name. `failed` is called at most once, later. */
  send(bytes: Buffer, listener: Listener, target: Target, failed: (error: Error) => void): void {
    if (!this.#open) return;
    const report = (error: Error): void => {
      this.#once.warn(
        `send ${target.host} ${errorCode(error)}`,
        { host: target.host, error: errorCode(error) },
        'a SIP message could not be sent',
      );
      failed(error);
    };
    const sendTo = (host: string): void => {
      try {
        listener.send(bytes, { ...target, host }, report);
      } catch (error) {
        // what the system refuses outright; told later, like every other failure
        queueMicrotask(() => report(error instanceof Error ? error : new Error(String(error))));
      }
    };
    if (isIP(target.host) !== 0 || target.stream?.open === true) {
      sendTo(target.host);
      return;
    }
    const family = isIPv6(listener.address.host) ? 6 : 4;
    lookup(target.host, { family }).then(
      ({ address }) => {
        if (this.#open) sendTo(address);
      },
      (error: unknown) => {
        if (this.#open) report(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  async close(): Promise<void> {
    this.#open = false;
    await Promise.all(this.listeners.map((listener) => listener.close()));
  }
}

async function bind(address: string, receive: Receive, once: OnceLogger): Promise<Listener> {
  const match = /^(udp|tcp):(.+)$/.exec(address);
  const hostPort = match === null ? undefined : parseHostPort(match[2] as string);
  if (match === null || hostPort === undefined) {
    throw sipStackError('SIP_BAD_LISTEN_ADDRESS', { address });
  }
  const protocol = match[1] as Protocol;
  const trouble = (error: Error, from: string = address): void =>
    once.warn(
      `${from} ${errorCode(error)}`,
      { listener: address, from, error: errorCode(error) },
      'a SIP socket reported an error',
    );
  try {
    return protocol === 'udp'
      ? await listenUdp(hostPort.host, hostPort.port, receive, trouble)
      : await listenTcp(hostPort.host, hostPort.port, receive, trouble);
  } catch (error) {
    const reason = errorCode(error);
    const details = { protocol, host: hostPort.host, port: hostPort.port, reason };
    throw sipStackError(reason === 'EADDRINUSE' ? 'SIP_ADDRESS_IN_USE' : 'SIP_LISTEN_FAILED', details, error);
  }
}

export function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1' || host === 'localhost';
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function loopbackLike(host: string): string {
  return host === '::' ? '::1' : '127.0.0.1';
}

/** The first address of this host that others can reach; loopback if it has none. */
function firstAddress(wildcard: string): string {
  const family = wildcard === '::' ? 'IPv6' : 'IPv4';
  for (const addresses of Object.values(networkInterfaces())) {
    const found = addresses?.find(
      (entry) => entry.family === family && !entry.internal && !entry.address.startsWith('fe80'),
    );
    if (found !== undefined) return found.address;
  }
  return loopbackLike(wildcard);
}
