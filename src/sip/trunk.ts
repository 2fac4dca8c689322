import type { BlockList } from 'node:net';
import type { Credentials } from './digest-answer.js';
import type { Numbering, RewriteRule } from './trunk-numbers.js';

export type TrunkTransport = 'udp' | 'tcp' | 'tls';

/** One address of a carrier. */
export interface TrunkHost {
  readonly host: string;
  /** Undefined: the transport's own, 5060 or 5061. */
  readonly port: number | undefined;
  readonly transport: TrunkTransport;
}

export interface TrunkRegistrationSettings {
  /** User part of the address that is registered; most carriers want the digest username. */
  readonly user: string;
  /** What we ask for; the carrier's answer counts. */
  readonly expiresSeconds: number;
  /** The first pause after a failure, ms; doubled after each, with jitter. */
  readonly retryMs: number;
  readonly retryMaxMs: number;
}

/** How a carrier is told that the caller does not want to be known (RFC 3323, RFC 3325). */
export type TrunkPrivacy = 'none' | 'id' | 'anonymous';

export interface TrunkCallerId {
  /** Shown when the call has no number of its own, or one that is not allowed. */
  readonly number: string | undefined;
  /** Patterns of numbers that may be shown; undefined: any. */
  readonly allowed: readonly string[] | undefined;
  /** Display name, where the call brings none. */
  readonly name: string | undefined;
  /** `id`: the network knows, the callee does not. `anonymous`: From says nothing either. */
  readonly privacy: TrunkPrivacy;
  /** The header that carries the number for the network. */
  readonly assert: 'p-asserted-identity' | 'p-preferred-identity' | 'none';
  /** Host in From and P-Asserted-Identity; undefined: our address. */
  readonly domain: string | undefined;
}

export interface HeaderRules {
  /** Set where the call has none of that name. */
  readonly add: Readonly<Record<string, string>>;
  /** Set in any case. */
  readonly replace: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
  /** For incoming calls: name of a fact, and the header that it is read from. */
  readonly read: Readonly<Record<string, string>>;
}

/** A carrier, or a PBX: one entry of `sip-config/trunks.yaml` with all defaults filled in. */
export interface Trunk {
  readonly name: string;
  readonly enabled: boolean;
  /** Tried in order. */
  readonly hosts: readonly TrunkHost[];
  /** Next hop of everything that goes to the trunk, a `sip:` URI; undefined: the host itself. */
  readonly proxy: string | undefined;
  readonly credentials: Credentials | undefined;
  readonly registration: TrunkRegistrationSettings | undefined;
  /** Requests from these addresses are the trunk's. */
  readonly sources: BlockList;
  readonly callerId: TrunkCallerId;
  readonly headers: HeaderRules;
  /** Encoding names in order of preference; undefined: our offer as it is. */
  readonly codecs: readonly string[] | undefined;
  readonly numbering: Numbering | undefined;
  /** On calls out; the first rule that fits counts. */
  readonly outgoing: { readonly called: readonly RewriteRule[]; readonly calling: readonly RewriteRule[] };
  /** On calls in. */
  readonly incoming: { readonly called: readonly RewriteRule[]; readonly calling: readonly RewriteRule[] };
  /** Limit of the ring time, ms; undefined: the call's own. */
  readonly ringMs: number | undefined;
  /** How long the trunk may be altogether silent after an INVITE, ms. */
  readonly firstResponseMs: number;
  /** Calls out at once. */
  readonly maxCalls: number;
  readonly callsPerSecond: number;
  /** Final statuses after which the next trunk is tried. No response at all is always one. */
  readonly failover: (status: number) => boolean;
  /** How long a trunk that failed is passed over, ms. */
  readonly coolDownMs: number;
  /** Pause between OPTIONS that ask whether it is there, ms; 0: it is not asked. */
  readonly pingMs: number;
  /** Changes when the entry in the file or its secret does: what is unchanged keeps its state on a reload. */
  readonly fingerprint: string;
}

/** Trunks that share the calls by weight, tried before the next group. */
export type TrunkGroup = readonly { readonly trunk: string; readonly weight: number }[];

export interface TrunkRoute {
  /** Patterns of called numbers: exact, or with `*` for any characters and `?` for one. */
  readonly called: readonly string[];
  readonly groups: readonly TrunkGroup[];
}

/** The whole file. */
export interface TrunkPlan {
  readonly trunks: ReadonlyMap<string, Trunk>;
  /** The first that fits counts. */
  readonly routes: readonly TrunkRoute[];
  /** Patterns of hosts whose `sip:` URIs may be dialled directly. */
  readonly directHosts: readonly string[];
}

export const noTrunks: TrunkPlan = { trunks: new Map(), routes: [], directHosts: [] };

/** `sip:USER@HOST:PORT;transport=tcp`; without user the trunk itself. UDP is what a URI means without saying so. */
export function trunkUri({ host, port, transport }: TrunkHost, user?: string): string {
  const at = user === undefined ? '' : `${user}@`;
  const name = host.includes(':') ? `[${host}]` : host;
  const suffix = transport === 'udp' ? '' : `;transport=${transport}`;
  return `sip:${at}${name}${port === undefined ? '' : `:${String(port)}`}${suffix}`;
}
