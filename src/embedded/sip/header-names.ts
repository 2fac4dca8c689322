/** Compact forms: RFC 3261 §7.3.3 and the registrations that came later (IANA "Header Fields"). */
const compactForms: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
};

/** Names whose capitals are not simply after each dash. */
const irregularNames: Readonly<Record<string, string>> = {
  'call-id': 'Call-ID',
  cseq: 'CSeq',
  'www-authenticate': 'WWW-Authenticate',
  'mime-version': 'MIME-Version',
  rseq: 'RSeq',
  rack: 'RAck',
  'min-se': 'Min-SE',
  'sip-etag': 'SIP-ETag',
  'sip-if-match': 'SIP-If-Match',
};

// Senders use some dozens of names. A hostile peer may fill the tables with others: then they are begun anew, so that it
// can neither grow them nor keep the usual names out.
const cacheLimit = 500;
const keys = new Map<string, string>();
const names = new Map<string, string>();

/** Hot: the form in which header names compare: lower case, compact forms spelled out. */
export function headerKey(name: string): string {
  const known = keys.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  const key = (lower.length === 1 ? compactForms[lower] : undefined) ?? lower;
  if (keys.size >= cacheLimit) keys.clear();
  keys.set(name, key);
  return key;
}

/**
 * The usual spelling: `call-id` -> `Call-ID`, `v` -> `Via`; for names of others a capital after each dash and the rest
 * as it was: `p-my-ID` -> `P-My-ID`. Names that begin with `X-` are their owner's, who may compare them letter by letter.
 */
export function canonicalName(name: string): string {
  const known = names.get(name);
  if (known !== undefined) return known;
  const key = headerKey(name);
  const spelled = key.length === name.length ? name : key;
  const canonical =
    irregularNames[key] ??
    (key.startsWith('x-') ? spelled : spelled.replace(/(^|-)([a-z])/g, (match) => match.toUpperCase()));
  if (names.size >= cacheLimit) names.clear();
  names.set(name, canonical);
  return canonical;
}
