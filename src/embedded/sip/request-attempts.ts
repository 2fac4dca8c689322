import { localResponse } from './make-message.js';
import type { SipMessage } from './message.js';
import type { ClientTransaction, ResponseHandler } from './transaction.js';
import type { RoutedTarget, TransportLayer } from './transport-layer.js';
import type { Target } from './transport.js';

/** Larger requests may be cut into fragments on the way and do not arrive then (RFC 3261 §18.1.1). */
const largestDatagramBytes = 1300;

/** Nobody has himself spared for longer by one response, whatever it says. */
const longestSparedS = 300;

/** Makes one client transaction, with a Via of its own in place of the one there, and starts it. */
export type StartTransaction = (target: RoutedTarget, respond: ResponseHandler) => ClientTransaction;

/**
 * One request, sent to one server after another until one takes it: after a transport error, a silence or a 503
 * (RFC 3263 §4.3). Each try is a transaction of its own; whoever asked hears of the last one.
 */
export class RequestAttempts implements ClientTransaction {
  /** Servers not tried yet, each with the ways to reach it. */
  #servers: RoutedTarget[][] = [];
  #ways: RoutedTarget[] = [];
  #current: ClientTransaction | undefined;
  /** Headers of the CANCEL. */
  #cancelled: Readonly<Record<string, string>> | undefined;
  #isTried = false;

  /** The request has a Via already, so that it can be shown; {@link begin} follows. */
  constructor(
    readonly request: SipMessage,
    private readonly first: RoutedTarget,
    private readonly transport: TransportLayer,
    private readonly start: StartTransaction,
    private readonly respond: ResponseHandler,
  ) {}

  get target(): Target {
    return this.#current?.target ?? this.first;
  }

  get listener(): RoutedTarget['listener'] {
    return this.#current?.listener ?? this.first.listener;
  }

  begin(): void {
    if (this.first.locate === undefined) {
      this.#tryAll([this.first]);
      return;
    }
    this.transport.locate(this.first).then(
      (targets) => this.#tryAll(targets),
      () => this.#finish(503, 'DNS Error'),
    );
  }

  cancel(headers: Readonly<Record<string, string>> = {}): void {
    this.#cancelled ??= headers;
    this.#current?.cancel(headers);
  }

  abandon(): void {
    this.#cancelled ??= {};
    this.#current?.abandon();
  }

  #tryAll(targets: readonly RoutedTarget[]): void {
    if (this.#cancelled !== undefined) return this.#finish(487);
    this.#servers = targets.map((target) => this.#waysTo(target));
    this.#ways = this.#servers.shift() ?? [];
    if (!this.#tryNext()) this.#finish(503);
  }

  #waysTo(target: RoutedTarget): RoutedTarget[] {
    if (!isTooLarge(this.request, target)) return [target];
    const { listener: _datagrams, ...rest } = target;
    const stream = this.transport.route({ ...rest, protocol: 'tcp' });
    return stream === undefined || this.transport.isFailing(stream) ? [target] : [stream, target];
  }

  #tryNext(): boolean {
    const target = this.#ways.shift();
    if (target === undefined) return false;
    try {
      // Responses come at the earliest after start has returned.
      const attempt = this.start(target, (response, source) => {
        if (this.#current !== attempt) return; // late, from a server that was given up
        if (response.status < 200) this.#isTried = true;
        else if (this.#takesNext(response, source === undefined, target)) return;
        this.respond(response, source);
      });
      this.#current = attempt;
    } catch {
      return false; // the stack was closed
    }
    return true;
  }

  /** Whether the final status only says that this server is of no use, and the next one was asked. */
  #takesNext(response: SipMessage, isOurs: boolean, target: RoutedTarget): boolean {
    const { status } = response;
    const isUnreachable = isOurs && status === 503;
    const isSilent = isOurs && status === 408 && !this.#isTried;
    if (isUnreachable || isSilent) this.transport.failed(target);
    else if (status === 503) this.#spare(target, response.get('retry-after'));
    if (this.#cancelled !== undefined || !(isSilent || status === 503)) return false;
    if (isUnreachable && this.#tryNext()) return true;
    const next = this.#servers.shift();
    if (next === undefined) return false;
    this.#ways = next;
    this.#isTried = false;
    return this.#tryNext();
  }

  /** A server that says for how long it is overloaded is asked after the others for so long (RFC 3261 §21.5.4). */
  #spare(target: RoutedTarget, retryAfter: string | undefined): void {
    const seconds = /^\s*(\d{1,6})\b/.exec(retryAfter ?? '')?.[1];
    if (seconds !== undefined)
      this.transport.failed(target, 1000 * Math.min(Number(seconds), longestSparedS));
  }

  #finish(status: number, reason?: string): void {
    this.respond(localResponse(this.request, status, reason), undefined);
  }
}

/** Hot: whether a request must not go in a datagram although its target is reached by one. */
export function isTooLarge(request: SipMessage, target: Target): boolean {
  return (
    target.protocol === 'udp' && target.anyTransport === true && request.roughBytes > largestDatagramBytes
  );
}
