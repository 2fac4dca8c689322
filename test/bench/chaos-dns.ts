/**
 * Loaded into a server that `bench chaos` watches (`NODE_OPTIONS=--import`): the name of the bench's engines is this
 * machine, until there is a file `CHAOS_DNS_GONE`; then nobody knows it any more. No name server is asked.
 */
import dns from 'node:dns';
import { existsSync } from 'node:fs';
import { chaosHost } from './chaos-host.js';

const gone = process.env['CHAOS_DNS_GONE'];
type Lookup = (...args: unknown[]) => unknown;

if (gone !== undefined) {
  const real = dns.lookup as unknown as Lookup;
  const lookup: Lookup = (...args) => {
    const [name, ...rest] = args;
    if (name !== chaosHost) return real(...args);
    const told = rest.at(-1) as (error: Error | null) => void;
    if (!existsSync(gone)) return real('127.0.0.1', ...rest);
    const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${chaosHost}`), { code: 'ENOTFOUND' });
    setImmediate(() => told(error));
    return undefined;
  };
  (dns as unknown as { lookup: Lookup }).lookup = lookup;
}
