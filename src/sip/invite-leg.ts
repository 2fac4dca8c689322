import type Srf from 'drachtio-srf';
import type { Clock } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import { CallDialog } from './call-dialog.js';
import { digestAnswer, type Credentials } from './digest-answer.js';
import { isUndelivered } from './undelivered.js';

/** Where one INVITE goes and what it carries besides our offer. */
export interface LegTarget {
  readonly uri: string;
  /** Next hop, `sip:HOST:PORT;transport=PROTO`; undefined: where the URI says. */
  readonly proxy?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly credentials?: Credentials | undefined;
  /** Called when the SIP server could not deliver the INVITE there. */
  readonly undelivered?: (() => void) | undefined;
}

export interface LegAnswered {
  readonly dialog: CallDialog;
  readonly sdp: string;
}

export interface LegFailed {
  readonly dialog: undefined;
  /** Final status; null if none came: the daemon refused to send, is gone, or nothing answered our CANCEL. */
  readonly status: number | null;
  /** The Reason header (RFC 3326), if there was one. */
  readonly reason: string | undefined;
  /** URIs of the Contact header of a 3xx, in the callee's order. */
  readonly contacts: readonly string[];
  /** Whether a telephone rang, or early media came. */
  readonly rang: boolean;
  /** The SIP server could not send it there. */
  readonly undelivered?: boolean;
}

export type LegEnd = LegAnswered | LegFailed;

export type InviteLegEvents = {
  /** The INVITE is out, under this Call-ID. */
  sent: [sipCallId: string];
  /** The first response but a 100, which the daemon keeps to itself: somebody is there. */
  heard: [];
  ringing: [];
  /** A 18x with a session description that differs from the one before. */
  earlyMedia: [sdp: string];
};

/** How long a cancelled INVITE is waited for, ms: its final response comes in a round trip or not at all. */
const cancelledLimitMs = 2000;

/** What drachtio-server answers instead of sending. */
const noTransport = /transport not available/i;

/** One INVITE to one target, until its final response. {@link cancel} is its close. */
export class InviteLeg extends TypedEmitter<InviteLegEvents> {
  /** The latest one on its way: a challenged INVITE is sent again by the library as a new request. */
  #request: Srf.SrfRequest | undefined;
  #cancel: { readonly headers: Readonly<Record<string, string>> } | undefined;
  #heard = false;
  #rang = false;
  #earlySdp = '';
  #settle: (end: LegEnd) => void = () => undefined;
  #settled = false;

  constructor(
    private readonly srf: Srf,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    super();
  }

  /** Sends the INVITE. Called once; resolves with how it ended, never rejects. */
  start(target: LegTarget, offer: string): Promise<LegEnd> {
    const ended = new Promise<LegEnd>((resolve) => {
      this.#settle = resolve;
    });
    const { uri, proxy, headers, credentials } = target;
    const options = {
      // The library writes into both.
      headers: { ...headers },
      localSdp: offer,
      ...(proxy === undefined ? {} : { proxy }),
      ...(credentials === undefined ? {} : { auth: digestAnswer(credentials) }),
    };
    const progress = {
      cbRequest: (error: unknown, request: Srf.SrfRequest | undefined) => {
        if (request !== undefined && !error) this.#sent(request);
      },
      cbProvisional: (response: Srf.SrfResponse) => this.#provisional(response),
    };
    try {
      // The callback form: a BYE may stand right behind the 200, and a promise's continuation would come too late for it.
      this.srf.createUAC(
        uri,
        options as unknown as Srf.CreateUACOptions,
        progress as never,
        (error, dialog) => {
          if (error) this.#fail(error);
          else this.#answer(dialog);
        },
      );
    } catch (error) {
      this.#fail(error); // the daemon is gone
    }
    return ended;
  }

  /**
   * Gives up. The leg then ends by the callee's 487, or after `limitMs` without one. A 200 that crossed is acknowledged and
   * hung up, however late it comes. Safe to call twice, at any time.
   */
  cancel(headers: Readonly<Record<string, string>> = {}, limitMs = cancelledLimitMs): void {
    if (this.#cancel !== undefined || this.#settled) return;
    this.#cancel = { headers };
    this.#sendCancel();
    const limit = this.clock.after(limitMs, () => this.#end(this.#failure(null)));
    const settle = this.#settle;
    this.#settle = (end) => {
      limit.cancel();
      settle(end);
    };
  }

  /** The connection to the daemon is lost: it cancels the INVITE alone, and no response reaches us any more. */
  lost(): void {
    this.#end(this.#failure(null));
  }

  #sent(request: Srf.SrfRequest): void {
    this.#follow(request);
    this.emit('sent', request.get('Call-ID'));
    if (this.#cancel !== undefined) this.#sendCancel();
  }

  #follow(request: Srf.SrfRequest): void {
    this.#request = request;
    // The library's own event, at the challenged request, with the one that has the credentials.
    (request as unknown as NodeJS.EventEmitter).once('authenticate', (repeated: Srf.SrfRequest) =>
      this.#challenged(repeated),
    );
  }

  #challenged(repeated: Srf.SrfRequest): void {
    this.#hear();
    this.#follow(repeated);
  }

  /** Before the daemon told us of the INVITE there is nothing to cancel; {@link #sent} does it then. */
  #sendCancel(): void {
    const request = this.#request as unknown as
      { cancel(options: object, done: () => void): void } | undefined;
    try {
      request?.cancel({ headers: { ...this.#cancel?.headers } }, () => undefined);
    } catch (error) {
      this.logger.warn({ code: errorCode(error) }, 'CANCEL could not be sent');
    }
  }

  #hear(): void {
    if (this.#heard) return;
    this.#heard = true;
    this.emit('heard');
  }

  #provisional(response: Srf.SrfResponse): void {
    if (this.#settled) return;
    this.#hear();
    if (response.status > 100) this.#rang = true;
    if (response.status === 180) this.emit('ringing');
    const { body } = response;
    if (typeof body === 'string' && body.startsWith('v=') && body !== this.#earlySdp) {
      this.#earlySdp = body;
      this.emit('earlyMedia', body);
    }
  }

  #answer(dialog: Srf.Dialog): void {
    const answered = new CallDialog(dialog, this.clock, this.logger);
    if (this.#settled || this.#cancel !== undefined) {
      void answered.bye();
      this.#end(this.#failure(487));
      return;
    }
    this.#end({ dialog: answered, sdp: dialog.remote.sdp });
  }

  #fail(error: unknown): void {
    const { status, res } = error as { status?: number; res?: Srf.SrfResponse };
    // The daemon's own word for a transport that failed; or its refusal, as text, of a transport that it does not listen on
    // and has no connection of any more.
    const undelivered =
      status === undefined ? noTransport.test(wordsOf(error)) : !this.#heard && isUndelivered(res);
    this.#end({ ...this.#failure(status ?? null, res), undelivered });
  }

  #end(end: LegEnd): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#settle(end);
  }

  #failure(status: number | null, response?: Srf.SrfResponse): LegFailed {
    const header = (name: string): string | undefined =>
      response?.has(name) === true ? response.get(name) : undefined;
    const moved = status !== null && status >= 300 && status < 400 ? header('Contact') : undefined;
    const contacts = moved?.match(/sips?:[^\s<>,;?]+(;[^\s<>,?]*)?/gi) ?? [];
    return { dialog: undefined, status, reason: header('Reason'), contacts, rang: this.#rang };
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : typeof error === 'string' ? error : '';
}
