import { createHash, randomBytes } from 'node:crypto';
import { cseqNumber, makeResponse } from './make-message.js';
import type { SipMessage } from './message.js';
import { tagOf } from './name-addr.js';

/** A status for a request that is refused whatever anybody says about it, with what the response carries beside. */
export interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** What our To tags of such responses begin with. */
const mark = 'sl';
const secret = randomBytes(16);

/**
 * The response of a server that keeps no state (RFC 3261 §8.2.7): a repetition of the request gets the same, To tag
 * included, because the tag is made of what repetitions share and a secret of this process.
 */
export function refuseStatelessly(request: SipMessage, { status, headers = {} }: Refusal): SipMessage {
  const response = makeResponse(request, status, undefined, statelessTag(request));
  for (const [name, value] of Object.entries(headers)) response.append(name, value);
  return response;
}

/** Whether an ACK belongs to such a response: there is nothing to do about it. */
export function acknowledgesRefusal(ack: SipMessage): boolean {
  const tag = tagOf(ack.get('to') ?? '');
  return tag?.startsWith(mark) === true && tag === statelessTag(ack);
}

/** The ACK of a refusal has these from its INVITE (§17.1.1.3). Its branch too, but not where a proxy forked. */
function statelessTag(request: SipMessage): string {
  const from = tagOf(request.get('from') ?? '') ?? '';
  const hash = createHash('sha256').update(secret);
  hash.update(`${request.get('call-id')}\n${from}\n${cseqNumber(request)}`);
  return mark + hash.digest('hex').slice(0, 16);
}
