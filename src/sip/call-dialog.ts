import type Srf from 'drachtio-srf';
import type { Clock } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import { keyOfInfo } from './dtmf-info.js';
import { causeOfBye, q850FromStatus, type EndCause } from './end-cause.js';
import { Liveness } from './liveness.js';
import { Referral, type ReferralEnd, type ReferralLimits } from './referral.js';

/** A change of the session that the other side asks for. Exactly one of the two is called, once. */
export interface SessionChange {
  /** The other side's offer; undefined when it asks us to make one (RFC 3261 §14.1). */
  readonly offer: string | undefined;
  accept(sdp: string): void;
  refuse(status: number): void;
}

export type CallDialogEvents = {
  /** The ACK of our 200; with the answer when the INVITE had no offer. */
  ack: [sdp: string | undefined];
  /** re-INVITE, or UPDATE with an offer. */
  change: [change: SessionChange];
  /** A key by INFO. */
  key: [key: string];
  /** The dialog is over; comes once. */
  ended: [cause: EndCause];
};

/** How often a side that is watched is asked whether it is there, ms; its silence is believed after another 32 s (timer F). */
const watchMs = 10_000;

/** The established SIP dialog with a caller. Owned by the call; {@link bye} is its close. */
export class CallDialog extends TypedEmitter<CallDialogEvents> {
  #ending: EndCause | undefined;
  /** The last one, also when it has ended. */
  #referral: Referral | undefined;
  /** Of its REFER, once that is answered. */
  #referCseq: string | undefined;
  /** Of those before. */
  readonly #earlierRefers = new Set<string>();
  #liveness: Liveness | undefined;
  readonly sipCallId: string;

  constructor(
    private readonly dialog: Srf.Dialog,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    super();
    this.sipCallId = dialog.sip.callId;
    // The caller's BYE may come in the same turn: whoever subscribes later asks `ending`. All other requests reach us a
    // turn later at the earliest.
    dialog.on('ack', (request) => this.emit('ack', request.body === '' ? undefined : request.body));
    dialog.on('modify', (request, response) => this.#change(request, response));
    dialog.on('update', (request, response) => {
      if (hasSdp(request)) this.#change(request, response);
      else response.send(200);
    });
    dialog.on('info', (request, response) => this.#info(request, response));
    // A caller may not send this server's end of the call elsewhere (RFC 3515 §2.4.2: any final response will do).
    dialog.on('refer', (_request, response) => response.send(603, 'Declined', {}));
    dialog.on('notify', (request, response) => this.#notified(request, response));
    (dialog as unknown as NodeJS.EventEmitter).on(
      'destroy',
      (bye: Srf.SrfRequest | undefined, text?: string) => {
        this.#end(causeOfBye(bye?.has('Reason') === true ? bye.get('Reason') : undefined, text));
      },
    );
  }

  /** Why it is over; undefined while it is up. */
  get ending(): EndCause | undefined {
    return this.#ending;
  }

  /**
   * Ends the dialog. Resolves when the BYE was answered, or after `limitMs`: the daemon goes on retransmitting alone.
   * Safe to call twice and after the other side's BYE.
   */
  async bye(headers: Readonly<Record<string, string>> = {}, limitMs = 2000): Promise<void> {
    if (this.#ending !== undefined) return;
    this.#end({ end: 'local-bye', q850Cause: null });
    await new Promise<void>((resolve) => {
      const timer = this.clock.after(limitMs, resolve);
      this.dialog.destroy({ headers: { ...headers } }, (error) => {
        // ENODIALOG: the other side's BYE crossed ours, and the dialog is over either way.
        const code = error ? errorCode(error) : 'ENODIALOG';
        if (code !== 'ENODIALOG') this.logger.warn({ code }, 'BYE could not be sent');
        timer.cancel();
        resolve();
      });
    });
  }

  /**
   * Asks the other side to call somebody else (RFC 3515), one REFER at a time. A number is looked up in the other side's
   * own domain, a name in ours. Resolves with how it ended, never rejects; the dialog stays up whatever the end is.
   */
  async refer(to: string, limits: ReferralLimits): Promise<ReferralEnd> {
    if (this.#ending !== undefined) return { kind: 'gone', accepted: false };
    const referral = new Referral(this.clock, limits);
    this.#referral = referral;
    if (this.#referCseq !== undefined) this.#earlierRefers.add(this.#referCseq);
    this.#referCseq = undefined;
    const headers = { 'Refer-To': `<${this.#referTo(to)}>`, 'Referred-By': `<${this.#ourUri()}>` };
    try {
      const request = { method: 'REFER', headers } as unknown as Srf.SrfRequest;
      this.dialog.request(request, (error, response) => {
        if (error) this.logger.warn({ code: errorCode(error) }, 'REFER could not be sent');
        // RFC 3261 §12.2.1.2: whoever we spoke with is not there any more, and nobody may be connected with them.
        if (!error && response.status === 481) this.#gone(481, 'REFER');
        else if (!error) this.#referCseq = /^\s*(\d+)/.exec(response.get('CSeq'))?.[1];
        referral.answered(error ? 503 : response.status);
      });
    } catch (error) {
      this.logger.warn({ code: errorCode(error) }, 'REFER could not be sent');
      referral.answered(503);
    }
    return referral.ended;
  }

  /**
   * From now on the other side is asked every `everyMs` whether it is still there (OPTIONS), and the dialog ends when it is
   * not: nobody else would notice that two people who talk are one. Safe to call twice.
   */
  watch(everyMs = watchMs): void {
    if (this.#ending !== undefined || this.#liveness !== undefined) return;
    this.#liveness = new Liveness(
      this.clock,
      everyMs,
      () => this.#options(),
      (status) => this.#gone(status, 'OPTIONS'),
    );
  }

  /** Ends {@link watch}. Safe to call twice. */
  unwatch(): void {
    this.#liveness?.stop();
    this.#liveness = undefined;
  }

  #referTo(to: string): string {
    if (/^sips?:/i.test(to)) return to;
    const { req, res, type } = this.dialog as unknown as {
      readonly req: Srf.SrfRequest;
      readonly res: Srf.SrfResponse;
      readonly type: 'uas' | 'uac';
    };
    const theirs: { uri: string } = type === 'uas' ? req.getParsedHeader('From') : res.getParsedHeader('To');
    const domain = /^\+?\d+$/.test(to) ? /@([^;>?]+)/.exec(theirs.uri)?.[1] : undefined;
    const ours = /@?([^@:;]+(:\d+)?)(;|$)/.exec(this.#ourUri().replace(/^sips?:/i, ''))?.[1] ?? 'invalid';
    return `sip:${to}@${domain === undefined || domain.endsWith('.invalid') ? ours : domain}`;
  }

  /** Of our Contact. */
  #ourUri(): string {
    const { contact } = this.dialog.local as unknown as { readonly contact: string };
    return /<([^>]+)>/.exec(contact)?.[1] ?? contact;
  }

  #notified(request: Srf.SrfRequest, response: Srf.SrfResponse): void {
    const event = request.has('Event') ? request.get('Event') : '';
    if (!/^\s*refer\b/i.test(event)) {
      // RFC 6665 §7.2.
      response.send(489);
      return;
    }
    if (this.#referral === undefined) {
      // RFC 6665 §4.1.3: it belongs to no subscription. One that comes too late gets its 200: telephones that know no
      // usages (RFC 5057 §5.1) end the call with a 481.
      response.send(481);
      return;
    }
    response.send(200);
    // RFC 3515 §2.4.6: which REFER it tells of, when there were several. And an ended referral takes no notice.
    const id = /;\s*id\s*=\s*(\d+)/i.exec(event)?.[1] ?? this.#referCseq;
    if (this.#referCseq === undefined ? this.#earlierRefers.has(id ?? '') : id !== this.#referCseq) return;
    const state = request.has('Subscription-State') ? request.get('Subscription-State') : '';
    this.#referral.notified(typeof request.body === 'string' ? request.body : '', state);
  }

  #end(cause: EndCause): void {
    if (this.#ending !== undefined) return;
    this.#ending = cause;
    this.unwatch();
    this.#referral?.gone();
    this.emit('ended', cause);
  }

  /** Whoever we spoke with is there no more. */
  #gone(status: number, method: string): void {
    if (this.#ending !== undefined) return;
    const what = status === 408 ? 'does not respond any more' : 'does not know this call any more';
    const detail = `the other side ${what} (${status} to our ${method})`;
    this.#end({ end: 'error', q850Cause: q850FromStatus(status), detail });
    // The SIP server forgets the dialog with its BYE.
    this.dialog.destroy({ headers: {} }, () => undefined);
  }

  #options(): Promise<number | undefined> {
    return new Promise((resolve) => {
      try {
        this.dialog.request({ method: 'OPTIONS' } as unknown as Srf.SrfRequest, (error, response) =>
          resolve(error ? undefined : response.status),
        );
      } catch {
        resolve(undefined); // the daemon is gone
      }
    });
  }

  #change(request: Srf.SrfRequest, response: Srf.SrfResponse): void {
    let answered = false;
    const once = (send: () => void): void => {
      if (answered || this.#ending !== undefined) return;
      answered = true;
      send();
    };
    const heard = this.emit('change', {
      offer: hasSdp(request) ? request.body : undefined,
      accept: (sdp) =>
        once(() => {
          this.dialog.local.sdp = sdp;
          response.send(200, { body: sdp, headers: { 'Content-Type': 'application/sdp' } });
        }),
      refuse: (status) => once(() => response.send(status)),
    });
    if (!heard) once(() => response.send(488));
  }

  #info(request: Srf.SrfRequest, response: Srf.SrfResponse): void {
    const contentType = request.has('Content-Type') ? request.get('Content-Type') : undefined;
    const key = keyOfInfo(contentType, request.body);
    if (key !== undefined) {
      response.send(200);
      this.emit('key', key);
      return;
    }
    // RFC 6086 §4.2.2: 200 for an INFO without a body, 415 for one that is not understood.
    response.send(request.body === '' ? 200 : 415);
  }
}

function hasSdp(request: Srf.SrfRequest): boolean {
  return typeof request.body === 'string' && request.body.startsWith('v=0');
}
