import { promises as dns, type NaptrRecord, type SrvRecord } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { formatHostPort } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import { errorCode } from '../../core/errors.js';
import { sipStackError } from './errors.js';
import { isSecure, type Protocol, type Target } from './transport.js';

export interface LocatorOptions {
  readonly clock: Clock;
  /** DNS servers, `127.0.0.1:5353`; default those of the system. */
  readonly dnsServers?: readonly string[] | undefined;
  /** Transports that we can send by, the one we like best first, with the address families of each. */
  readonly transports: ReadonlyMap<Protocol, ReadonlySet<4 | 6>>;
  /** From 0 to 1; default Math.random. */
  readonly random?: (() => number) | undefined;
}

/** A server of a domain, as its records say. */
interface Server {
  readonly protocol: Protocol;
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly addresses: readonly string[];
}

/** The servers of one transport after those of the other, in the order that the domain (or we) prefer. */
interface Location {
  readonly groups: readonly (readonly Server[])[];
  readonly keptMs: number;
}

interface Service {
  /** As NAPTR calls it. */
  readonly service: string;
  /** What SRV names begin with. */
  readonly name: string;
  readonly protocol: Protocol;
  /** The name to ask SRV for. */
  readonly domain: string;
}

/** One try of a query, and tries: a domain whose servers say nothing costs a call so much. */
const queryMs = 1500;
const queryTries = 2;
/** Node tells no TTL of NAPTR and SRV: what was found through them is kept as long as its addresses, at most this. */
const longestKeptMs = 300_000;
/** For names of the hosts file. */
const lookedUpMs = 30_000;
const mostKept = 1000;
/** A server that did not answer is tried after the others for so long (RFC 3263 §4.3 leaves the time to us). */
const failedMs = 60_000;
/** A request tries no more addresses than these. */
const mostTargets = 8;
/** Of the servers that one name lists, the addresses of so many are looked up. */
const mostServers = 16;
/** What a query for NAPTR may fail with although SRV would not: no such record, or a DNS server that cannot tell of it. */
const srvMayExist = new Set(['ENODATA', 'ENOTIMP', 'EFORMERR', 'ESERVFAIL', 'EREFUSED', 'EBADRESP']);

/** Names that are there to lead nowhere (RFC 6761 §6.4): browsers put them into Via and Contact (RFC 7118 §5). */
const neverThere = /(?:^|\.)invalid\.?$/i;

/** RFC 3263 §4.1, RFC 7118 §4.2; in our own order of liking. */
const services: readonly Omit<Service, 'domain'>[] = [
  { service: 'SIP+D2U', name: '_sip._udp', protocol: 'udp' },
  { service: 'SIP+D2T', name: '_sip._tcp', protocol: 'tcp' },
  { service: 'SIPS+D2T', name: '_sips._tcp', protocol: 'tls' },
  { service: 'SIP+D2W', name: '_sip._ws', protocol: 'ws' },
  { service: 'SIPS+D2W', name: '_sips._ws', protocol: 'wss' },
];

/** Finds the servers of a name (RFC 3263 §4): NAPTR, SRV, A and AAAA, then the hosts file. */
export class Locator {
  readonly #resolver = new dns.Resolver({ timeout: queryMs, tries: queryTries });
  readonly #known = new Map<string, { readonly location: Promise<Location>; expiresAtMs: number }>();
  readonly #failed = new Map<string, number>();

  readonly #random: () => number;

  constructor(private readonly options: LocatorOptions) {
    this.#random = options.random ?? Math.random;
    if (options.dnsServers !== undefined) this.#resolver.setServers([...options.dnsServers]);
  }

  /** Addresses to try one after the other, one at least; rejects SIP_NAME_NOT_FOUND. For targets with `locate` only. */
  async locate(target: Target): Promise<readonly Target[]> {
    const { host, port, protocol, locate, secure, serverName } = target;
    if (neverThere.test(host)) throw sipStackError('SIP_NAME_NOT_FOUND', { host });
    const key = `${locate} ${secure} ${protocol} ${formatHostPort({ host, port })}`.toLowerCase();
    const { groups } = await this.#cached(key, target);
    const targets: Target[] = [];
    for (const group of groups) {
      for (const server of ordered(group, this.#random)) {
        for (const address of server.addresses) {
          const { protocol: by, port: at } = server;
          const { anyTransport } = target;
          targets.push({ protocol: by, host: address, port: at, secure, anyTransport, serverName });
        }
      }
    }
    if (targets.length === 0) throw sipStackError('SIP_NAME_NOT_FOUND', { host });
    return this.#livingFirst(targets).slice(0, mostTargets);
  }

  /** The target did not answer, or wants to be spared for `forMs`: others go first for a while. */
  failed(target: Target, forMs: number = failedMs): void {
    if (this.#failed.size >= mostKept) this.#failed.clear();
    this.#failed.set(nameOf(target), this.options.clock.nowMs() + forMs);
  }

  isFailing(target: Target): boolean {
    return (this.#failed.get(nameOf(target)) ?? -Infinity) > this.options.clock.nowMs();
  }

  /** What still waits for an answer is told that there is none. */
  close(): void {
    this.#resolver.cancel();
    this.#known.clear();
  }

  #livingFirst(targets: readonly Target[]): readonly Target[] {
    if (this.#failed.size === 0) return targets;
    const failing = (target: Target): boolean => this.isFailing(target);
    return [...targets.filter((target) => !failing(target)), ...targets.filter(failing)];
  }

  /** Who asks while the answer is under way waits for the same one. */
  #cached(key: string, target: Target): Promise<Location> {
    const { clock } = this.options;
    const known = this.#known.get(key);
    if (known !== undefined && known.expiresAtMs > clock.nowMs()) return known.location;
    const location = this.#find(target);
    const entry = { location, expiresAtMs: Infinity };
    this.#known.delete(key); // the newest comes last
    this.#known.set(key, entry);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= mostKept) break;
      this.#known.delete(oldest);
    }
    location.then(
      ({ keptMs }) => {
        entry.expiresAtMs = clock.nowMs() + keptMs;
      },
      () => {
        if (this.#known.get(key) === entry) this.#known.delete(key);
      },
    );
    return location;
  }

  async #find(target: Target): Promise<Location> {
    const { host, protocol, port, locate } = target;
    // A name without a dot is one of this network's: it has no domain to ask.
    if (locate !== 'address' && host.includes('.')) {
      const found = await Promise.all((await this.#services(target)).map((one) => this.#servers(one)));
      const groups = found.map(({ servers }) => servers).filter((servers) => servers.length > 0);
      if (groups.length > 0) return { groups, keptMs: Math.min(...found.map(({ keptMs }) => keptMs)) };
      if (found.some(({ isDenied }) => isDenied)) throw sipStackError('SIP_NAME_NOT_FOUND', { host });
    }
    const { addresses, keptMs } = await this.#addresses(host, protocol);
    if (addresses.length === 0) throw sipStackError('SIP_NAME_NOT_FOUND', { host });
    return { groups: [[{ protocol, priority: 0, weight: 0, port, addresses }]], keptMs };
  }

  /** RFC 3263 §4.1: which SRV records to ask for, the domain's favourite first. Empty: there are none. */
  async #services({ host, protocol, locate, secure }: Target): Promise<readonly Service[]> {
    const usable = services.filter(
      (one) => this.options.transports.has(one.protocol) && (secure !== true || isSecure(one.protocol)),
    );
    const own = (one: (typeof services)[number]): Service => ({ ...one, domain: `${one.name}.${host}` });
    if (locate === 'srv') return usable.filter((one) => one.protocol === protocol).map(own);
    let records: readonly NaptrRecord[];
    try {
      records = await this.#resolver.resolveNaptr(host);
    } catch (error) {
      // A domain, or a DNS server, that does not know such records may know SRV; without the name or without DNS there are none.
      if (!srvMayExist.has(errorCode(error))) return [];
      records = [];
    }
    const chosen = records
      .filter(({ flags }) => flags.toLowerCase() === 's')
      .sort((a, b) => a.order - b.order || a.preference - b.preference)
      .flatMap(({ service, replacement }) =>
        usable
          .filter((one) => one.service === service.toUpperCase())
          .map((one) => ({ ...one, domain: replacement })),
      );
    if (chosen.length > 0) return chosen;
    return usable.filter((one) => one.protocol !== 'ws' && one.protocol !== 'wss').map(own);
  }

  /** `isDenied`: the domain says that it has no such service (RFC 2782, the target `.`). */
  async #servers({
    protocol,
    domain,
  }: Service): Promise<{ servers: readonly Server[]; keptMs: number; isDenied: boolean }> {
    let records: readonly SrvRecord[];
    try {
      records = await this.#resolver.resolveSrv(domain);
    } catch {
      return { servers: [], keptMs: longestKeptMs, isDenied: false };
    }
    const named = records.filter(({ name }) => name !== '' && name !== '.');
    const isDenied = named.length === 0;
    const found = await Promise.all(
      ordered(named, this.#random)
        .slice(0, mostServers)
        .map(async ({ name, priority, weight, port }) => {
          const { addresses, keptMs } = await this.#addresses(name, protocol);
          return { protocol, priority, weight, port, addresses, keptMs };
        }),
    );
    const servers = found.filter(({ addresses }) => addresses.length > 0);
    return { servers, keptMs: Math.min(longestKeptMs, ...servers.map(({ keptMs }) => keptMs)), isDenied };
  }

  /** IPv4 first; families that we cannot send to are not asked for. */
  async #addresses(host: string, protocol: Protocol): Promise<{ addresses: string[]; keptMs: number }> {
    const families = this.options.transports.get(protocol) ?? new Set();
    if (host.includes('.')) {
      const [four, six] = await Promise.all([
        families.has(4) ? this.#resolver.resolve4(host, { ttl: true }).catch(() => []) : [],
        families.has(6) ? this.#resolver.resolve6(host, { ttl: true }).catch(() => []) : [],
      ]);
      const records = [...four, ...six];
      if (records.length > 0) {
        const keptMs = 1000 * Math.max(1, Math.min(...records.map(({ ttl }) => ttl)));
        return { addresses: records.map(({ address }) => address), keptMs: Math.min(keptMs, longestKeptMs) };
      }
    }
    const known = await lookup(host, { all: true }).catch(() => []);
    const addresses = known.map(({ address }) => address);
    return { addresses: addresses.filter((one) => families.has(isIPv6(one) ? 6 : 4)), keptMs: lookedUpMs };
  }
}

function nameOf(target: Target): string {
  return `${target.protocol} ${formatHostPort(target)}`;
}

/** RFC 2782: by priority; among equals by lot, weighted. */
export function ordered<T extends { readonly priority: number; readonly weight: number }>(
  servers: readonly T[],
  random: () => number,
): T[] {
  const rest = [...servers].sort((a, b) => a.priority - b.priority || a.weight - b.weight);
  const result: T[] = [];
  while (rest.length > 0) {
    const equals = rest.filter(({ priority }) => priority === rest[0]?.priority);
    const sum = equals.reduce((total, { weight }) => total + weight, 0);
    let lot = Math.floor(random() * (sum + 1));
    const drawn = equals.findIndex(({ weight }) => (lot -= weight) <= 0);
    result.push(...rest.splice(Math.max(0, drawn), 1));
  }
  return result;
}
