import { isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { parseHostPort, type HostPort } from '../../core/address.js';
import { errorCode } from '../../core/errors.js';
import type { Logger, OnceLogger } from '../../core/logger.js';
import type { Clock } from '../../core/clock.js';
import { ConnectionGate, defaultConnectionLimits, type ConnectionLimits } from './connection-limits.js';
import { sipStackError } from './errors.js';
import { Locator } from './locator.js';
import { strangersLog } from './strangers-log.js';
import { loadTlsIdentity, type TlsOptions } from './tls-identity.js';
import {
  isSecure,
  protocols,
  type Listener,
  type ListenAddress,
  type Protocol,
  type Receive,
  type SendFailed,
  type Target,
} from './transport.js';
import { listenStream, type StreamSurroundings } from './transport-stream.js';
import { listenUdp } from './transport-udp.js';

export interface TransportOptions {
  /** `udp:127.0.0.1:5060`, `tcp:[::1]:0`, `tls:`, `ws:`, `wss:`; a port 0 is a free one. `[::]` takes IPv6 only. */
  readonly listen: readonly string[];
  /** Host that Via and Contact name instead of the one bound to. */
  readonly externalAddress?: string | undefined;
  /** Needed to listen on tls: and wss:. */
  readonly tls?: TlsOptions | undefined;
  readonly connections?: Partial<ConnectionLimits> | undefined;
  /** `127.0.0.1:5353`; default: the system's. */
  readonly dnsServers?: readonly string[] | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A target and the listener of ours that reaches it. */
export type RoutedTarget = Target & { readonly listener: Listener };

/** Our sockets: binds them, says by which name the world reaches them, sends, resolves names (RFC 3261 §18). */
export class TransportLayer {
  readonly addresses: readonly ListenAddress[];
  readonly #once: OnceLogger;
  readonly #locator: Locator;
  #open = true;

  /**
   * Binds all addresses or none. Rejects SIP_ADDRESS_IN_USE, SIP_BAD_LISTEN_ADDRESS, SIP_LISTEN_FAILED,
   * SIP_TLS_CERTIFICATE_MISSING, SIP_TLS_FILE_UNUSABLE.
   */
  static async listen(options: TransportOptions, receive: Receive): Promise<TransportLayer> {
    const once = strangersLog(options.logger, options.clock);
    const limits = { ...defaultConnectionLimits, ...options.connections };
    const gate = new ConnectionGate(limits);
    const tls = await loadTlsIdentity(options.tls ?? {}, options.listen);
    const surroundings = { receive, clock: options.clock, limits, gate, tls };
    const listeners: Listener[] = [];
    try {
      for (const address of options.listen) {
        listeners.push(await bind(address, surroundings, once));
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
    const { clock, dnsServers } = options;
    this.#locator = new Locator({ clock, dnsServers, transports: familiesOf(this.addresses) });
  }

  get sockets(): number {
    return this.listeners.reduce((sum, listener) => sum + listener.sockets, 0);
  }

  /** The listener that fits a destination: protocol, address family, and loopback to loopback. */
  listenerFor(protocol: Protocol, host: string): Listener | undefined {
    const candidates = this.listeners.filter((listener) => listener.address.protocol === protocol);
    if (isIP(host) === 0) return candidates[0];
    const pool = candidates.filter(({ address }) => isIPv6(address.host) === isIPv6(host));
    return (
      pool.find(({ address }) => isLoopback(address.host) === isLoopback(host)) ??
      pool.find(({ address }) => isWildcard(address.host)) ??
      pool[0]
    );
  }

  /**
   * How a message to `target` leaves: over an open connection to that very address, whatever stream it is (applications
   * know those of WebSocket as tcp), but no less secure than asked for; else by the listener that fits. Undefined: none
   * does.
   */
  route(target: Target): RoutedTarget | undefined {
    if (target.protocol !== 'udp' && target.stream?.open !== true && target.locate === undefined) {
      for (const listener of this.listeners) {
        const { protocol } = listener.address;
        if (isSecure(target.protocol) && !isSecure(protocol)) continue;
        const stream = listener.streamTo(target);
        if (stream !== undefined) return { ...target, protocol, listener, stream };
      }
    }
    const listener = target.listener ?? this.listenerFor(target.protocol, target.host);
    if (listener === undefined && target.locate === 'naptr') {
      // The domain decides about the transport; one of ours is named until it has.
      const any = this.listeners.find(({ address }) => target.secure !== true || isSecure(address.protocol));
      return any === undefined ? undefined : { ...target, listener: any };
    }
    return listener === undefined ? undefined : { ...target, listener };
  }

  /** Where the servers of a name are, with their listeners, in the order to try them. Rejects SIP_NAME_NOT_FOUND. */
  async locate(target: Target): Promise<readonly RoutedTarget[]> {
    const found = await this.#locator.locate(target);
    return found.flatMap((one) => this.route(one) ?? []);
  }

  /** A target did not take a request: others go first for a while. */
  failed(target: Target, forMs?: number): void {
    this.#locator.failed(target, forMs);
  }

  isFailing(target: Target): boolean {
    return this.#locator.isFailing(target);
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

  /** Hot: sends at once; the host is an address. `failed` is called at most once, later. */
  send(bytes: Buffer, listener: Listener, target: Target, failed: SendFailed): void {
    if (!this.#open) return;
    const report = (error: Error): void => {
      this.#once.warn(
        `send ${target.host} ${errorCode(error)}`,
        { host: target.host, error: errorCode(error) },
        'a SIP message could not be sent',
      );
      failed(error);
    };
    try {
      listener.send(bytes, target, report);
    } catch (error) {
      // what the system refuses outright; told later, like every other failure
      queueMicrotask(() => report(error instanceof Error ? error : new Error(String(error))));
    }
  }

  async close(): Promise<void> {
    this.#open = false;
    this.#locator.close();
    await Promise.all(this.listeners.map((listener) => listener.close()));
  }
}

async function bind(
  address: string,
  surroundings: Omit<StreamSurroundings, 'trouble'>,
  once: OnceLogger,
): Promise<Listener> {
  const colon = address.indexOf(':');
  const protocol = protocols.find((known) => known === address.slice(0, colon));
  const hostPort = parseHostPort(address.slice(colon + 1));
  if (protocol === undefined || hostPort === undefined) {
    throw sipStackError('SIP_BAD_LISTEN_ADDRESS', { address });
  }
  const trouble = (error: Error, from: string = address): void =>
    once.warn(
      `${from} ${errorCode(error)}`,
      { listener: address, from, error: errorCode(error) },
      'a SIP socket reported an error',
    );
  try {
    return protocol === 'udp'
      ? await listenUdp(hostPort.host, hostPort.port, surroundings.receive, trouble)
      : await listenStream(protocol, hostPort, { ...surroundings, trouble });
  } catch (error) {
    const reason = errorCode(error);
    const details = { protocol, host: hostPort.host, port: hostPort.port, reason };
    throw sipStackError(reason === 'EADDRINUSE' ? 'SIP_ADDRESS_IN_USE' : 'SIP_LISTEN_FAILED', details, error);
  }
}

function familiesOf(addresses: readonly ListenAddress[]): ReadonlyMap<Protocol, ReadonlySet<4 | 6>> {
  const families = new Map<Protocol, Set<4 | 6>>();
  for (const { protocol, host } of addresses) {
    const known = families.get(protocol) ?? new Set();
    families.set(protocol, known.add(isIPv6(host) ? 6 : 4));
  }
  return families;
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
