import type Srf from 'drachtio-srf';
import type { Clock } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import { CallDialog } from './call-dialog.js';
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
  readonly sourceAddress: string;
  readonly userAgent: string;
  /** The caller's SDP offer; undefined when the answer's 200 must make the offer (RFC 3261 §13.2.1). */
  readonly offer: string | undefined;
  #cancelled = false;
  #finalSent = false;

  constructor(
    /** The Srf of the drachtio connection that brought the INVITE: its media leg must go the same way. */
    readonly srf: Srf,
    private readonly request: Srf.SrfRequest,
    private readonly response: Srf.SrfResponse,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    super();
    this.sipCallId = request.get('Call-ID');
    this.callingNumber = request.callingNumber;
    this.calledNumber = request.calledNumber;
    this.sourceAddress = request.source_address;
    this.userAgent = request.has('User-Agent') ? request.get('User-Agent') : '';
    this.offer = typeof request.body === 'string' && request.body.trim() !== '' ? request.body : undefined;
    request.on('cancel', () => {
      if (this.#cancelled || this.#finalSent) return;
      this.#cancelled = true;
      this.emit('cancelled');
    });
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Sends the final refusal. Does nothing once the call was cancelled, answered or refused. */
  refuse(status: number, headers: Readonly<Record<string, string>> = {}): void {
    if (this.#cancelled || this.#finalSent) return;
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
    let dialog: Srf.Dialog;
    try {
      dialog = await this.srf.createUAS(this.request, this.response, { localSdp: sdp });
    } catch (error) {
      if (this.#cancelled || isCancel(error)) {
        this.#cancelled = true;
        throw sipError('SIP_CANCELLED', {}, error);
      }
      throw sipError('SIP_ANSWER_FAILED', { reason: errorCode(error) }, error);
    }
    this.#finalSent = true;
    return new CallDialog(dialog, this.clock, this.logger);
  }
}

function isCancel(error: unknown): boolean {
  return error instanceof Error && (error as { status?: unknown }).status === 487;
}
