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

/** What both sides have agreed on the life of a session. */
export interface AgreedSession {
  readonly seconds: number;
  /** Who has to refresh it; we with an UPDATE where the peer allows it, else with a re-INVITE. */
  readonly refresher: 'update' | 'reinvite' | 'peer';
}

/**
 * Writes into the 2xx of an INVITE or UPDATE what was agreed; undefined: no session timer. Refreshing is left to the peer
 * unless it wants it of us (§9); without UPDATE we can do so only where `canReinvite`.
 */
export function agreeSession(
  request: SipMessage,
  response: SipMessage,
  canReinvite: boolean,
): AgreedSession | undefined {
  const asked = sessionExpires(request);
  if (asked === undefined || !supportsTimer(request)) return undefined;
  if (response.has('session-expires')) return undefined; // the application does it
  const { seconds } = asked;
  if (asked.refresher === 'uas') {
    const refresher = allowsUpdate(request) ? 'update' : 'reinvite';
    if (refresher === 'reinvite' && !canReinvite) return undefined;
    response.append('Session-Expires', `${seconds};refresher=uas`);
    return { seconds, refresher };
  }
  response.append('Session-Expires', `${seconds};refresher=uac`);
  response.append('Require', 'timer');
  return { seconds, refresher: 'peer' };
}

/** What the 2xx to an INVITE or UPDATE of ours says (§7.2); undefined: no session timer. */
export function agreedSession(response: SipMessage): AgreedSession | undefined {
  const said = sessionExpires(response);
  if (said === undefined || said.seconds < minSessionSeconds) return undefined;
  const { seconds } = said;
  if (said.refresher === 'uas') return { seconds, refresher: 'peer' };
  return { seconds, refresher: allowsUpdate(response) ? 'update' : 'reinvite' };
}

export function supportsTimer(message: SipMessage): boolean {
  return lists(message, /(^|[\s,])timer(?=$|[\s,])/i, 'supported', 'require');
}

function allowsUpdate(message: SipMessage): boolean {
  return message.method === 'UPDATE' || lists(message, /(^|[\s,])UPDATE(?=$|[\s,])/, 'allow');
}

function lists(message: SipMessage, word: RegExp, ...names: string[]): boolean {
  return names.some((name) => message.getAll(name).some((value) => word.test(value)));
}

/** The longest that a timer of Node waits: 24 days. */
const longestMs = 2 ** 31 - 1;

/** One pending step of a dialog's life: the refresh, the end. */
export class SessionTimer {
  #timer: Timer | undefined;

  constructor(private readonly clock: Clock) {}

  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  start(seconds: number, due: () => void): void {
    this.stop();
    this.#timer = this.clock.after(Math.min(seconds * 1000, longestMs), () => {
      this.#timer = undefined;
      due();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
