import type Srf from 'drachtio-srf';
import type { Refusal } from './admission.js';
import { challengeWith, stranger, type CallerIdentity, type Challenge } from './caller-identity.js';
import type { DigestAuthenticator } from './digest-authenticator.js';
import { trunkIdentity } from './trunk-identity.js';
import type { Trunk } from './trunk.js';
import { uriUser } from './uri-user.js';

/** Whoever it is may not call. */
export interface Denied {
  readonly kind: 'denied';
  readonly refusal: Refusal;
}

export type Identification = CallerIdentity | Challenge | Denied;

export interface IdentificationOptions {
  /** The carrier that sends from this address. */
  readonly trunkOf: (address: string) => Trunk | undefined;
  readonly isUser: (name: string) => boolean;
  readonly authenticator: DigestAuthenticator;
}

/**
 * Who sends an INVITE. What the carrier's address sends is the carrier's, whatever it claims. Who claims to be one of our
 * users, or offers to prove it, must (RFC 3261 §22.3). Everybody else is a stranger.
 */
export function identifyCaller(options: IdentificationOptions, request: Srf.SrfRequest): Identification {
  const { trunkOf, isUser, authenticator } = options;
  const trunk = trunkOf(request.source_address);
  if (trunk !== undefined) return trunkIdentity(trunk, request);
  const named = ['From', 'P-Asserted-Identity']
    .filter((name) => request.has(name))
    .map((name) => uriUser(request.get(name)));
  // And what the call is shown under: the library reads a header's first URI, even that of a display name.
  const claimed = [...named, request.callingNumber].filter((name) => name !== undefined && isUser(name));
  const offersProof = request.has('Proxy-Authorization');
  if (claimed.length === 0 && !offersProof) return stranger;
  const verdict = authenticator.examine({
    method: request.method,
    uri: request.uri,
    body: request.body,
    sourceAddress: request.source_address,
    credentials: offersProof ? request.get('Proxy-Authorization') : undefined,
  });
  if (verdict.kind === 'challenge') {
    const challenge = challengeWith(407, verdict.lines);
    // Challenged again all the same, and a record says why the call did not come through.
    return verdict.isWrong ? denied('the password or the name of the user is wrong', challenge) : challenge;
  }
  if (verdict.kind === 'blocked')
    return denied('too many wrong passwords came from this address or for this user');
  const { user } = verdict;
  if (claimed.some((name) => name !== user)) return denied('a user called under the name of another one');
  return { kind: 'user', user };
}

function denied(
  reason: string,
  { status, headers }: { readonly status: number; readonly headers?: Refusal['headers'] } = { status: 403 },
): Denied {
  return { kind: 'denied', refusal: { step: 'authentication', status, reason, ...(headers && { headers }) } };
}
