import { Socket as DatagramSocket } from 'node:dgram';
import dnsPromises from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';

const unreachable = (): Error => Object.assign(new Error('unreachable'), { code: 'ENETUNREACH' });

/**
 * From here on no datagram or connection of this process leaves the machine and no name is looked up: torture messages name hosts of
 * others, and a wounded Contact may name anyone. What is refused fails as on a host without a network.
 */
export function fenceIn(): void {
  const send = DatagramSocket.prototype.send as (this: DatagramSocket, ...args: unknown[]) => void;
  DatagramSocket.prototype.send = function (this: DatagramSocket, ...args: unknown[]): void {
    const host = args.find((arg, index) => index > 0 && typeof arg === 'string');
    if (host === '127.0.0.1') {
      send.apply(this, args);
      return;
    }
    const callback = args.at(-1);
    if (typeof callback === 'function') setImmediate(() => void callback(unreachable()));
  } as typeof DatagramSocket.prototype.send;
  const connect = Socket.prototype.connect as (this: Socket, ...args: unknown[]) => Socket;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
    const first: unknown = Array.isArray(args[0]) ? args[0][0] : args[0];
    const host = typeof first === 'object' ? (first as { host?: string }).host : args[1];
    if (host === '127.0.0.1') return connect.apply(this, args);
    setImmediate(() => this.destroy(unreachable()));
    return this;
  } as typeof Socket.prototype.connect;
  dnsPromises.lookup = (() => Promise.reject(unreachable())) as typeof dnsPromises.lookup;
  syncBuiltinESMExports();
}
