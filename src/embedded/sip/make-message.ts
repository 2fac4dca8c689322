import { SipMessage } from './message.js';
import { newTag } from './random-ids.js';
import { reasonPhrase } from './reasons.js';
import { tagOf } from './name-addr.js';

/**
 * A response with what every response copies from its request (RFC 3261 §8.2.6.2). A To tag is added to all but 100
 * when the request has none; `Record-Route` is copied where the response may create a dialog (§12.1.1).
 */
export function makeResponse(
  request: SipMessage,
  status: number,
  reason: string = reasonPhrase(status),
  toTag?: string,
): SipMessage {
  const response = SipMessage.response(status, reason, request.method);
  for (const via of request.getAll('via')) response.append('Via', via);
  if (status > 100 && status < 300 && (request.method === 'INVITE' || request.method === 'SUBSCRIBE')) {
    for (const route of request.getAll('record-route')) response.append('Record-Route', route);
  }
  // What a broken request lacks, its refusal lacks too.
  copy(request, response, 'From');
  const to = request.get('to');
  if (to !== undefined) {
    const tagged = status === 100 || tagOf(to) !== undefined;
    response.append('To', tagged ? to : `${to};tag=${toTag ?? newTag()}`);
  }
  copy(request, response, 'Call-ID');
  copy(request, response, 'CSeq');
  if (status === 100) {
    const timestamp = request.get('timestamp');
    if (timestamp !== undefined) response.append('Timestamp', timestamp); // §8.2.6.1
  }
  return response;
}

function copy(request: SipMessage, response: SipMessage, name: string): void {
  const value = request.get(name);
  if (value !== undefined) response.append(name, value);
}

/** What we tell the user of a request that nobody answered. */
export function localResponse(request: SipMessage, status: number, reason?: string): SipMessage {
  return makeResponse(request, status, reason);
}

/** The ACK that a client transaction sends for a 3xx-6xx (RFC 3261 §17.1.1.3). */
export function ackForFailure(request: SipMessage, response: SipMessage): SipMessage {
  const ack = sameTransaction('ACK', request);
  ack.set('To', response.get('to') ?? request.get('to') ?? '');
  return ack;
}

/** The CANCEL of a pending INVITE (RFC 3261 §9.1). */
export function cancelFor(request: SipMessage, headers: Readonly<Record<string, string>> = {}): SipMessage {
  const cancel = sameTransaction('CANCEL', request);
  for (const [name, value] of Object.entries(headers)) cancel.append(name, value);
  return cancel;
}

function sameTransaction(method: string, request: SipMessage): SipMessage {
  const message = SipMessage.request(method, request.uri);
  message.append('Via', request.get('via') ?? '');
  for (const route of request.getAll('route')) message.append('Route', route);
  message.append('Max-Forwards', '70');
  message.append('From', request.get('from') ?? '');
  message.append('To', request.get('to') ?? '');
  message.append('Call-ID', request.get('call-id') ?? '');
  message.append('CSeq', `${cseqNumber(request)} ${method}`);
  return message;
}

export function cseqNumber(message: SipMessage): number {
  return Number.parseInt(message.get('cseq') ?? '0', 10);
}

/** Sets the body and, unless given, the Content-Type of a session description. */
export function setBody(message: SipMessage, body: string | undefined): void {
  if (body === undefined || body === '') return;
  message.body = body;
  if (!message.has('content-type') && body.startsWith('v=0')) {
    message.append('Content-Type', 'application/sdp');
  }
}
