import type Srf from 'drachtio-srf';
import type { Clock } from '../core/clock.js';
import type { LegTarget } from './invite-leg.js';
import { sendRequest, type SipAnswer, type SipRequest } from './sip-request.js';

/** An OPTIONS that asks a host whether it is there (RFC 3261 §11). */
export function reachabilityRequest(
  { uri, proxy }: Pick<LegTarget, 'uri' | 'proxy'>,
  limitMs: number,
): SipRequest {
  const headers = { From: '<sip:ping@localhost>', Accept: 'application/sdp' };
  return { method: 'OPTIONS', uri, proxy, headers, limitMs };
}

/** Whether its answer says so. Any will do, but 408 and 503: those mean nobody, or not now. */
export function showsReachable(answer: SipAnswer | undefined): boolean {
  return answer !== undefined && answer.status !== 408 && answer.status !== 503;
}

/** Whether the host of a target answers within `limitMs`. The host is asked, not the user: nobody else learns of the call. */
export async function isReachable(
  srf: Srf,
  clock: Clock,
  { uri, proxy }: LegTarget,
  limitMs: number,
): Promise<boolean> {
  const host = uri.replace(/^(sips?:)[^@]*@/i, '$1');
  return showsReachable(await sendRequest(srf, clock, reachabilityRequest({ uri: host, proxy }, limitMs)));
}
