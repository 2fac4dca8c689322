import { createHash, timingSafeEqual } from 'node:crypto';

/** Those of RFC 8760 §2 that phones have. */
export const digestAlgorithms = ['SHA-256', 'MD5'] as const;
export type DigestAlgorithm = (typeof digestAlgorithms)[number];

/** An Authorization or Proxy-Authorization value, as it was sent. */
export interface DigestCredentials {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly algorithm: DigestAlgorithm;
  /** Undefined: as before RFC 2617, without `nc` and `cnonce`. */
  readonly qop: 'auth' | 'auth-int' | undefined;
  readonly cnonce: string;
  /** Eight hexadecimal digits as sent. */
  readonly nc: string;
}

/** H(user:realm:password), RFC 7616 §3.4.2: all that is kept of a password. */
export function ha1(algorithm: DigestAlgorithm, user: string, realm: string, password: string): string {
  return hash(algorithm, `${user}:${realm}:${password}`);
}

/** What `response` must be (RFC 7616 §3.4.1). `body` counts for auth-int only. */
export function digestResponse(
  credentials: Omit<DigestCredentials, 'response' | 'username' | 'realm'>,
  secret: string,
  method: string,
  body = '',
): string {
  const { algorithm, nonce, uri, qop, cnonce, nc } = credentials;
  const a2 = qop === 'auth-int' ? `${method}:${uri}:${hash(algorithm, body)}` : `${method}:${uri}`;
  const middle = qop === undefined ? nonce : `${nonce}:${nc}:${cnonce}:${qop}`;
  return hash(algorithm, `${secret}:${middle}:${hash(algorithm, a2)}`);
}

/** Whether the sender knew the secret; takes as long for a near miss as for any other. */
export function isRightResponse(
  credentials: DigestCredentials,
  secret: string,
  method: string,
  body: string,
): boolean {
  const right = Buffer.from(digestResponse(credentials, secret, method, body));
  const given = Buffer.from(credentials.response.toLowerCase());
  return given.length === right.length && timingSafeEqual(given, right);
}

/** `Digest realm="...", ...` of a WWW-Authenticate or Proxy-Authenticate header. */
export function challengeText(
  algorithm: DigestAlgorithm,
  realm: string,
  nonce: string,
  isStale: boolean,
): string {
  const stale = isStale ? ', stale=true' : '';
  return `Digest realm="${realm}", nonce="${nonce}", algorithm=${algorithm}, qop="auth,auth-int"${stale}`;
}

/**
 * All digest credentials of a header's value; several may be joined by commas, a client may answer for several realms.
 * What lacks a part, names an algorithm that we did not offer or another scheme is left out. Never throws.
 */
export function parseCredentials(header: string): DigestCredentials[] {
  const found: DigestCredentials[] = [];
  let fields: Map<string, string> | undefined;
  const end = (): void => {
    const credentials = fields === undefined ? undefined : credentialsOf(fields);
    if (credentials !== undefined) found.push(credentials);
  };
  // A scheme's name, or a parameter with its token or quoted string (RFC 7235 §2.1); what is neither is passed over.
  const part =
    /\s*(?:([A-Za-z]+)[ \t]+(?=[\w-]+\s*=)|([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|[^,]+)[\s,]*/gy;
  for (let match = part.exec(header); match !== null; match = part.exec(header)) {
    const [, scheme, name, quoted, token] = match;
    if (scheme !== undefined) {
      end();
      fields = scheme.toLowerCase() === 'digest' ? new Map() : undefined;
    } else if (name !== undefined) {
      fields?.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? token ?? '');
    }
  }
  end();
  return found;
}

function credentialsOf(fields: ReadonlyMap<string, string>): DigestCredentials | undefined {
  const [username, realm, nonce, uri, response] = ['username', 'realm', 'nonce', 'uri', 'response'].map(
    (name) => fields.get(name),
  );
  if (username === undefined || realm === undefined || nonce === undefined) return undefined;
  if (uri === undefined || response === undefined) return undefined;
  const wanted = fields.get('algorithm')?.toUpperCase() ?? 'MD5';
  const algorithm = digestAlgorithms.find((name) => name === wanted);
  const qop = fields.get('qop')?.toLowerCase();
  if (algorithm === undefined || (qop !== undefined && qop !== 'auth' && qop !== 'auth-int'))
    return undefined;
  const nc = fields.get('nc') ?? '';
  const cnonce = fields.get('cnonce') ?? '';
  if (qop !== undefined && (!/^[0-9a-f]{8}$/i.test(nc) || cnonce === '')) return undefined;
  return { username, realm, nonce, uri, response, algorithm, qop, cnonce, nc };
}

function hash(algorithm: DigestAlgorithm, text: string): string {
  return createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
    .update(text)
    .digest('hex');
}
