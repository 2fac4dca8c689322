import type Srf from 'drachtio-srf';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import { dialAttemptEnded } from './channels.js';
import type { DialAttempt, NoAttempt } from './dial-attempt.js';
import { failureOf, worthiest } from './dial-failure.js';
import type { DialFailed, DialResult } from './dial-outcome.js';
import { InviteLeg, type LegAnswered, type LegEnd, type LegFailed, type LegTarget } from './invite-leg.js';
import { isReachable } from './reachability.js';

export type OutgoingCallEvents = {
  /** Somebody's telephone rings; comes once. */
  ringing: [];
  /** Sound before the answer: the session description of a 18x. Again when a later one differs. */
  earlyMedia: [sdp: string];
};

export interface OutgoingCallOptions {
  readonly srf: Srf;
  readonly callingNumber: string;
  readonly calledNumber: string;
  /** The ways to the callee, in order; the next is taken only when the one before failed for reasons of its own. */
  readonly attempts: Iterable<DialAttempt | NoAttempt>;
  /** From the first INVITE until we give up, all attempts together, ms. */
  readonly ringMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told at the beginning and the end of {@link OutgoingCall.dial}. */
  readonly began: (call: OutgoingCall) => void;
  readonly over: (call: OutgoingCall) => void;
}

/** Why we end it ourselves. */
type Stop = 'cancelled' | 'noAnswer' | 'lost';

/** RFC 3261 §8.1.3.4 leaves the number to us; drachtio-srf's own. */
const maxRedirects = 5;
/** To the telephones of a user that rang in vain (RFC 3326 §2): they show no missed call. */
const completedElsewhere = { Reason: 'SIP;cause=200;text="Call completed elsewhere"' };

/** A call that we place: from the first INVITE to the answer, over all trunks and telephones that may be tried. */
export class OutgoingCall extends TypedEmitter<OutgoingCallEvents> {
  readonly callingNumber: string;
  readonly calledNumber: string;
  /** Of the INVITE that was sent last; '' until one was. */
  sipCallId = '';
  /** The trunk that was tried last; undefined until one was, and for users and URIs. */
  trunk: string | undefined;
  #state: 'new' | 'dialling' | 'over' = 'new';
  #stopped: Stop | undefined;
  /** The limit that ended it, ms. */
  #rangMs = 0;
  readonly #legs = new Set<InviteLeg>();
  #redirects = 0;
  #rings = false;

  /** Made by {@link Dialer.place}. */
  constructor(private readonly options: OutgoingCallOptions) {
    super();
    this.callingNumber = options.callingNumber;
    this.calledNumber = options.calledNumber;
  }

  /** Places the call with our offer. Called once; resolves with how it ended, never rejects. */
  async dial(offer: string): Promise<DialResult> {
    if (this.#state !== 'new') throw new TypeError('a call is dialled once');
    this.#state = 'dialling';
    const { clock, ringMs, began, over } = this.options;
    began(this);
    const limit = clock.after(ringMs, () => this.#stop('noAnswer', ringMs));
    const result = await this.#tryAll(offer);
    limit.cancel();
    this.#state = 'over';
    over(this);
    return result;
  }

  /** Gives up; {@link dial} then resolves `cancelled`. A 200 that crossed is acknowledged and hung up. Safe at any time. */
  cancel(): void {
    this.#stop('cancelled');
  }

  /** The connection to drachtio is gone: no response will reach us. */
  lost(): void {
    this.#stop('lost');
    for (const leg of [...this.#legs]) leg.lost();
  }

  #stop(why: Stop, ringMs = 0): void {
    if (this.#state === 'over' || this.#stopped !== undefined) return;
    this.#stopped = why;
    this.#rangMs = ringMs;
    for (const leg of [...this.#legs]) leg.cancel();
  }

  async #tryAll(offer: string): Promise<DialResult> {
    let last: DialFailed | undefined;
    const tried = new Set<string>();
    if (this.#stopped === undefined) {
      for (const attempt of this.options.attempts) {
        if ('refusal' in attempt) {
          last ??= attempt.refusal;
          continue;
        }
        this.trunk = attempt.trunk;
        if (attempt.trunk !== undefined) tried.add(attempt.trunk);
        const end = await this.#try(attempt, offer);
        const result = overTrunks(await this.#resultOf(end), [...tried]);
        const goOn = attempt.over(end, result, this.#stopped !== undefined);
        dialAttemptEnded.publish({ trunk: attempt.trunk, outcome: result.outcome });
        if (result.outcome === 'answered' || !goOn || this.#stopped !== undefined) return result;
        last = result;
      }
    }
    return this.#stoppedResult() ?? last ?? nowhere;
  }

  async #resultOf(end: LegEnd): Promise<DialResult> {
    if (end.dialog === undefined) return this.#stoppedResult(end.status) ?? failureOf(end);
    // Given up in the moment between the 200 and here.
    if (this.#stopped === 'cancelled' || this.#stopped === 'lost') {
      await end.dialog.bye();
      return this.#stoppedResult() ?? nowhere;
    }
    return { outcome: 'answered', dialog: end.dialog, sdp: end.sdp };
  }

  #stoppedResult(sipStatus: number | null = null): DialFailed | undefined {
    switch (this.#stopped) {
      case undefined:
        return undefined;
      case 'cancelled':
        return { outcome: 'cancelled', sipStatus, q850Cause: 16, detail: 'we gave up before the answer' };
      case 'noAnswer': {
        const seconds = Math.round(this.#rangMs / 1000);
        // Q.850 §2.2.7.1.10: user alerting, no answer.
        const detail = `nobody answered within ${String(seconds)} s`;
        return { outcome: 'noAnswer', sipStatus, q850Cause: 19, detail };
      }
      case 'lost':
        return {
          outcome: 'failed',
          sipStatus: null,
          q850Cause: 41,
          detail: 'the connection to drachtio was lost',
        };
    }
  }

  /** One attempt: all its telephones at once. The first that answers wins; a 6xx ends it for all (RFC 3261 §16.7). */
  #try(attempt: DialAttempt, offer: string): Promise<LegEnd> {
    const sdp = attempt.offer(offer);
    return new Promise((resolve) => {
      const failures: LegFailed[] = [];
      let winner: LegAnswered | undefined;
      const others = (headers: Readonly<Record<string, string>>): void => {
        for (const leg of [...this.#legs]) leg.cancel(headers);
      };
      let open = attempt.targets.length;
      for (const target of attempt.targets) {
        void this.#follow(attempt, target, sdp).then((end) => {
          open -= 1;
          if (end.dialog === undefined) {
            failures.push(end);
            if (winner === undefined && (end.status ?? 0) >= 600) others({});
          } else if (winner === undefined) {
            winner = end;
            others(completedElsewhere);
            resolve(end);
          } else {
            void end.dialog.bye(completedElsewhere);
          }
          if (open === 0 && winner === undefined) resolve(worthiest(failures));
        });
      }
    });
  }

  /** One telephone, and where it sends us on. */
  async #follow(attempt: DialAttempt, first: LegTarget, sdp: string): Promise<LegEnd> {
    const seen = new Set<string>();
    let target = first;
    for (;;) {
      seen.add(target.uri);
      const end = await this.#leg(attempt, target, sdp);
      if (end.dialog !== undefined || end.contacts.length === 0 || this.#stopped !== undefined) return end;
      const next = end.contacts
        .filter((uri) => !seen.has(uri))
        .map((uri) => attempt.redirected(uri))
        .find((allowed) => allowed !== undefined);
      if (next === undefined || ++this.#redirects > maxRedirects) return end;
      target = next;
    }
  }

  async #leg(attempt: DialAttempt, target: LegTarget, sdp: string): Promise<LegEnd> {
    const { srf, clock, logger } = this.options;
    const { firstResponseMs, ringMs } = attempt;
    const leg = new InviteLeg(srf, clock, logger);
    this.#legs.add(leg);
    // Nobody is there at all: the daemon alone would try for 32 s (RFC 3261 §17.1.1.2, timer B). It keeps a 100 to itself,
    // and some networks need longer to ring: who answers a question meanwhile is there.
    let heard = false;
    const questionMs = firstResponseMs / 2;
    const silence = clock.after(firstResponseMs - questionMs, () => {
      void isReachable(srf, clock, target, questionMs).then((reachable) => {
        if (!reachable && !heard) leg.cancel({}, 0);
      });
    });
    const ringing =
      ringMs === undefined ? undefined : clock.after(ringMs, () => this.#stop('noAnswer', ringMs));
    leg
      .on('sent', (sipCallId) => (this.sipCallId = sipCallId))
      .on('heard', () => {
        heard = true;
        silence.cancel();
      })
      .on('ringing', () => {
        if (this.#rings) return;
        this.#rings = true;
        this.emit('ringing');
      })
      .on('earlyMedia', (early) => this.emit('earlyMedia', early));
    const end = await leg.start(target, sdp);
    silence.cancel();
    ringing?.cancel();
    this.#legs.delete(leg);
    if (end.dialog === undefined && end.undelivered === true) target.undelivered?.();
    return end;
  }
}

/** For `xiangyin why`: which trunks did not put the call through. */
function overTrunks(result: DialResult, trunks: readonly string[]): DialResult {
  if (result.outcome === 'answered' || trunks.length === 0) return result;
  return { ...result, detail: `${result.detail} (over trunk ${trunks.join(', then ')})` };
}

const nowhere: DialFailed = {
  outcome: 'failed',
  sipStatus: null,
  q850Cause: 3,
  detail: 'no way leads to this destination',
};
