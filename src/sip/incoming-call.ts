import type Srf from 'drachtio-srf';
import type { Clock } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import { isAnonymous } from './anonymous-caller.js';
import { CallDialog } from './call-dialog.js';
import type { CallerIdentity } from './caller-identity.js';
import { sipError } from './errors.js';

export type IncomingCallEvents = {
  /** The caller gave up before our answer; the SIP server has answered the INVITE with 487 already. */
  cancelled: [];
};

/** An INVITE that admission let pass, until it is answered, refused or cancelled. */
export class IncomingCall extends TypedEmitter<IncomingCallEvents> {
  readonly sipCallId: string;
  readonly callingNumber: string;
  readonly calledNumber: string;
  /** The caller does not want to be known by a number (anonymous-caller.ts), even if a carrier tells us one. */
  readonly withheld: boolean;
  readonly sourceAddress: string;
  readonly userAgent: string;
  /** The caller's SDP offer; undefined when the answer's 200 must make the offer (RFC 3261 §13.2.1). */
  readonly offer: string | undefined;
  /** A body that is no SDP: not answered, since nobody knows what it asks for. */
  readonly hasForeignBody: boolean;
  #cancelled = false;
  /** Our 200 is on its way: a refusal now would be a second final response. */
  #answering = false;
  #finalSent = false;

  constructor(
    /** The Srf of the drachtio connection that brought the INVITE: its media leg must go the same way. */
    readonly srf: Srf,
    private readonly request: Srf.SrfRequest,
    private readonly response: Srf.SrfResponse,
    readonly identity: CallerIdentity,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    super();
    this.sipCallId = request.get('Call-ID');
    const byTrunk = identity.kind === 'trunk' ? identity : undefined;
    this.callingNumber = byTrunk?.callingNumber ?? request.callingNumber;
    this.calledNumber = byTrunk?.calledNumber ?? request.calledNumber;
    this.withheld = isAnonymous(request);
    this.sourceAddress = request.source_address;
    this.userAgent = request.has('User-Agent') ? request.get('User-Agent') : '';
    const body = typeof request.body === 'string' ? request.body.trimStart() : '';
    this.offer = body.startsWith('v=') ? body : undefined;
    this.hasForeignBody = body !== '' && this.offer === undefined;
    request.on('cancel', () => {
      if (this.#cancelled || this.#finalSent) return;
      this.#cancelled = true;
      this.emit('cancelled');
    });
  }

  /** Our 200 is on its way or out: the call can be hung up, not refused. */
  get answering(): boolean {
    return this.#answering;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Sends the final refusal. Does nothing once the call was cancelled, is being answered, or was refused. */
  refuse(status: number, headers: Readonly<Record<string, string>> = {}): void {
    if (this.#cancelled || this.#answering || this.#finalSent) return;
    this.#finalSent = true;
    try {
      this.response.send(status, { headers: { ...headers } });
    } catch (error) {
      this.logger.warn({ code: errorCode(error), status }, 'refusal could not be sent');
    }
  }

  /** Sends 200 with our SDP. Rejects SIP_CANCELLED if the CANCEL won, SIP_ANSWER_FAILED if the daemon refused it. */
  async answer(sdp: string): Promise<CallDialog> {
    if (this.#cancelled) throw sipError('SIP_CANCELLED');
    this.#answering = true;
    try {
      const dialog = await this.#accept(sdp);
      this.#finalSent = true;
      return dialog;
    } catch (error) {
      if (this.#cancelled || isCancel(error)) {
        this.#cancelled = true;
        throw sipError('SIP_CANCELLED', {}, error);
      }
      const reason = typeof error === 'string' ? error : errorCode(error);
      throw sipError('SIP_ANSWER_FAILED', { reason }, error);
    }
  }

  /**
   * A BYE may stand right behind the daemon's confirmation of our 200, and the library hands it on at once: the dialog's
   * listeners must be set in the callback, which a promise's continuation would come too late for.
   */
  #accept(sdp: string): Promise<CallDialog> {
    return new Promise((resolve, reject) => {
      this.srf.createUAS(this.request, this.response, { localSdp: sdp }, (error, dialog) => {
        if (error) reject(error as unknown as Error);
        else resolve(new CallDialog(dialog, this.clock, this.logger));
      });
    });
  }
}

/**
 * The library's own 487; or the daemon's word that the INVITE is over, as text: the library forgets the INVITE when the
 * 200 leaves it, and never tells of a CANCEL that reached the daemon before the 200 did.
 */
function isCancel(error: unknown): boolean {
  if (error instanceof Error && (error as { status?: unknown }).status === 487) return true;
  return /unknown transaction/i.test(error instanceof Error ? error.message : String(error));
}
