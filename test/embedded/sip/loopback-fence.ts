import { Socket as DatagramSocket } from 'node:dgram';
import dnsPromises from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';

export interface Fence {
  /** Hosts and names that something in this process wanted to reach and did not. */
  readonly refused: ReadonlySet<string>;
}

const inside = new Set<unknown>(['127.0.0.1', '::1']);
const unreachable = (): Error => Object.assign(new Error('unreachable'), { code: 'ENETUNREACH' });
const queries = ['resolve4', 'resolve6', 'resolveSrv', 'resolveNaptr'] as const;

/**
 * From here on no datagram or connection of this process leaves the machine and no name is looked up: torture messages name hosts of
 * others, and a wounded Contact may name anyone. What is refused fails as on a host without a network.
 */
export function fenceIn(): Fence {
  const refused = new Set<string>();
  const refuse = (host: unknown): Error => {
    refused.add(String(host));
    return unreachable();
  };
  const send = DatagramSocket.prototype.send as (this: DatagramSocket, ...args: unknown[]) => void;
  DatagramSocket.prototype.send = function (this: DatagramSocket, ...args: unknown[]): void {
    const host = args.find((arg, index) => index > 0 && typeof arg === 'string');
    if (inside.has(host)) {
      send.apply(this, args);
      return;
    }
    const error = refuse(host);
    const callback = args.at(-1);
    if (typeof callback === 'function') setImmediate(() => void callback(error));
  } as typeof DatagramSocket.prototype.send;
  const connect = Socket.prototype.connect as (this: Socket, ...args: unknown[]) => Socket;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
    const first: unknown = Array.isArray(args[0]) ? args[0][0] : args[0];
    const host = typeof first === 'object' ? (first as { host?: string }).host : args[1];
    if (inside.has(host)) return connect.apply(this, args);
    const error = refuse(host);
    setImmediate(() => this.destroy(error));
    return this;
  } as typeof Socket.prototype.connect;
  dnsPromises.lookup = ((name: string) =>
    Promise.reject(refuse(name))) as unknown as typeof dnsPromises.lookup;
  // A resolver's packets are not sent by the sockets of Node.
  for (const query of queries) {
    dnsPromises.Resolver.prototype[query] = ((name: string) => Promise.reject(refuse(name))) as never;
  }
  syncBuiltinESMExports();
  return { refused };
}
