import { paramOf, splitValues } from './header-value.js';
import type { SipMessage } from './message.js';
import { parseSentBy } from './uri.js';

export interface Via {
  /** Upper case: UDP, TCP, TLS, ... */
  readonly transport: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly params: string;
  /** '' if there is none (RFC 2543 peers). */
  readonly branch: string;
}

/** Where the first value of a (multi-value) Via ends. */
function firstEnd(value: string): number {
  let quoted = false;
  for (let i = 0; i < value.length; i++) {
    const c = value[i];
    if (c === '"') quoted = !quoted;
    else if (c === ',' && !quoted) return i;
  }
  return value.length;
}

/** Reads the first value of a Via header, of any version; undefined if it cannot be read (RFC 3261 §20.42). */
export function parseVia(value: string): Via | undefined {
  const first = value.slice(0, firstEnd(value));
  const semicolon = first.indexOf(';');
  const head = semicolon < 0 ? first : first.slice(0, semicolon);
  const params = semicolon < 0 ? '' : first.slice(semicolon);
  const match = /^\s*SIP\s*\/\s*\d+\.\d+\s*\/\s*([A-Za-z-]+)\s+(\S.*)$/is.exec(head);
  if (match === null) return undefined;
  const sentBy = parseSentBy(match[2] as string);
  if (sentBy === undefined) return undefined;
  return {
    transport: (match[1] as string).toUpperCase(),
    host: sentBy.host,
    port: sentBy.port,
    params,
    branch: paramOf(params, 'branch') ?? '',
  };
}

/**
 * The Via value with `received` and `rport` filled in for its first entry
 * (RFC 3261 §18.2.1, RFC 3581 §4): what our response will carry.
 */
export function stampVia(value: string, via: Via, sourceHost: string, sourcePort: number): string {
  const end = firstEnd(value);
  let first = value.slice(0, end);
  const wantsPort = paramOf(via.params, 'rport') !== undefined;
  first = first.replace(/;\s*received\s*=[^;]*/i, '');
  if (wantsPort) first = first.replace(/;\s*rport\s*(=[^;]*)?/i, `;rport=${sourcePort}`);
  // The zone of a link-local address means something to this host alone, and stands in no SIP message.
  const zone = sourceHost.indexOf('%');
  const received = zone < 0 ? sourceHost : sourceHost.slice(0, zone);
  if (wantsPort || via.host !== received) first += `;received=${received}`;
  return first + value.slice(end);
}

/** Hot: how many Vias a message has; several may stand in one header. */
export function viaCount(message: SipMessage): number {
  let count = 0;
  for (const value of message.getAll('via')) count += value.includes(',') ? splitValues(value).length : 1;
  return count;
}
