import Srf from 'drachtio-srf';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import type { DialAttempt, NoAttempt } from './dial-attempt.js';
import type { DialFailed } from './dial-outcome.js';
import type { LegTarget } from './invite-leg.js';
import type { Telephone } from './locations.js';
import { OutgoingCall } from './outgoing-call.js';
import { isSettableHeader } from './settable-header.js';
import { sipUser } from './sip-user.js';
import { trunkAttempts } from './trunk-attempts.js';
import { quoted } from './trunk-headers.js';
import type { TrunkLine } from './trunk-line.js';

export interface DialRequest {
  /** A number, the name of a registered user, or a `sip:` URI. */
  readonly to: string;
  /** Number or name that the callee is shown. */
  readonly from?: string;
  readonly displayName?: string;
  /** Only by this trunk. */
  readonly trunk?: string;
  /** How long it may ring, ms, at most 180,000. Default 30,000. */
  readonly ringMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the dialer needs of `Locations`. */
export interface UserBindings {
  bindings(user: string): readonly Telephone[];
  /** Nothing could be delivered to it. */
  undelivered?(user: string, telephone: Telephone): void;
}

/** What the dialer needs of `Trunks`. */
export interface TrunkChoice {
  linesFor(called: string, only: string | undefined): readonly TrunkLine[];
  mayDial(host: string): boolean;
}

export interface DialerOptions {
  readonly srf: Srf;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly locations: UserBindings;
  readonly trunks: TrunkChoice;
  /** Whether there is such a user, registered or not. Default: those that are registered. */
  readonly isUser?: (name: string) => boolean;
  /** Whether a host name in a URI means this server and its users. Default: none. */
  readonly isOwnHost?: (host: string) => boolean;
}

const defaultRingMs = 30_000;
/** RFC 3261 §16.6 step 11: timer C, after which a proxy on the way gives up alone. */
const maxRingMs = 180_000;
/** A telephone, or a host that is dialled directly, is silent so long at most, ms. */
const firstResponseMs = 5000;
/** More telephones of one user do not ring at once. */
const maxTargets = 16;

/**
 * Places calls through one drachtio server: to registered users, to numbers over trunks, to `sip:` URIs of hosts that
 * trunks.yaml allows. It knows no callers: whoever dials for one must have checked that this caller may, and a stranger never
 * may where it costs money (`CallerIdentity`).
 */
export class Dialer {
  readonly #calls = new Set<OutgoingCall>();

  constructor(private readonly options: DialerOptions) {}

  /** Calls being dialled. */
  get dialling(): number {
    return this.#calls.size;
  }

  /** Prepares a call; nothing is sent before {@link OutgoingCall.dial}. Never throws. */
  place(request: DialRequest): OutgoingCall {
    const { srf, clock, logger } = this.options;
    return new OutgoingCall({
      srf,
      clock,
      logger,
      callingNumber: request.from ?? '',
      calledNumber: request.to,
      attempts: this.#attempts(request),
      ringMs: Math.min(request.ringMs ?? defaultRingMs, maxRingMs),
      began: (call) => void this.#calls.add(call),
      over: (call) => void this.#calls.delete(call),
    });
  }

  /** Whether `to` means a user of this server, whose telephones may be there or not: reaching one costs nothing. */
  reachesUser(to: string): boolean {
    const { isOwnHost = () => false, isUser = () => false, locations } = this.options;
    if (/^sips?:/i.test(to)) return isOwnHost(bareHost(Srf.parseUri(to)?.host));
    return isUser(to) || locations.bindings(to).length > 0;
  }

  /** The connection to drachtio is gone: what is being dialled fails. */
  lost(): void {
    for (const call of [...this.#calls]) call.lost();
  }

  #attempts(request: DialRequest): Iterable<DialAttempt | NoAttempt> {
    const { to } = request;
    const { isOwnHost = () => false, trunks } = this.options;
    if (/^sips?:/i.test(to)) {
      const uri = Srf.parseUri(to);
      const host = bareHost(uri?.host);
      if (isOwnHost(host)) return this.#toUser(uri?.user ?? '', request);
      if (!trunks.mayDial(host)) return [forbidden];
      return [this.#attempt([this.#direct(to, request)], request)];
    }
    if (request.trunk === undefined && this.reachesUser(to)) return this.#toUser(to, request);
    const called = to.replace(/^tel:/i, '').split(';')[0] ?? '';
    const lines = trunks.linesFor(called, request.trunk);
    if (lines.length === 0) return [request.trunk === undefined ? noRoute : noTrunk(request.trunk)];
    return trunkAttempts(
      lines,
      {
        called,
        shown: { from: request.from, displayName: request.displayName },
        headers: oneLine(request.headers),
      },
      (uri) => this.#redirected(uri, request),
    );
  }

  /** All telephones of a user at once. */
  #toUser(user: string, request: DialRequest): Iterable<DialAttempt | NoAttempt> {
    const targets = this.#telephones(user, request);
    return targets.length === 0 ? [absent] : [this.#attempt(targets, request)];
  }

  #telephones(user: string, request: DialRequest): LegTarget[] {
    return this.options.locations
      .bindings(user)
      .slice(0, maxTargets)
      .map((telephone) => {
        const { protocol, address, port } = telephone.source;
        return {
          uri: telephone.contact,
          proxy: `sip:${address.includes(':') ? `[${address}]` : address}:${String(port)};transport=${protocol}`,
          headers: ownHeaders(request, protocol),
          undelivered: () => this.options.locations.undelivered?.(user, telephone),
        };
      });
  }

  #direct(uri: string, request: DialRequest): LegTarget {
    const transport = /;transport=(\w+)/i.exec(uri)?.[1] ?? 'udp';
    return { uri, headers: ownHeaders(request, transport.toLowerCase()) };
  }

  #attempt(targets: readonly LegTarget[], request: DialRequest): DialAttempt {
    return {
      trunk: undefined,
      targets,
      firstResponseMs,
      ringMs: undefined,
      offer: (sdp) => sdp,
      redirected: (uri) => this.#redirected(uri, request),
      over: () => false,
    };
  }

  #redirected(uri: string, request: DialRequest): LegTarget | undefined {
    const { trunks, isOwnHost = () => false } = this.options;
    const { host, user } = Srf.parseUri(uri) ?? {};
    if (trunks.mayDial(bareHost(host))) return this.#direct(uri, request);
    return isOwnHost(bareHost(host)) ? this.#telephones(user ?? '', request)[0] : undefined;
  }
}

function ownHeaders({ from, displayName, headers }: DialRequest, transport: string): Record<string, string> {
  const user = sipUser(from ?? 'anonymous');
  const suffix = transport === 'udp' ? '' : `;transport=${transport}`;
  return {
    ...oneLine(headers),
    // The daemon puts its own address for localhost.
    From: `${quoted(displayName)}<sip:${user}@localhost>`,
    Contact: `<sip:${user}@localhost${suffix}>`,
  };
}

/** No value may end its header and begin another one. */
function oneLine(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => isSettableHeader(name))
      .map(([name, value]) => [name, value.replace(/[\r\n]+/g, ' ')]),
  );
}

function bareHost(host: string | undefined): string {
  return (host ?? '').toLowerCase().replace(/^\[|\]$/g, '');
}

function refusal(q850Cause: number, detail: string, outcome: DialFailed['outcome'] = 'failed'): NoAttempt {
  return { refusal: { outcome, sipStatus: null, q850Cause, detail } };
}

/** Causes of Q.850 §2.2.7: subscriber absent, no route to the destination, call rejected. */
const absent = refusal(20, 'no telephone of this user is registered');
const noRoute = refusal(3, 'no route in trunks.yaml takes this number, and no user has this name');
const forbidden = refusal(21, 'this host may not be dialled: directHosts in trunks.yaml does not have it');
const noTrunk = (name: string): NoAttempt => refusal(3, `there is no trunk '${name}', or it is not enabled`);
