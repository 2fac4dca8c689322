import { paramOf } from './header-value.js';

export interface NameAddr {
  /** The URI without angle brackets. */
  readonly uri: string;
  /** `;tag=...` as written after the address, or ''. */
  readonly params: string;
}

/** Where the address of a name-addr ends and its parameters begin: after `>`; else at the first semicolon. */
function split(value: string): { open: number; close: number; params: number } {
  let open = -1;
  let quoted = false;
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (quoted) {
      if (c === 0x5c) i++;
      else if (c === 0x22) quoted = false;
    } else if (c === 0x22) quoted = true;
    else if (c === 0x3c) {
      open = i;
      break;
    }
  }
  if (open >= 0) {
    const close = value.indexOf('>', open);
    return { open, close: close < 0 ? value.length : close, params: close < 0 ? value.length : close + 1 };
  }
  const semicolon = value.indexOf(';');
  const end = semicolon < 0 ? value.length : semicolon;
  return { open: -1, close: end, params: end };
}

/** Reads From, To, Contact, Route, Refer-To (RFC 3261 §20.10): without brackets all parameters are the header's. */
export function parseNameAddr(value: string): NameAddr {
  const at = split(value);
  return { uri: value.slice(at.open + 1, at.close).trim(), params: value.slice(at.params) };
}

/** Hot: the tag of a From or To value; undefined if it has none. */
export function tagOf(value: string): string | undefined {
  const tag = paramOf(value.slice(split(value).params), 'tag');
  return tag === '' ? undefined : tag;
}

/** The value without its tag: what a new request writes into To. */
export function withoutTag(value: string): string {
  const at = split(value).params;
  return value.slice(0, at) + value.slice(at).replace(/\s*;\s*tag\s*=\s*[^;,\s]*/i, '');
}

/** `sip:a@b` -> `<sip:a@b>`; what has brackets already is left. */
export function asNameAddr(uriOrNameAddr: string): string {
  return uriOrNameAddr.includes('<') ? uriOrNameAddr : `<${uriOrNameAddr}>`;
}
