import { isIPv6 } from 'node:net';

/** An IP address (or host name) and a port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Reads `127.0.0.1:9022`, `[::1]:9022` or `host:9022`; undefined if it is none of them. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  const host = match[1] ?? match[2];
  if (host === undefined || port > 65535) return undefined;
  return { host, port };
}

/** The reverse of {@link parseHostPort}: IPv6 hosts get brackets. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * What one customer has, by its canonical name: an IPv4 address itself, also in IPv6 clothes; of an IPv6 address the /64, for
 * he could come from another one of it each time.
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [left = '', right = ''] = address.split('%')[0]?.split('::') ?? [];
  const head = left === '' ? [] : left.split(':');
  const tail = right === '' ? [] : right.split(':');
  const zeros = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0');
  return [...head, ...zeros, ...tail]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
