import { TypedEmitter } from '../../core/typed-emitter.js';
import { AnswerRetransmission } from './answer-retransmission.js';
import type { DialogState } from './dialog-state.js';
import { cseqNumber, localResponse, setBody } from './make-message.js';
import type { SipMessage } from './message.js';
import type { IncomingRequest, ResponseOptions } from './request-options.js';
import type { ServerTransaction } from './transaction-layer.js';
import {
  buildResponse,
  complete,
  contactFor,
  incomingRequest,
  type UserAgentContext,
} from './user-agent-context.js';

export type DialogEndReason = 'local-bye' | 'remote-bye' | 'ack-timeout' | 'error';

export type DialogEvents = {
  /** The ACK of our 2xx, of the first INVITE or of a later one; its body may be the peer's answer. */
  ack: [ack: SipMessage];
  /** The peer hangs up; already answered 200. `ended` follows. */
  bye: [bye: SipMessage];
  /** re-INVITE (`ack` follows), INFO, UPDATE, REFER, NOTIFY, ...: to be answered by the listener. */
  request: [incoming: IncomingRequest];
  /** Once, whatever ended it. */
  ended: [reason: DialogEndReason];
};

/** A confirmed call as a user agent sees it (RFC 3261 §12, §14, §15). Made by accepting or placing an INVITE. */
export class Dialog extends TypedEmitter<DialogEvents> {
  #ended = false;
  #removed = false;
  /** Our 2xx that waits for its ACK, and the CSeq number of its INVITE. */
  #answer: { readonly retransmission: AnswerRetransmission; readonly cseq: number } | undefined;
  /** The peer's re-INVITE that is not answered yet. */
  #incoming: ServerTransaction | undefined;
  #reinviting = false;

  /** Called by the user agent only. */
  constructor(
    private readonly state: DialogState,
    private readonly context: UserAgentContext,
  ) {
    super();
    context.dialogStarted(this);
  }

  get callId(): string {
    return this.state.callId;
  }

  get localTag(): string {
    return this.state.localTag;
  }

  get remoteTag(): string {
    return this.state.remoteTag;
  }

  /** The URI at which the peer is reached now. */
  get remoteTarget(): string {
    return this.state.remoteTarget;
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  /** Resolves with the final response, 408 and 503 of our own making included; never rejects. Not for INVITE and BYE. */
  async request(method: string, options: ResponseOptions = {}): Promise<SipMessage> {
    const request = this.state.buildRequest(method);
    request.append('User-Agent', this.context.name);
    const response = await this.#send(request, options, method === 'UPDATE' || method === 'REFER');
    this.#checkStanding(response);
    return response;
  }

  /** Offers a new session and acknowledges the answer. Resolves with the final response; never rejects. */
  async reinvite(body: string): Promise<SipMessage> {
    const request = this.state.buildRequest('INVITE');
    if (this.#reinviting || this.#answer !== undefined || this.#incoming !== undefined) {
      return localResponse(request, 491); // §14.1: one at a time
    }
    this.#reinviting = true;
    request.append('User-Agent', this.context.name);
    const response = await this.#send(request, { body }, true);
    this.#reinviting = false;
    this.#checkStanding(response);
    return response;
  }

  /** Hangs up: `ended` at once, resolved when the peer has answered or given no answer; never rejects. */
  async bye(headers: Readonly<Record<string, string>> = {}): Promise<void> {
    if (this.#ended) return;
    const request = this.state.buildRequest('BYE');
    request.append('User-Agent', this.context.name);
    // The dialog stays known until the answer, so that a crossing BYE gets its 200.
    const answered = this.#send(request, { headers }, false);
    this.#end('local-bye', false);
    await answered;
    this.#remove();
  }

  /** The ACK for a 2xx of ours, from the user agent. */
  receiveAck(ack: SipMessage): void {
    if (this.#answer === undefined || cseqNumber(ack) !== this.#answer.cseq) return;
    this.#answer.retransmission.stop();
    this.#answer = undefined;
    this.emit('ack', ack);
  }

  /** A request inside the dialog, from the user agent. */
  receive(transaction: ServerTransaction): void {
    const { request, source } = transaction;
    const answer = (status: number, options: ResponseOptions = {}): void => {
      transaction.respond(buildResponse(this.context, transaction, status, undefined, options));
    };
    if (!this.state.accepts(request)) {
      answer(500); // §12.2.2: out of order
      return;
    }
    if (request.method === 'BYE') {
      answer(200);
      if (this.#incoming !== undefined)
        this.#incoming.respond(buildResponse(this.context, this.#incoming, 487, undefined, {}));
      if (this.#ended) return;
      this.emit('bye', request);
      this.#end('remote-bye');
      return;
    }
    if (this.#ended) {
      answer(481);
      return;
    }
    if (request.method === 'INVITE') {
      if (this.#reinviting) return answer(491); // §14.2
      if (this.#incoming !== undefined || this.#answer !== undefined) {
        return answer(500, { headers: { 'Retry-After': '1' } });
      }
      this.#receiveInvite(transaction);
      return;
    }
    if (request.method === 'UPDATE') this.state.refreshTarget(request, source);
    if (!this.emit('request', incomingRequest(this.context, transaction))) {
      answer(request.method === 'OPTIONS' ? 200 : 501);
    }
  }

  /** Repeats `response`, just sent, until its ACK. */
  awaitAck(transaction: ServerTransaction, response: SipMessage): void {
    const { layer } = this.context;
    const retransmission = new AnswerRetransmission(
      layer.clock,
      layer.timers,
      () => transaction.respond(response),
      () => {
        this.#answer = undefined;
        this.#giveUp('ack-timeout', 408, 'ACK timeout'); // §13.3.1.4: no ACK, no session
      },
    );
    this.#answer = { retransmission, cseq: cseqNumber(transaction.request) };
  }

  /** Sends the ACK of a 2xx; kept by who needs to repeat it. */
  acknowledge(cseq: number, body?: string): SipMessage {
    const ack = this.state.buildRequest('ACK', cseq);
    setBody(ack, body);
    const target = this.state.target();
    if (target !== undefined) this.#transmit(() => void this.context.layer.sendAck(ack, target));
    return ack;
  }

  /** The same ACK again, for a repeated 2xx. */
  repeatAck(ack: SipMessage): void {
    const target = this.state.target();
    if (target !== undefined) this.#transmit(() => void this.context.layer.sendAck(ack, target));
  }

  /** Stops timers without telling anybody: the user agent closes. */
  close(): void {
    this.#ended = true;
    this.#answer?.retransmission.stop();
    this.#answer = undefined;
    this.#remove();
  }

  #receiveInvite(transaction: ServerTransaction): void {
    const { request, source } = transaction;
    this.#incoming = transaction;
    this.state.refreshTarget(request, source);
    transaction.onTerminated = () => {
      if (this.#incoming === transaction) this.#incoming = undefined;
    };
    const incoming: IncomingRequest = {
      request,
      source,
      respond: (status, reason, options = {}) => {
        if (!transaction.pending) return;
        const response = buildResponse(this.context, transaction, status, reason, options);
        transaction.respond(response);
        if (status < 200) return;
        this.#incoming = undefined;
        if (status < 300 && !this.#ended) this.awaitAck(transaction, response);
      },
    };
    if (!this.emit('request', incoming)) incoming.respond(488);
  }

  #send(request: SipMessage, options: ResponseOptions, contact: boolean): Promise<SipMessage> {
    const target = this.state.target();
    const { layer } = this.context;
    return new Promise((resolve) => {
      if (target === undefined) {
        resolve(localResponse(request, 503));
        return;
      }
      let ack: SipMessage | undefined;
      const sent = this.#transmit(() => {
        if (contact) {
          request.append('Contact', contactFor(this.context, layer.listenerFor(target), target, true));
        }
        layer.request(complete(request, options), target, (response, source) => {
          if (response.status < 200) return;
          if (request.method === 'INVITE' && response.status < 300) {
            if (ack !== undefined) return this.repeatAck(ack);
            this.state.refreshTarget(response, source);
            ack = this.acknowledge(cseqNumber(request));
          }
          resolve(response);
        });
      });
      if (!sent) resolve(localResponse(request, 503));
    });
  }

  /** §12.2.1.2: a peer that does not answer, or does not know the call, has none with us any more. */
  #checkStanding({ status }: SipMessage): void {
    if (this.#ended || (status !== 481 && status !== 408)) return;
    this.#giveUp('error', status, status === 408 ? 'no answer' : 'unknown there');
  }

  /** Says BYE, in case the peer still holds the call, and forgets it. */
  #giveUp(reason: DialogEndReason, cause: number, text: string): void {
    const bye = this.state.buildRequest('BYE');
    bye.append('Reason', `SIP ;cause=${cause} ;text="${text}"`);
    void this.#send(bye, {}, false);
    this.#end(reason);
  }

  /** Runs what may throw because the stack is closed or has no such transport. */
  #transmit(send: () => void): boolean {
    try {
      send();
      return true;
    } catch {
      return false;
    }
  }

  #end(reason: DialogEndReason, remove = true): void {
    if (!this.#ended) {
      this.#ended = true;
      this.#answer?.retransmission.stop();
      this.#answer = undefined;
      this.emit('ended', reason);
    }
    if (remove) this.#remove();
  }

  #remove(): void {
    if (this.#removed) return;
    this.#removed = true;
    this.context.dialogEnded(this);
  }
}
