import type { CallerIdentity } from './caller-identity.js';

/** What the first steps look at: the INVITE as far as signalling knows it. */
export interface InviteFacts {
  readonly identity: CallerIdentity;
  readonly sourceAddress: string;
  readonly userAgent: string;
  readonly hasContact: boolean;
  /** Whether it carries a body that is no session description. */
  readonly hasForeignBody: boolean;
  readonly calledNumber: string;
  readonly callingNumber: string;
}

export interface Refusal {
  /** Name of the step that refused, for `xiangyin why` and metrics. */
  readonly step: string;
  readonly status: number;
  /** One sentence for people, without numbers of callers. */
  readonly reason: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One named step: undefined lets the INVITE pass to the next. */
export interface AdmissionStep {
  readonly name: string;
  readonly check: (invite: InviteFacts) => Omit<Refusal, 'step'> | undefined;
}

/** The list of steps that every INVITE passes, in order; the first refusal ends it. */
export class Admission {
  constructor(private readonly steps: readonly AdmissionStep[]) {}

  examine(invite: InviteFacts): Refusal | undefined {
    for (const step of this.steps) {
      const refusal = step.check(invite);
      if (refusal !== undefined) return { step: step.name, ...refusal };
    }
    return undefined;
  }
}

/** RFC 3261 §8.1.1.8: an INVITE carries a Contact; without it no request can ever reach the caller again. */
export const contactStep: AdmissionStep = {
  name: 'headers',
  check: (invite) =>
    invite.hasContact ? undefined : { status: 400, reason: 'the INVITE has no Contact header' },
};

/** RFC 3261 §8.2.3: who sends a body that we cannot read is told which we can. */
export const bodyStep: AdmissionStep = {
  name: 'body',
  check: (invite) =>
    invite.hasForeignBody
      ? {
          status: 415,
          reason: "the INVITE's body is no session description (SDP)",
          headers: { Accept: 'application/sdp' },
        }
      : undefined,
};

/** Tools that sweep the internet for open servers name themselves; answering them only invites more. */
const scanner = /friendly-scanner|sipvicious|sipcli|sip-scan|sundayddr|iWar|VaxSIPUserAgent|pplsip/i;

export const scannerStep: AdmissionStep = {
  name: 'scanner',
  check: (invite) =>
    scanner.test(invite.userAgent)
      ? { status: 403, reason: 'the User-Agent is that of a scanner' }
      : undefined,
};

/** Refuses new calls while `draining()`: the caller's proxy is told to try elsewhere (RFC 3261 §21.5.4). */
export function drainingStep(draining: () => boolean): AdmissionStep {
  return {
    name: 'draining',
    check: () =>
      draining()
        ? {
            status: 503,
            reason: 'the server is shutting down and takes no new calls',
            headers: { 'Retry-After': '10' },
          }
        : undefined,
  };
}

/** Refuses new calls while `live()` has reached the limit. */
export function capacityStep(live: () => number, limit: number): AdmissionStep {
  return {
    name: 'capacity',
    check: () =>
      live() >= limit
        ? {
            status: 503,
            reason: `all ${limit} places are taken (calls.maxConcurrent)`,
            headers: { 'Retry-After': '5' },
          }
        : undefined,
  };
}
