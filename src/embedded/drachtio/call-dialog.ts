import type { AnswerRetransmission } from '../sip/answer-retransmission.js';
import type { DialogState } from '../sip/dialog-state.js';
import { makeResponse } from '../sip/make-message.js';
import type { SipMessage } from '../sip/message.js';
import { tagOf } from '../sip/name-addr.js';
import type { ClientTransaction } from '../sip/transaction.js';
import type { ServerTransaction } from '../sip/transaction-layer.js';
import type { AppConnection } from './app-connection.js';
import type { ReliableResponses } from './reliable-responses.js';
import type { SessionTimer } from './session-timer.js';

/** A dialog that an application holds through us. */
export class CallDialog {
  /** False while early (only provisional responses so far). */
  confirmed = false;
  /** Our 2xx that waits for its ACK, the CSeq number of its INVITE, and whether that one began the call. */
  answer:
    | { readonly retransmission: AnswerRetransmission; readonly cseq: number; readonly isFirst: boolean }
    | undefined;
  /** A 2xx of the peer that the application has not acknowledged yet. */
  unacknowledged: { readonly cseq: number; sent: (ack: SipMessage) => void } | undefined;
  /** The peer's re-INVITE or UPDATE that the application has not answered yet. */
  incomingOffer: ServerTransaction | undefined;
  /** Our re-INVITE under way, or UPDATE with an offer. */
  outgoingOffer: ClientTransaction | undefined;
  /** While several forks share this id: whose response a PRACK with that RAck acknowledges. */
  acknowledgedFork: ((rack: string) => CallDialog | undefined) | undefined;
  /** RSeq of the last reliable provisional response of the peer. */
  receivedRseq: number | undefined;
  /** Our side's session description as last agreed: what a refresh by re-INVITE repeats. */
  localSdp: string | undefined;
  /** The application cancelled, the 200 crossed: hang up as soon as it is acknowledged. */
  hangUpOnAck = false;
  /** Runs while a session timer is agreed (RFC 4028), or until a subscription expires. */
  session: SessionTimer | undefined;
  /** Our provisional responses that wait for a PRACK. */
  reliable: ReliableResponses | undefined;
  #hangUpLater: (() => void)[] = [];

  constructor(
    readonly id: string,
    readonly state: DialogState,
    readonly kind: 'INVITE' | 'SUBSCRIBE',
    /** Undefined once the application has gone away. */
    public app: AppConnection | undefined,
  ) {}

  stopRetransmission(): void {
    this.answer?.retransmission.stop();
    this.answer = undefined;
  }

  /**
   * The application hangs up, but its caller may not know yet that the call was answered: BYE waits for the ACK, or for the
   * end of waiting for it (RFC 3261 §15). False: it need not wait.
   */
  deferHangUp(hangUp: () => void): boolean {
    if (this.answer?.isFirst !== true) return false;
    this.#hangUpLater.push(hangUp);
    return true;
  }

  /** Nothing is waited for any more: hangs up if that was deferred. False: it was not. */
  hangUpDeferred(): boolean {
    const deferred = this.#hangUpLater;
    this.#hangUpLater = [];
    this.stopRetransmission();
    for (const hangUp of deferred) hangUp();
    return deferred.length > 0;
  }

  /** Keeps what a message of ours that was accepted says of our session. */
  keepLocalSdp({ body }: SipMessage): void {
    if (body.startsWith('v=0')) this.localSdp = body;
  }

  /** Stops all timers; what the peer had asked and nobody has answered is refused (RFC 3261 §15.1.2). */
  end(): void {
    this.stopRetransmission();
    this.session?.stop();
    const open = this.incomingOffer;
    if (open?.pending === true) open.respond(makeResponse(open.request, 487, undefined, this.state.localTag));
    this.incomingOffer = undefined;
  }
}

/** `CALLID;from-tag=TAG`, TAG of the From header of the request that creates the dialog: applications rely on the form. */
export function dialogIdOf(request: SipMessage): string {
  return `${request.get('call-id')};from-tag=${tagOf(request.get('from') ?? '') ?? ''}`;
}

/** A NOTIFY that is the last one (RFC 6665 §4.1.3). */
export function endsSubscription(request: SipMessage): boolean {
  const state = request.get('subscription-state')?.trim().toLowerCase() ?? '';
  return request.method === 'NOTIFY' && state.startsWith('terminated');
}

/** All dialogs, found by the id that applications use and by the tags that peers use. */
export class DialogTable {
  readonly #byId = new Map<string, CallDialog>();
  readonly #byTags = new Map<string, CallDialog>();

  get size(): number {
    return this.#byTags.size;
  }

  /** Also again, when several forks of one INVITE share an id: the last one added is found by it. */
  add(dialog: CallDialog): void {
    this.#byId.set(dialog.id, dialog);
    this.#byTags.set(DialogTable.keyOf(dialog.state), dialog);
  }

  remove(dialog: CallDialog): void {
    dialog.end();
    if (this.#byId.get(dialog.id) === dialog) this.#byId.delete(dialog.id);
    this.#byTags.delete(DialogTable.keyOf(dialog.state));
  }

  byId(id: string): CallDialog | undefined {
    return this.#byId.get(id);
  }

  /** The dialog that a request of the peer belongs to: To is ours, From the peer's. */
  forRequest(request: SipMessage): CallDialog | undefined {
    return this.#byTags.get(DialogTable.keyOfRequest(request));
  }

  /** What tells a dialog from all others (RFC 3261 §12). */
  static keyOf({ callId, localTag, remoteTag }: DialogState): string {
    return `${callId}|${localTag}|${remoteTag}`;
  }

  /** The key of the dialog that a request of the peer belongs to. */
  static keyOfRequest(request: SipMessage): string {
    const localTag = tagOf(request.get('to') ?? '') ?? '';
    const remoteTag = tagOf(request.get('from') ?? '') ?? '';
    return `${request.get('call-id') ?? ''}|${localTag}|${remoteTag}`;
  }

  *[Symbol.iterator](): IterableIterator<CallDialog> {
    yield* this.#byTags.values();
  }
}
