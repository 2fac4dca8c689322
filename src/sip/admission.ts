import type { CallerIdentity } from './caller-identity.js';
import type { InviteRate } from './invite-rate.js';

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
  /** Whether the caller wants not to be known (RFC 3323 §4.1, RFC 3325 §7). */
  readonly isAnonymous: boolean;
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

/**
 * Tools that sweep the internet for open servers name themselves. They are answered like everybody: the SIP server has
 * said 100 already, so that silence would hide nothing and hold the INVITE for a minute.
 */
const scanner = /friendly-scanner|sipvicious|sipcli|sip-scan|sundayddr|iWar|VaxSIPUserAgent|pplsip/i;

export const scannerStep: AdmissionStep = {
  name: 'scanner',
  check: (invite) =>
    scanner.test(invite.userAgent)
      ? { status: 403, reason: 'the User-Agent is that of a scanner' }
      : undefined,
};

/** By then a server that was restarted is there again. */
export const drainingRetryAfterSeconds = 10;

/** Refuses new calls while `draining()`: the caller's proxy is told to try elsewhere (RFC 3261 §21.5.4). */
export function drainingStep(draining: () => boolean): AdmissionStep {
  return {
    name: 'draining',
    check: () =>
      draining()
        ? {
            status: 503,
            reason: 'the server is draining or shutting down and takes no new calls',
            headers: { 'Retry-After': String(drainingRetryAfterSeconds) },
          }
        : undefined,
  };
}

/** Whether an INVITE comes from somebody whom `callers.yaml` favours. */
export type IsFavoured = (invite: InviteFacts) => boolean;

/**
 * Refuses INVITEs that come faster than allowed. Favoured callers are never counted; the limit of one address is for
 * strangers: a trunk has a limit of its own, and a user has proved who they are.
 */
export function rateStep(rate: InviteRate, isFavoured: IsFavoured): AdmissionStep {
  const reasons = {
    address: 'too many INVITEs a second from one address (admission.invitesPerSecondPerAddress)',
    all: 'too many INVITEs a second in all (admission.invitesPerSecond)',
  };
  return {
    name: 'rate',
    check: (invite) => {
      if (isFavoured(invite)) return undefined;
      const limit = rate.exceeded(invite.identity.kind === 'stranger' ? invite.sourceAddress : undefined);
      if (limit === undefined) return undefined;
      return { status: 503, reason: reasons[limit], headers: { 'Retry-After': '1' } };
    },
  };
}

export interface Places {
  /** Calls at once. */
  readonly limit: number;
  /** So many of them only for favoured callers. */
  readonly reserved: number;
}

/** Refuses new calls while `live()` has reached the limit. */
export function capacityStep(
  live: () => number,
  { limit, reserved }: Places,
  isFavoured: IsFavoured,
): AdmissionStep {
  const free = Math.max(0, limit - reserved);
  const full = { status: 503, headers: { 'Retry-After': '5' } };
  return {
    name: 'capacity',
    check: (invite) => {
      const taken = live();
      if (taken >= limit) return { ...full, reason: `all ${limit} places are taken (calls.maxConcurrent)` };
      if (taken < free || isFavoured(invite)) return undefined;
      return { ...full, reason: `the last ${reserved} places are kept (calls.reservedForFavoured)` };
    },
  };
}
