import type { SipMessage } from '../../src/embedded/sip/message.js';
import type { UserAgent } from '../../src/embedded/sip/user-agent.js';
import { digestResponse, ha1, type DigestAlgorithm } from '../../src/sip/digest.js';

/** A request of a user's telephone. */
export interface Telephone {
  readonly ua: UserAgent;
  readonly method: string;
  readonly uri: string;
  readonly user: string;
  readonly password: string;
  /** Default MD5. */
  readonly algorithm?: DigestAlgorithm;
  readonly callId: string;
  readonly cseq: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends it, and once more with credentials when it is challenged; resolves with the last answer. */
export async function send(request: Telephone): Promise<SipMessage> {
  const { ua, method, uri, callId, cseq } = request;
  const attempt = (number: number, more: Record<string, string> = {}): Promise<SipMessage> =>
    ua.request(method, uri, {
      callId,
      headers: { ...request.headers, CSeq: `${number} ${method}`, ...more },
    });
  const first = await attempt(cseq);
  return first.status === 401 || first.status === 407 ? attempt(cseq + 1, proof(request, first)) : first;
}

/** The header that answers a challenge (RFC 7616 §3.4), ready to send. */
export function proof(
  { method, uri, user, password, algorithm = 'MD5' }: Omit<Telephone, 'ua' | 'callId' | 'cseq' | 'headers'>,
  challenge: SipMessage,
): Record<string, string> {
  const isProxy = challenge.status === 407;
  const offered = challenge.getAll(isProxy ? 'proxy-authenticate' : 'www-authenticate');
  const chosen = offered.find((text) => text.includes(`algorithm=${algorithm}`)) ?? '';
  const nonce = /nonce="([^"]*)"/.exec(chosen)?.[1] ?? '';
  const realm = /realm="([^"]*)"/.exec(chosen)?.[1] ?? '';
  const fields = { nonce, uri, algorithm, qop: 'auth', cnonce: 'c0ffee', nc: '00000001' } as const;
  const response = digestResponse(fields, ha1(algorithm, user, realm, password), method);
  const value =
    `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", ` +
    `algorithm=${algorithm}, qop=auth, cnonce="c0ffee", nc=00000001`;
  return { [isProxy ? 'Proxy-Authorization' : 'Authorization']: value };
}
