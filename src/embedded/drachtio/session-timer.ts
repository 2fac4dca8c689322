import type { Clock, Timer } from '../../core/clock.js';
import { paramOf } from '../sip/header-value.js';
import type { SipMessage } from '../sip/message.js';

/** RFC 4028 §4: nobody may ask for less. */
export const minSessionSeconds = 90;

/** What a request says about the life of its session; undefined: nothing, or nothing that can be read. */
export function sessionExpires(
  request: SipMessage,
): { readonly seconds: number; readonly refresher: string | undefined } | undefined {
  const match = /^\s*(\d{1,9})\s*(;.*)?$/.exec(request.get('session-expires') ?? '');
  if (match === null) return undefined;
  return { seconds: Number(match[1]), refresher: paramOf(match[2] ?? '', 'refresher')?.toLowerCase() };
}

/** §6: a session that would be shorter than the shortest: to be refused with 422 and Min-SE. */
export function isTooShort(request: SipMessage): boolean {
  const asked = sessionExpires(request);
  return asked !== undefined && asked.seconds < minSessionSeconds;
}

/**
 * Writes into the 2xx of an INVITE or UPDATE what was agreed, and returns the seconds for which the peer has to refresh;
 * undefined: no session timer. We leave refreshing to the peer; one that wants it of us gets an answer without timer (§9).
 */
export function agreeSession(request: SipMessage, response: SipMessage): number | undefined {
  const asked = sessionExpires(request);
  const supports = [...request.getAll('supported'), ...request.getAll('require')].some((value) =>
    /(^|[\s,])timer(?=$|[\s,])/i.test(value),
  );
  if (asked === undefined || !supports || asked.refresher === 'uas') return undefined;
  if (response.has('session-expires')) return undefined; // the application does it
  response.append('Session-Expires', `${asked.seconds};refresher=uac`);
  response.append('Require', 'timer');
  return asked.seconds;
}

/** Ends a session whose peer has not refreshed it: a little before it expires (§10). */
export class SessionTimer {
  #timer: Timer | undefined;

  constructor(private readonly clock: Clock) {}

  start(seconds: number, expired: () => void): void {
    this.stop();
    this.#timer = this.clock.after((seconds - Math.min(32, seconds / 3)) * 1000, expired);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
