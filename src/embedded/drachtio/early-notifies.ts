import type { Clock } from '../../core/clock.js';
import type { SipMessage } from '../sip/message.js';
import { tagOf } from '../sip/name-addr.js';

/** An application attaches its listeners when it has got the answer: a NOTIFY in the same packet would find none. */
const headStartMs = 50;
/** A subscription begins with one. */
const mostPerSubscribe = 10;

/** NOTIFYs that overtake the answer to their SUBSCRIBE wait for it, as no dialog is there before (RFC 6665 §4.1.2.4). */
export class EarlyNotifies {
  /** By Call-ID and From tag of the SUBSCRIBE that is under way. */
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(private readonly clock: Clock) {}

  /** A SUBSCRIBE has left. */
  expect(subscribe: SipMessage): void {
    this.#waiting.set(key(subscribe, 'from'), []);
  }

  /** Whether a request is the NOTIFY of a SUBSCRIBE that is not answered. */
  expects(request: SipMessage): boolean {
    return request.method === 'NOTIFY' && this.#waiting.has(key(request, 'to'));
  }

  /** Calls `arrive` when its SUBSCRIBE has been answered. False: too many wait. */
  hold(notify: SipMessage, arrive: () => void): boolean {
    const waiting = this.#waiting.get(key(notify, 'to'));
    if (waiting === undefined || waiting.length >= mostPerSubscribe) return false;
    waiting.push(arrive);
    return true;
  }

  /** The SUBSCRIBE is answered, and its application has been told. */
  settle(subscribe: SipMessage): void {
    const id = key(subscribe, 'from');
    const waiting = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    if (waiting.length > 0) this.clock.after(headStartMs, () => waiting.forEach((arrive) => arrive()));
  }
}

function key(request: SipMessage, ours: 'from' | 'to'): string {
  return `${request.get('call-id') ?? ''}|${tagOf(request.get(ours) ?? '') ?? ''}`;
}
