import type { Clock } from '../../core/clock.js';
import { contactUri } from '../sip/dialog-state.js';
import { paramOf, splitValues } from '../sip/header-value.js';
import type { SipMessage } from '../sip/message.js';
import { parseNameAddr } from '../sip/name-addr.js';
import type { Source, Target } from '../sip/transport.js';
import { parseUri } from '../sip/uri.js';

/** Closed and expired ones are swept out when so many are kept. */
const sweepAt = 1000;

/**
 * The connections over which phones have registered or subscribed: their Contact is reached by them and often by nothing
 * else, as that of a WebSocket phone (RFC 7118 §5.3, the `.invalid` names of RFC 2606).
 */
export class RegisteredConnections {
  /** By `user@host` of the Contact. */
  readonly #bySubscriber = new Map<string, { readonly source: Source; readonly untilMs: number }>();
  #sweepAt = sweepAt;

  constructor(private readonly clock: Clock) {}

  /** An application has accepted a REGISTER or SUBSCRIBE, for as long as its answer says. */
  accepted(request: SipMessage, response: SipMessage, source: Source): void {
    const id = subscriberOf(contactUri(request) ?? '');
    if (source.stream === undefined || id === undefined) return;
    const known = this.#bySubscriber.get(id);
    const isOther = known !== undefined && this.#isLive(known) && known.source.stream !== source.stream;
    // Who may watch something is not asked who he is: a SUBSCRIBE takes nobody's calls.
    if (isOther && request.method === 'SUBSCRIBE') return;
    const seconds = secondsOf(request, response, id);
    if (!(seconds > 0)) {
      this.#bySubscriber.delete(id);
      return;
    }
    this.#bySubscriber.set(id, { source, untilMs: this.clock.nowMs() + seconds * 1000 });
    if (this.#bySubscriber.size > this.#sweepAt) this.#sweep();
  }

  /** The open connection of whom a URI names; undefined: it is to be reached by what the URI says. */
  find(uri: string): Target | undefined {
    if (this.#bySubscriber.size === 0) return undefined;
    const id = subscriberOf(uri);
    const found = id === undefined ? undefined : this.#bySubscriber.get(id);
    return found === undefined || !this.#isLive(found) ? undefined : found.source;
  }

  #isLive({ source, untilMs }: { readonly source: Source; readonly untilMs: number }): boolean {
    return source.stream?.open === true && this.clock.nowMs() < untilMs;
  }

  #sweep(): void {
    for (const [id, one] of this.#bySubscriber) if (!this.#isLive(one)) this.#bySubscriber.delete(id);
    this.#sweepAt = Math.max(sweepAt, 2 * this.#bySubscriber.size);
  }
}

function subscriberOf(text: string): string | undefined {
  const uri = parseUri(text);
  return uri === undefined ? undefined : `${uri.user}@${uri.host.toLowerCase()}`;
}

/** What the answer grants (RFC 3261 §10.2.4: per Contact or for all; RFC 6665 §4.2.1.1). */
function secondsOf(request: SipMessage, response: SipMessage, id: string): number {
  if (request.method === 'REGISTER') {
    const contacts = response.getAll('contact').flatMap(splitValues).map(parseNameAddr);
    const granted = contacts.find(({ uri }) => subscriberOf(uri) === id);
    const expires = granted === undefined ? undefined : paramOf(granted.params, 'expires');
    if (expires !== undefined) return Number.parseInt(expires, 10);
  }
  return Number.parseInt(response.get('expires') ?? '', 10);
}
