import { paramOf, splitValues } from './header-value.js';
import { cseqNumber } from './make-message.js';
import { SipMessage } from './message.js';
import { parseNameAddr, tagOf } from './name-addr.js';
import type { Source, Target } from './transport.js';
import { parseUri, uriParam, uriTarget } from './uri.js';

/** What the two ends of a dialog agree on (RFC 3261 §12): pure, no sockets. */
export class DialogState {
  /** Local sequence number; the next request has one more. */
  localCseq: number;
  /** Undefined until the peer has sent its first request. */
  remoteCseq: number | undefined;

  private constructor(
    readonly callId: string,
    /** Complete From value of our requests, tag included. */
    readonly localAddress: string,
    /** Complete To value of our requests, tag included if there is one. */
    readonly remoteAddress: string,
    readonly localTag: string,
    /** '' for a peer before RFC 3261 that sends none. */
    readonly remoteTag: string,
    /** The peer's Contact URI. */
    public remoteTarget: string,
    public routeSet: readonly string[],
    localCseq: number,
    remoteCseq: number | undefined,
    /** Where the peer's messages come from: how it is reached behind a NAT. */
    public peer: Target | undefined,
  ) {
    this.localCseq = localCseq;
    this.remoteCseq = remoteCseq;
  }

  /** §12.1.1: from a request that we answer; `toTag` is the tag of our response. */
  static uas(request: SipMessage, toTag: string, source: Source): DialogState {
    const from = request.get('from') ?? '';
    const to = request.get('to') ?? '';
    return new DialogState(
      request.get('call-id') ?? '',
      tagOf(to) === undefined ? `${to};tag=${toTag}` : to,
      from,
      toTag,
      tagOf(from) ?? '',
      contactUri(request) ?? parseNameAddr(from).uri,
      request.getAll('record-route').flatMap(splitValues),
      0,
      cseqNumber(request),
      source,
    );
  }

  /** §12.1.2: from the response to a request that we sent. */
  static uac(request: SipMessage, response: SipMessage, source: Source): DialogState {
    const from = request.get('from') ?? '';
    const to = response.get('to') ?? '';
    return new DialogState(
      request.get('call-id') ?? '',
      from,
      to,
      tagOf(from) ?? '',
      tagOf(to) ?? '',
      contactUri(response) ?? request.uri,
      response.getAll('record-route').flatMap(splitValues).reverse(),
      cseqNumber(request),
      undefined,
      source,
    );
  }

  /**
   * A request inside the dialog, without Via and Contact (§12.2.1.1). ACK and CANCEL do not count up: they are told
   * the number of their INVITE.
   */
  buildRequest(method: string, cseq: number = ++this.localCseq): SipMessage {
    let uri = this.remoteTarget;
    let routes = this.routeSet;
    const first = routes[0];
    if (first !== undefined && !isLoose(first)) {
      // A strict router wants to find itself in the Request-URI (§12.2.1.1).
      routes = [...routes.slice(1), `<${uri}>`];
      uri = parseNameAddr(first).uri;
    }
    const request = SipMessage.request(method, uri);
    for (const route of routes) request.append('Route', route);
    request.append('Max-Forwards', '70');
    request.append('From', this.localAddress);
    request.append('To', this.remoteAddress);
    request.append('Call-ID', this.callId);
    request.append('CSeq', `${cseq} ${method}`);
    return request;
  }

  /**
   * Where a request of {@link buildRequest} goes: the first route, else the remote target; but to the address the
   * peer's messages come from when that is not the one its Contact names (it sits behind a NAT), and over its open
   * connection when it uses one. Undefined: a transport that we do not have.
   */
  target(): Target | undefined {
    const first = this.routeSet[0];
    const uri = parseUri(first === undefined ? this.remoteTarget : parseNameAddr(first).uri);
    const target = uri === undefined ? undefined : uriTarget(uri);
    const peer = this.peer;
    if (peer === undefined || first !== undefined) return target;
    if (peer.protocol !== 'udp') return peer.stream?.open === true ? peer : target;
    if (target === undefined || target.host !== peer.host) return peer;
    if (target.protocol === 'udp') return { ...target, listener: peer.listener };
    return target.protocol === 'tcp' ? target : peer; // TLS in a Contact that came in the clear protects nothing
  }

  /** §12.2.2: whether a request of the peer is in order; remembers its number. */
  accepts(request: SipMessage): boolean {
    const number = cseqNumber(request);
    if (this.remoteCseq !== undefined && number <= this.remoteCseq) return false;
    this.remoteCseq = number;
    return true;
  }

  /** §13.2.2.4: the 2xx of an early dialog decides its route set again. */
  confirm(response: SipMessage, source: Source): void {
    this.routeSet = response.getAll('record-route').flatMap(splitValues).reverse();
    this.refreshTarget(response, source);
  }

  /** INVITE, UPDATE and SUBSCRIBE and their 2xx may move the peer (§12.2.1.2, §12.2.2). */
  refreshTarget(message: SipMessage, source: Source | undefined): void {
    const uri = contactUri(message);
    if (uri === undefined) return;
    this.remoteTarget = uri;
    if (source !== undefined) this.peer = source;
  }
}

/** The URI of the first Contact; undefined if there is none that a dialog can use. */
export function contactUri(message: SipMessage): string | undefined {
  const contact = message.get('contact');
  if (contact === undefined) return undefined;
  const { uri } = parseNameAddr(splitValues(contact)[0] ?? '');
  return parseUri(uri) === undefined ? undefined : uri;
}

/** The URIs of all Contacts, those with the highest q first: where a 3xx points (RFC 3261 §8.1.3.4). */
export function contactUris(message: SipMessage): string[] {
  return message
    .getAll('contact')
    .flatMap(splitValues)
    .map(parseNameAddr)
    .filter(({ uri }) => parseUri(uri) !== undefined)
    .map(({ uri, params }) => ({ uri, q: Number(paramOf(params, 'q') ?? 1) }))
    .sort((a, b) => b.q - a.q)
    .map(({ uri }) => uri);
}

/** Whether a route is one of RFC 3261, not of RFC 2543. */
export function isLoose(route: string): boolean {
  const uri = parseUri(parseNameAddr(route).uri);
  return uri === undefined || uriParam(uri, 'lr') !== undefined;
}
