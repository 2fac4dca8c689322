import type { XiangyinError } from '../../core/errors.js';
import { sipStackError } from './errors.js';
import { canonicalName } from './header-names.js';
import { splitValues } from './header-value.js';
import type { SipMessage } from './message.js';
import { parseUri } from './uri.js';

/** What callers may be addressed by: everything else is 416 (RFC 3261 §8.2.2.1). */
const schemes = new Set(['sip', 'sips', 'tel', 'urn']);

const unsupportedScheme = sipStackError('SIP_UNSUPPORTED_URI_SCHEME');
const malformedUri = sipStackError('SIP_MALFORMED_URI', { where: 'the Request-URI' });
const malformedHeaders = new Map<string, XiangyinError>();

/** The problem with a header of that name, one of the few that are looked at; made once each. */
export function malformedHeader(key: string): XiangyinError {
  let problem = malformedHeaders.get(key);
  if (problem === undefined) {
    problem = sipStackError('SIP_MALFORMED_HEADER', { header: canonicalName(key) });
    malformedHeaders.set(key, problem);
  }
  return problem;
}

/**
 * Hot: what RFC 4475 §3.1.2 wants refused because guessing would be dangerous: a Request-URI that is none, quotes that
 * do not balance, parameters that are empty, a URI with headers where its end cannot be known. Everything milder passes.
 */
export function checkSyntax(message: SipMessage): XiangyinError | undefined {
  for (const name of ['from', 'to'] as const) {
    if (!isBalanced(message.get(name) ?? '')) return malformedHeader(name);
  }
  for (const via of message.getAll('via')) {
    if (/;\s*;|,\s*[,;]/.test(via)) return malformedHeader('via');
  }
  if (!message.isRequest) return undefined;
  for (const contact of message.getAll('contact')) {
    if (!isBalanced(contact) || !splitValues(contact).every(isContact)) return malformedHeader('contact');
  }
  return checkRequestUri(message.uri);
}

function checkRequestUri(uri: string): XiangyinError | undefined {
  const scheme = uri.slice(0, Math.max(0, uri.indexOf(':'))).toLowerCase();
  if (!schemes.has(scheme)) return unsupportedScheme;
  if (scheme !== 'sip' && scheme !== 'sips') return undefined;
  // RFC 3261 §19.1.1: a Request-URI has no headers; a question mark in the user part is one of its characters.
  const hasHeaders = uri.includes('?', uri.indexOf('@') + 1);
  return parseUri(uri) === undefined || hasHeaders ? malformedUri : undefined;
}

/** Every quote closed outside of `<...>`, and every `<`. */
function isBalanced(value: string): boolean {
  if (!value.includes('"') && !value.includes('<')) return true;
  let quoted = false;
  let bracketed = false;
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (quoted) {
      if (c === 0x5c) i++;
      else if (c === 0x22) quoted = false;
    } else if (c === 0x22 && !bracketed) quoted = true;
    else if (c === 0x3c) bracketed = true;
    else if (c === 0x3e) bracketed = false;
  }
  return !quoted && !bracketed;
}

/** One value of Contact: without brackets its URI may have no headers (RFC 3261 §20). */
function isContact(value: string): boolean {
  const bare = outsideOf(value);
  if (!bare.includes('<') && bare.includes('?')) return false;
  return !/;\s*;/.test(bare);
}

/** What stands outside of quotes and brackets, of which the opening ones are left. */
function outsideOf(value: string): string {
  if (!value.includes('"') && !value.includes('<')) return value;
  let bare = '';
  let start = 0;
  let close = 0;
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (close === 0) {
      if (c !== 0x22 && c !== 0x3c) continue;
      close = c === 0x22 ? c : 0x3e;
      bare += value.slice(start, i + 1);
      start = value.length;
    } else if (c === 0x5c && close === 0x22) i++;
    else if (c === close) {
      close = 0;
      start = i + 1;
    }
  }
  return bare + value.slice(start);
}
