import Srf from 'drachtio-srf';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import type { DialAttempt, NoAttempt } from './dial-attempt.js';
import { OutgoingCall } from './outgoing-call.js';

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

export interface DialerOptions {
  readonly srf: Srf;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether a `sip:` URI of this host may be dialled. Default: none. */
  readonly mayDial?: (host: string) => boolean;
}

const defaultRingMs = 30_000;
/** RFC 3261 §16.6 step 11: timer C, after which a proxy on the way gives up alone. */
const maxRingMs = 180_000;
const firstResponseMs = 5000;

/**
 * Places calls through one drachtio server. It knows no callers: whoever dials for one must have checked before that this
 * caller may, a stranger never (`CallerIdentity`).
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
    const call = new OutgoingCall({
      srf,
      clock,
      logger,
      callingNumber: request.from ?? '',
      calledNumber: request.to,
      attempts: this.#attempts(request),
      ringMs: Math.min(request.ringMs ?? defaultRingMs, maxRingMs),
      over: (ended) => void this.#calls.delete(ended),
    });
    this.#calls.add(call);
    return call;
  }

  /** The connection to drachtio is gone. */
  lost(): void {
    for (const call of [...this.#calls]) call.lost();
  }

  *#attempts(request: DialRequest): Generator<DialAttempt | NoAttempt> {
    const { mayDial = () => false } = this.options;
    const host = /^sips?:/i.test(request.to) ? Srf.parseUri(request.to)?.host : undefined;
    if (host === undefined || !mayDial(host)) return;
    const user = request.from ?? 'xiangyin';
    const target = (uri: string) => ({
      uri,
      headers: {
        ...request.headers,
        From: `<sip:${user}@localhost>`,
        Contact: `<sip:${user}@localhost>`,
      },
    });
    yield {
      trunk: undefined,
      targets: [target(request.to)],
      firstResponseMs,
      ringMs: undefined,
      offer: (sdp) => sdp,
      redirected: (uri) => (mayDial(Srf.parseUri(uri)?.host ?? '') ? target(uri) : undefined),
      over: () => false,
    };
  }
}
