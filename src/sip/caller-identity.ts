/** Who an INVITE comes from, as far as it was proven: by its source address, or by digest authentication. */
export type CallerIdentity =
  | {
      readonly kind: 'trunk';
      readonly trunk: string;
      /** As the trunk's rules write them; undefined: as they came. */
      readonly callingNumber?: string;
      readonly calledNumber?: string;
      /** What the trunk's header rules read (`headers.read`). */
      readonly facts?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'user'; readonly user: string }
  /** Anybody. May reach what the dialplans offer to everyone, and nothing that costs money. */
  | { readonly kind: 'stranger' };

/** The INVITE is answered with a challenge: no refusal, nothing that a record should be kept of. */
export interface Challenge {
  readonly kind: 'challenge';
  readonly status: 401 | 407;
  readonly headers: Readonly<Record<string, string>>;
}

export const stranger: CallerIdentity = { kind: 'stranger' };

/**
 * `lines`: challenges of one realm, the strongest first. Each goes into a line of its own: joined by commas, as drachtio-srf
 * joins values, a client could not tell them apart (RFC 3261 §7.3.1).
 */
export function challengeWith(status: Challenge['status'], lines: readonly string[]): Challenge {
  const name = status === 401 ? 'WWW-Authenticate' : 'Proxy-Authenticate';
  return { kind: 'challenge', status, headers: { [name]: lines.join(`\r\n${name}: `) } };
}
