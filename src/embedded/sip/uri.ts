import { isIP } from 'node:net';
import { paramOf } from './header-value.js';
import { defaultPort, isSecure, protocols, type Protocol, type Target } from './transport.js';

export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  /** Without password, as written (escapes are left); '' if there is none. */
  readonly user: string;
  /** Without brackets for IPv6. */
  readonly host: string;
  readonly port: number | undefined;
  /** `;name=value...` as written, or ''. */
  readonly params: string;
}

/** Reads a sip: or sips: URI (RFC 3261 §19.1); undefined for anything else. */
export function parseUri(text: string): SipUri | undefined {
  const colon = text.indexOf(':');
  const scheme = text.slice(0, colon).toLowerCase();
  if (scheme !== 'sip' && scheme !== 'sips') return undefined;
  const at = text.indexOf('@');
  const userInfo = at < 0 ? '' : text.slice(colon + 1, at);
  const password = userInfo.indexOf(':');
  const user = password < 0 ? userInfo : userInfo.slice(0, password);
  let rest = text.slice((at < 0 ? colon : at) + 1);
  const question = rest.indexOf('?');
  if (question >= 0) rest = rest.slice(0, question);
  const semicolon = rest.indexOf(';');
  const params = semicolon < 0 ? '' : rest.slice(semicolon);
  const hostPort = parseSentBy(semicolon < 0 ? rest : rest.slice(0, semicolon));
  if (hostPort === undefined) return undefined;
  return { scheme, user, host: hostPort.host, port: hostPort.port, params };
}

/**
 * The value of a URI parameter, escapes undone once in name and value (RFC 3261 §19.1.4: `;%6C%72` is `;lr`,
 * `%25%34%31` is the text `%41`); '' when it has no value, undefined when it is not there.
 */
export function uriParam(uri: SipUri, name: string): string | undefined {
  if (!uri.params.includes('%')) return paramOf(uri.params, name);
  for (const param of uri.params.split(';')) {
    const equals = param.indexOf('=');
    const key = unescape(equals < 0 ? param : param.slice(0, equals));
    if (key.toLowerCase() === name) return equals < 0 ? '' : unescape(param.slice(equals + 1));
  }
  return undefined;
}

/** `%41` -> `A`, once; what is no escape stays. */
function unescape(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/** Reads `host`, `host:5060`, `[::1]:5060` as they stand in URIs and Via. */
export function parseSentBy(
  text: string,
): { readonly host: string; readonly port: number | undefined } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._~-]+))(?:\s*:\s*(\d{1,5}))?$/.exec(text.trim());
  if (match === null) return undefined;
  const port = match[3] === undefined ? undefined : Number(match[3]);
  if (port !== undefined && (port === 0 || port > 65535)) return undefined;
  return { host: (match[1] ?? match[2]) as string, port };
}

/** Where a URI says to go (RFC 3263 §4.1, as far as no look-up is needed). Undefined: a transport that nobody has. */
export function uriTarget(uri: SipUri): Target | undefined {
  const named = uriParam(uri, 'transport')?.toLowerCase();
  const secure = uri.scheme === 'sips';
  const protocol = protocolOf(named, secure);
  if (protocol === undefined) return undefined;
  const host = uriParam(uri, 'maddr') || uri.host;
  const port = uri.port ?? defaultPort(protocol);
  const anyTransport = named === undefined;
  if (isIP(host) !== 0) return { protocol, host, port, secure, anyTransport };
  const locate = uri.port !== undefined ? 'address' : anyTransport ? 'naptr' : 'srv';
  return { protocol, host, port, secure, anyTransport, locate, serverName: uri.host };
}

function protocolOf(named: string | undefined, secure: boolean): Protocol | undefined {
  if (named === undefined) return secure ? 'tls' : 'udp';
  const protocol = protocols.find((known) => known === named);
  if (!secure || protocol === undefined || isSecure(protocol)) return protocol;
  if (protocol === 'udp') return undefined; // no TLS over datagrams (RFC 3261 §26.2.2)
  return protocol === 'ws' ? 'wss' : 'tls';
}

/** `host` as it stands in a URI: IPv6 in brackets. */
export function uriHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
