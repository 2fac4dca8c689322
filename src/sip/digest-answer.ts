import type Srf from 'drachtio-srf';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** What drachtio-srf calls when a request of ours is challenged; it computes the digest itself (RFC 2617, MD5). */
export type DigestAnswer = (
  request: Srf.SrfRequest,
  challenge: Srf.SrfResponse,
  done: (error: Error | null, username?: string, password?: string) => void,
) => void;

/** A nonce may expire on the way, twice at most: who says it more often repeats our requests without an end. */
const maxStale = 2;

/**
 * Answers a challenge with the credentials, once. The library alone asks again for as long as the other side refuses a
 * wrong password with a 100 before each 401.
 */
export function digestAnswer({ username, password }: Credentials): DigestAnswer {
  let stale = 0;
  return (request, challenge, done) => {
    if (request.has('Authorization') || request.has('Proxy-Authorization')) {
      if (!isStale(challenge) || ++stale > maxStale) {
        done(new Error('the credentials were refused'));
        return;
      }
    }
    done(null, username, password);
  };
}

/** RFC 2617 §3.2.1: the password was right, the nonce is too old. */
function isStale(challenge: Srf.SrfResponse): boolean {
  return ['WWW-Authenticate', 'Proxy-Authenticate'].some(
    (name) => challenge.has(name) && /\bstale\s*=\s*"?true/i.test(challenge.get(name)),
  );
}
