import { headerKey } from '../sip/header-names.js';
import type { SipMessage } from '../sip/message.js';
import type { AppMessage } from './app-message.js';

/** What only the server writes; dropped without a word, as the real server does. */
const serverOnly = new Set(['via', 'route', 'rseq', 'record-route', 'content-length']);
/** What identifies the transaction: written by the server, told by the application in ways of their own. */
const identity = new Set(['from', 'to', 'call-id', 'cseq']);
/** Where `@localhost` stands for our own address. */
const addresses = new Set(['from', 'to', 'contact', 'p-asserted-identity']);

/** What an application's headers may do to a message that we send for it. */
export interface HeaderRules {
  /** `host:port` to write in place of `localhost`. */
  readonly ownAddress: string;
  /** CANCEL repeats its INVITE: addresses are not the application's. */
  readonly cancel?: boolean;
}

/** Puts the application's headers over ours: each name it mentions replaces our default of that name. */
export function applyHeaders(message: SipMessage, from: AppMessage, rules: HeaderRules): void {
  const seen = new Set<string>();
  for (const [name, value] of from.headers) {
    const key = headerKey(name);
    if (serverOnly.has(key) || identity.has(key)) continue;
    if (rules.cancel === true && addresses.has(key)) continue;
    const text = addresses.has(key) ? ownHost(value, rules.ownAddress) : value;
    if (seen.has(key)) message.append(name, text);
    else message.set(name, text);
    seen.add(key);
  }
}

/** `sip:me@localhost:5070` -> `sip:me@10.0.0.1:5060`. */
export function ownHost(value: string, ownAddress: string): string {
  if (!value.includes('localhost')) return value;
  return value.replace(/(@|\bsips?:)localhost(?::\d+)?(?=[>;?,\s]|$)/gi, `$1${ownAddress}`);
}
