import type Srf from 'drachtio-srf';
import type { Clock } from '../core/clock.js';
import { challengeWith } from './caller-identity.js';
import { parseContacts, type ContactValue } from './contact-header.js';
import type { DigestAuthenticator } from './digest-authenticator.js';
import type { Binding, Locations } from './locations.js';
import { uriUser } from './uri-user.js';

export interface RegistrarOptions {
  readonly authenticator: DigestAuthenticator;
  readonly locations: Locations;
  readonly clock: Clock;
}

/** Seconds. A telephone that comes more often is told to come less often; one that says nothing comes once an hour. */
const minExpires = 60;
const defaultExpires = 3600;
const maxExpires = 7200;

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Takes REGISTERs of users' telephones (RFC 3261 §10.3). One for all drachtio connections. */
export class Registrar {
  constructor(private readonly options: RegistrarOptions) {}

  /** Called once for each connection, before it connects. */
  serve(srf: Srf): void {
    srf.use('register', (request: Srf.SrfRequest, response: Srf.SrfResponse) => {
      const { status, headers = {} } = this.#answer(request);
      response.send(status, { headers: { ...headers } });
    });
  }

  #answer(request: Srf.SrfRequest): Answer {
    const { authenticator, locations, clock } = this.options;
    const verdict = authenticator.examine({
      method: 'REGISTER',
      uri: request.uri,
      body: request.body,
      sourceAddress: request.source_address,
      credentials: request.get('Authorization'),
    });
    if (verdict.kind === 'blocked') return { status: 403 };
    if (verdict.kind === 'challenge') return challengeWith(401, verdict.lines);
    const { user } = verdict;
    if (uriUser(request.get('To')) !== user) return { status: 403 };
    const header = request.has('Contact') ? request.get('Contact').trim() : undefined;
    const refusal = header === undefined ? undefined : this.#change(user, header, request);
    if (refusal !== undefined) return refusal;
    const nowMs = clock.wallMs();
    const contacts = locations
      .bindings(user)
      .map(({ contact, expiresAtMs, q }) => {
        const expires = Math.ceil((expiresAtMs - nowMs) / 1000);
        return `<${contact}>;expires=${expires}${q === 1 ? '' : `;q=${q}`}`;
      })
      .join(', ');
    return { status: 200, headers: contacts === '' ? {} : { Contact: contacts } };
  }

  /** All of a REGISTER or nothing of it. */
  #change(user: string, header: string, request: Srf.SrfRequest): Answer | undefined {
    const { locations, clock } = this.options;
    const before = locations.bindings(user);
    const callId = request.get('Call-ID');
    const cseq = Number.parseInt(request.get('CSeq'), 10);
    const isLate = (binding: Binding): boolean => binding.callId === callId && cseq <= binding.cseq;
    const general = request.has('Expires') ? seconds(request.get('Expires')) : undefined;
    if (header === '*') {
      if (general !== 0) return { status: 400 };
      if (before.some(isLate)) return { status: 500 };
      locations.set(user, []);
      return undefined;
    }
    const contacts = parseContacts(header);
    if (contacts === undefined) return { status: 400 };
    const expiresOf = ({ expires = general ?? defaultExpires }: ContactValue): number =>
      Math.min(expires, maxExpires);
    if (contacts.some((contact) => expiresOf(contact) > 0 && expiresOf(contact) < minExpires)) {
      return { status: 423, headers: { 'Min-Expires': String(minExpires) } };
    }
    const named = new Set(contacts.map(({ uri }) => uri));
    if (before.some((binding) => named.has(binding.contact) && isLate(binding))) return { status: 500 };
    const fresh = contacts
      .filter((contact) => expiresOf(contact) > 0)
      .map((contact) => ({
        contact: contact.uri,
        source: sourceOf(request),
        expiresAtMs: clock.wallMs() + expiresOf(contact) * 1000,
        q: contact.q,
        userAgent: request.has('User-Agent') ? request.get('User-Agent').slice(0, 100) : '',
        callId,
        cseq,
      }));
    locations.set(user, [...fresh, ...before.filter(({ contact }) => !named.has(contact))]);
    return undefined;
  }
}

function sourceOf({
  protocol,
  source_address: address,
  source_port: port,
}: Srf.SrfRequest): Binding['source'] {
  return { protocol: protocol.toLowerCase(), address, port: Number(port) };
}

/** RFC 3261 §20.19: what is no number counts as an hour. */
function seconds(text: string): number {
  return /^\s*\d+\s*$/.test(text) ? Number(text) : defaultExpires;
}
