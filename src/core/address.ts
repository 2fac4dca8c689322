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
