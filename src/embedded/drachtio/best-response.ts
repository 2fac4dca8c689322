import { makeResponse } from '../sip/make-message.js';
import type { SipMessage } from '../sip/message.js';

/** What tells the caller how to change its request: preferred within 4xx (RFC 3261 §16.7 step 6). */
const helpful = new Set([401, 407, 415, 420, 484]);

/** The final response to pass on when no destination accepted: 6xx, else the lowest class (RFC 3261 §16.7 step 6). */
export function bestResponse(responses: readonly SipMessage[]): SipMessage | undefined {
  let best: SipMessage | undefined;
  for (const response of responses) {
    if (best === undefined || rank(response.status) < rank(best.status)) best = response;
  }
  return best;
}

function rank(status: number): number {
  if (status >= 600) return 0;
  const order = 2 * Math.floor(status / 100);
  return helpful.has(status) ? order - 1 : order;
}

/** The same response as the caller gets it: with the Vias of its own request, and who answered. */
export function towardsCaller(response: SipMessage, request: SipMessage): SipMessage {
  const copy = response.clone().remove('via');
  for (const via of request.getAll('via').reverse()) copy.prepend('Via', via);
  return copy;
}

/**
 * The final failure for the caller: the best response, with the challenges of all (§16.7 step 7). A 503 of one
 * destination says nothing about us: it becomes 500 (step 6). `local` are responses that we made ourselves.
 */
export function finalFailure(
  request: SipMessage,
  responses: readonly SipMessage[],
  local: ReadonlySet<SipMessage>,
): SipMessage {
  const best = bestResponse(responses);
  if (best === undefined) return makeResponse(request, 408);
  const { status } = best;
  if (status === 503 || local.has(best)) return makeResponse(request, status === 503 ? 500 : status);
  const failure = towardsCaller(best, request);
  if (status === 401 || status === 407) {
    for (const other of responses) {
      if (other === best || (other.status !== 401 && other.status !== 407)) continue;
      for (const name of ['WWW-Authenticate', 'Proxy-Authenticate']) {
        for (const challenge of other.getAll(name)) failure.append(name, challenge);
      }
    }
  }
  return failure;
}
