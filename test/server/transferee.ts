import type { SipMessage } from '../../src/embedded/sip/message.js';
import type { IncomingRequest } from '../../src/embedded/sip/request-options.js';
import { eventually } from './house.js';
import type { PhoneLine } from './phone.js';

/** A telephone that is asked to call somebody else (RFC 3515), driven step by step. */
export class Transferee {
  readonly #refers: IncomingRequest[] = [];

  /** `line` is up. Everything but a REFER is answered 200. */
  constructor(private readonly line: PhoneLine) {
    line.dialog?.on('request', (incoming) => {
      if (incoming.request.method === 'REFER') this.#refers.push(incoming);
      else incoming.respond(200);
    });
  }

  /** The next REFER that comes: the URI that it names, and how to answer it. */
  async referred(
    limitMs = 4000,
  ): Promise<{ target: string; request: SipMessage; answer(status: number): void }> {
    const incoming = await eventually(() => this.#refers.shift(), limitMs);
    const { request } = incoming;
    const target = /<([^>]+)>/.exec(request.get('refer-to') ?? '')?.[1] ?? '';
    return { target, request, answer: (status) => incoming.respond(status) };
  }

  /** Takes the next REFER, as RFC 3515 §2.4.4 has it: 202, and at once the first NOTIFY. */
  async takes(): Promise<string> {
    const { target, answer } = await this.referred();
    answer(202);
    await this.tells(100);
    return target;
  }

  /** Tells how its own call goes; resolves with the status of the answer. A final status ends the subscription. */
  tells(status: number): Promise<number> {
    const state = status < 200 ? 'active;expires=60' : 'terminated;reason=noresource';
    return this.notify(`SIP/2.0 ${status} Whatever\r\n`, state);
  }

  async notify(sipfrag: string, state: string, event = 'refer'): Promise<number> {
    const response = await this.line.dialog?.request('NOTIFY', {
      headers: {
        Event: event,
        'Subscription-State': state,
        'Content-Type': 'message/sipfrag;version=2.0',
      },
      body: sipfrag,
    });
    return response?.status ?? 0;
  }

  /** REFERs that came and that nobody took. */
  get unanswered(): number {
    return this.#refers.length;
  }
}
