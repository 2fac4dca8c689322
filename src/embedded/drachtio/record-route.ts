import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SipMessage } from '../sip/message.js';
import { splitValues } from '../sip/header-value.js';
import { isLoose } from '../sip/dialog-state.js';
import { parseNameAddr } from '../sip/name-addr.js';
import type { Target } from '../sip/transport.js';
import { parseUri, uriParam, uriTarget } from '../sip/uri.js';

/**
 * Our own entry in route sets. It is signed for its Call-ID: whoever names us in a Route without having called through
 * us is not forwarded, so that nobody uses us as a relay to wherever he likes.
 */
export class RecordRoute {
  constructor(private readonly secret: string) {}

  /** `<sip:10.0.0.1:5060;transport=tcp;lr;pass=...>`, from a Contact of ours. */
  entry(contact: string, callId: string): string {
    return `<${parseNameAddr(contact).uri};lr;pass=${this.#sign(callId)}>`;
  }

  /**
   * Takes our entries off the top of the Route, or out of the Request-URI where a strict router has put one
   * (RFC 3261 §16.4). False: none is ours, nothing was changed.
   */
  strip(request: SipMessage): boolean {
    const callId = request.get('call-id') ?? '';
    const routes = request.getAll('route').flatMap(splitValues);
    let found = false;
    if (this.#isOurs(request.uri, callId)) {
      const last = routes.pop();
      if (last === undefined) return false;
      request.uri = parseNameAddr(last).uri;
      found = true;
    }
    // Twice when the request changes its transport here (RFC 5658).
    while (routes[0] !== undefined && this.#isOurs(parseNameAddr(routes[0]).uri, callId)) {
      routes.shift();
      found = true;
    }
    if (!found) return false;
    request.remove('route');
    for (const route of routes) request.append('Route', route);
    return true;
  }

  #isOurs(text: string, callId: string): boolean {
    if (!text.includes('pass=')) return false;
    const uri = parseUri(text);
    const pass = Buffer.from((uri === undefined ? undefined : uriParam(uri, 'pass')) ?? '');
    const right = Buffer.from(this.#sign(callId));
    return pass.length === right.length && timingSafeEqual(pass, right);
  }

  #sign(callId: string): string {
    return createHmac('sha256', this.secret).update(callId).digest('hex').slice(0, 20);
  }
}

/**
 * Where a request goes by its Route, else by its Request-URI; a strict router gets itself in the Request-URI
 * (RFC 3261 §16.6 steps 6 and 7). Undefined: nowhere that we can send to.
 */
export function nextHop(request: SipMessage): Target | undefined {
  const routes = request.getAll('route').flatMap(splitValues);
  const [first] = routes;
  if (first === undefined) return targetOf(request.uri);
  const { uri } = parseNameAddr(first);
  if (!isLoose(first)) {
    request.remove('route');
    for (const route of routes.slice(1)) request.append('Route', route);
    request.append('Route', `<${request.uri}>`);
    request.uri = uri;
  }
  return targetOf(uri);
}

export function targetOf(text: string): Target | undefined {
  const uri = parseUri(text);
  return uri === undefined ? undefined : uriTarget(uri);
}

/** Counts a hop down; false: it has made too many (RFC 3261 §16.3 step 3). */
export function countHop(request: SipMessage): boolean {
  const left = Number.parseInt(request.get('max-forwards') ?? '', 10);
  if (left <= 0) return false;
  request.set('Max-Forwards', String(Number.isNaN(left) ? 70 : Math.min(left, 256) - 1));
  return true;
}
