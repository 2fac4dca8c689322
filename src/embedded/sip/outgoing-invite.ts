import { TypedEmitter } from '../../core/typed-emitter.js';
import { Dialog } from './dialog.js';
import { DialogState } from './dialog-state.js';
import { cseqNumber } from './make-message.js';
import type { SipMessage } from './message.js';
import { tagOf } from './name-addr.js';
import type { ClientTransaction } from './transaction.js';
import type { Source, Target } from './transport.js';
import { mostForks } from './unwanted-answers.js';
import type { UserAgentContext } from './user-agent-context.js';

export type OutgoingInviteEvents = {
  /** 101-199, and 100. */
  provisional: [response: SipMessage];
  /** The first 2xx: {@link OutgoingInvite.ack} must follow. */
  accepted: [response: SipMessage, dialog: Dialog];
  /** Final: the peer's 3xx-6xx; or ours: 408 no answer, 487 cancelled, 503 unreachable (response undefined then). */
  failed: [status: number, response: SipMessage | undefined];
};

/** A call that we place. Events come at the earliest after {@link UserAgent.invite} has returned. */
export class OutgoingInvite extends TypedEmitter<OutgoingInviteEvents> {
  #transaction: ClientTransaction | undefined;
  #dialog: Dialog | undefined;
  #ack: SipMessage | undefined;
  /** What was answered although cancelled, and other forks: taken and hung up; and our ACKs to them. */
  readonly #unwanted = new Map<string, { readonly dialog: Dialog; readonly ack: SipMessage }>();
  #cancelled = false;
  #over = false;

  /** Called by the user agent only. `target` undefined: the URI names a transport that we do not have. */
  constructor(
    readonly request: SipMessage,
    target: Target | undefined,
    private readonly context: UserAgentContext,
  ) {
    super();
    try {
      if (target !== undefined) {
        this.#transaction = context.layer.request(request, target, (response, source) =>
          this.#receive(response, source),
        );
        return;
      }
    } catch {
      // no such transport, or closed: told below
    }
    queueMicrotask(() => this.#fail(503, undefined));
  }

  /** Acknowledges the 2xx: once, after `accepted`. A body is the answer to an offer that came in the 2xx. */
  ack(options: { readonly body?: string | undefined } = {}): void {
    if (this.#dialog === undefined || this.#ack !== undefined) return;
    this.#ack = this.#dialog.acknowledge(cseqNumber(this.request), options.body);
  }

  /**
   * Gives up. `failed` follows: with the peer's 487, or with one of our making when the peer's 200 crossed (it is
   * acknowledged and hung up then). Ignored after `accepted` and `failed`.
   */
  cancel(headers: Readonly<Record<string, string>> = {}): void {
    if (this.#over) return;
    this.#cancelled = true;
    this.#transaction?.cancel(headers);
  }

  #receive(response: SipMessage, source: Source | undefined): void {
    const { status } = response;
    if (status < 200) {
      if (!this.#over) this.emit('provisional', response);
    } else if (status < 300 && source !== undefined) this.#receiveAnswer(response, source);
    else this.#fail(status, source === undefined ? undefined : response);
  }

  #receiveAnswer(response: SipMessage, source: Source): void {
    const toTag = tagOf(response.get('to') ?? '') ?? '';
    if (this.#dialog?.remoteTag === toTag) {
      if (this.#ack !== undefined) this.#dialog.repeatAck(this.#ack);
      return;
    }
    const unwanted = this.#unwanted.get(toTag);
    if (unwanted !== undefined) {
      unwanted.dialog.repeatAck(unwanted.ack);
      return;
    }
    if (this.#unwanted.size >= mostForks) return;
    const dialog = new Dialog(DialogState.uac(this.request, response, source), this.context);
    if (this.#cancelled || this.#over) {
      // Answered although cancelled, or a second fork (RFC 3261 §13.2.2.4): take it and hang up.
      this.#unwanted.set(toTag, { dialog, ack: dialog.acknowledge(cseqNumber(this.request)) });
      void dialog.bye();
      this.#fail(487, undefined);
      return;
    }
    this.#over = true;
    this.#dialog = dialog;
    this.emit('accepted', response, dialog);
  }

  #fail(status: number, response: SipMessage | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.emit('failed', status, response);
  }
}
