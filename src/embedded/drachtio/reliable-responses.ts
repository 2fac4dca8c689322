import type { Clock, Timer } from '../../core/clock.js';
import { cseqNumber } from '../sip/make-message.js';
import type { SipMessage } from '../sip/message.js';
import { longestWaitMs, type SipTimers } from '../sip/timers.js';

/**
 * The provisional responses to one INVITE that must arrive (RFC 3262 §3): numbered, sent one after the other, each
 * repeated until its PRACK.
 */
export class ReliableResponses {
  /** §3: a random start below 2**31. */
  #rseq = 1 + Math.floor(Math.random() * 1_000_000);
  /** The first is on its way, the others wait for its PRACK. */
  #unacknowledged: SipMessage[] = [];
  #repeat: Timer | undefined;
  #limit: Timer | undefined;
  #drained: (() => void) | undefined;
  #hasCeased = false;

  constructor(
    private readonly clock: Clock,
    private readonly timers: SipTimers,
    private readonly send: (response: SipMessage) => void,
    /** No PRACK for 64*T1: the INVITE has to be refused. */
    private readonly noPrack: () => void,
  ) {}

  /** §3: a 2xx has to wait while an answer or offer of ours may not have arrived. */
  get holdsFinal(): boolean {
    return this.#unacknowledged.some((response) => response.body !== '');
  }

  /** The INVITE has its 2xx. */
  get hasCeased(): boolean {
    return this.#hasCeased;
  }

  /** Adds RSeq to a response and sends it, now or when those before it have arrived. */
  add(response: SipMessage): void {
    response.set('RSeq', String(this.#rseq++));
    this.#unacknowledged.push(response);
    if (this.#unacknowledged.length === 1) this.#transmit(response);
  }

  /**
   * A PRACK; false: it acknowledges nothing of ours that is on its way. `passOn` is called before anything else is sent: an
   * application has to hear of the PRACK before its answer goes.
   */
  acknowledge(prack: SipMessage, passOn: () => void = () => undefined): boolean {
    const first = this.#unacknowledged[0];
    if (first === undefined) return false;
    const rack = (prack.get('rack') ?? '').trim().split(/\s+/);
    const [rseq, cseq, method] = rack;
    const fits = Number(rseq) === Number(first.get('rseq')) && Number(cseq) === cseqNumber(first);
    if (!fits || rack.length !== 3 || method !== 'INVITE') return false;
    this.#stopTimers();
    this.#unacknowledged.shift();
    passOn();
    const next = this.#unacknowledged[0];
    if (next !== undefined) this.#transmit(next);
    else {
      this.#drained?.();
      this.#drained = undefined;
    }
    return true;
  }

  /** Calls `fn` once when everything has arrived; never after {@link stop}. */
  whenDrained(fn: () => void): void {
    this.#drained = fn;
  }

  /** A 2xx has left: nothing is repeated any more, but the PRACK of what was sent may still come (§3). */
  cease(): void {
    this.#hasCeased = true;
    this.#stopTimers();
    this.#unacknowledged.splice(1);
    this.#drained = undefined;
  }

  /** The INVITE is over without a call. */
  stop(): void {
    this.#stopTimers();
    this.#unacknowledged = [];
    this.#drained = undefined;
  }

  #transmit(response: SipMessage): void {
    this.send(response);
    this.#repeatAfter(this.timers.t1Ms, response);
    this.#limit = this.clock.after(longestWaitMs(this.timers), () => {
      this.stop();
      this.noPrack();
    });
  }

  /** Doubling without T2 (§3). */
  #repeatAfter(delayMs: number, response: SipMessage): void {
    this.#repeat = this.clock.after(delayMs, () => {
      this.send(response);
      this.#repeatAfter(2 * delayMs, response);
    });
  }

  #stopTimers(): void {
    this.#repeat?.cancel();
    this.#limit?.cancel();
  }
}

/** Whether a request demands them: then all but 100 have to be (RFC 3262 §3). */
export function requires100rel(request: SipMessage): boolean {
  return request.getAll('require').some((value) => option100rel.test(value));
}

/** Whether a request allows (or demands) reliable provisional responses. */
export function supports100rel(request: SipMessage): boolean {
  return [...request.getAll('supported'), ...request.getAll('require')].some((value) =>
    option100rel.test(value),
  );
}

const option100rel = /(^|[\s,])100rel(?=$|[\s,])/i;
