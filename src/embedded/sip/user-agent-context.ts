import type { Logger } from '../../core/logger.js';
import { makeResponse, setBody } from './make-message.js';
import type { SipMessage } from './message.js';
import type { IncomingRequest, ResponseOptions } from './request-options.js';
import type { ServerTransaction, TransactionLayer } from './transaction-layer.js';
import { transportParam, type Listener, type Target } from './transport.js';
import { uriHost } from './uri.js';

/** The methods a user agent takes: what Allow says (RFC 3261 §20.5). */
export const allowedMethods = 'INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, REFER, NOTIFY, MESSAGE';

/** What the user agent needs of a dialog to hand messages to it. */
export interface KnownDialog {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  receive(transaction: ServerTransaction): void;
  receiveAck(ack: SipMessage): void;
  close(): void;
}

/** What dialogs and INVITEs share of the user agent they belong to. */
export interface UserAgentContext {
  readonly layer: TransactionLayer;
  readonly logger: Logger;
  readonly name: string;
  dialogStarted(dialog: KnownDialog): void;
  dialogEnded(dialog: KnownDialog): void;
}

/** Our Contact as `target` reaches it. */
export function contactFor(
  context: UserAgentContext,
  listener: Listener,
  target: Target,
  forRequest: boolean,
): string {
  const { host, port } = context.layer.transport.advertised(listener, target.host, forRequest);
  return `<sip:${context.name}@${uriHost(host)}:${port}${transportParam(listener.address.protocol)}>`;
}

/** Adds given headers over ours, then the body. */
export function complete(message: SipMessage, options: ResponseOptions): SipMessage {
  for (const [name, value] of Object.entries(options.headers ?? {})) message.set(name, value);
  setBody(message, options.body);
  return message;
}

/** A response of a user agent, with Server, Allow where the RFC wants it, and Contact for what makes a dialog. */
export function buildResponse(
  context: UserAgentContext,
  transaction: ServerTransaction,
  status: number,
  reason: string | undefined,
  options: ResponseOptions,
  toTag?: string,
): SipMessage {
  const { request, source } = transaction;
  const response = makeResponse(request, status, reason, toTag);
  const { method } = request;
  if (status > 100 && status < 300 && (method === 'INVITE' || method === 'UPDATE')) {
    response.append('Contact', contactFor(context, source.listener, source, false));
  }
  if (status === 405 || (status >= 200 && status < 300 && (method === 'INVITE' || method === 'OPTIONS'))) {
    response.append('Allow', allowedMethods);
  }
  response.append('Server', context.name);
  return complete(response, options);
}

/** The plain way to answer a request once. */
export function incomingRequest(context: UserAgentContext, transaction: ServerTransaction): IncomingRequest {
  return {
    request: transaction.request,
    source: transaction.source,
    respond: (status, reason, options = {}) => {
      transaction.respond(buildResponse(context, transaction, status, reason, options));
    },
  };
}
