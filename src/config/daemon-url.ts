import { configError } from './errors.js';

/** Where a daemon that is already there is reached, and the secret it asks for. */
export interface DaemonUrl {
  readonly protocol: 'drachtio' | 'esl';
  readonly host: string;
  readonly port: number;
  readonly secret: string;
}

const defaultPorts = { drachtio: 9022, esl: 8021 } as const;

/**
 * Reads `drachtio://:secret@host:port` or `esl://:secret@host:port`; without a port the daemon's usual one is taken.
 * Throws CONFIG_DAEMON_URL_INVALID, whose text does not hold the secret.
 */
export function parseDaemonUrl(url: string): DaemonUrl {
  let parsed: URL;
  let secret: string;
  try {
    parsed = new URL(url);
    secret = decodeURIComponent(parsed.password);
  } catch {
    throw invalid(url);
  }
  const protocol = parsed.protocol.slice(0, -1);
  if (protocol !== 'drachtio' && protocol !== 'esl') throw invalid(url);
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  const beyond = parsed.username + parsed.pathname.replace(/^\/$/, '') + parsed.search + parsed.hash;
  if (host === '' || secret === '' || beyond !== '') throw invalid(url);
  return { protocol, host, port: parsed.port === '' ? defaultPorts[protocol] : Number(parsed.port), secret };
}

function invalid(url: string): Error {
  // Everything up to the last @ may be a secret, and without an @ all of it may be.
  const at = url.lastIndexOf('@');
  const scheme = /^\w+:\/\//.exec(url)?.[0] ?? '';
  const shown = at === -1 ? `${scheme}...` : `${scheme}...${url.slice(at)}`;
  return configError('CONFIG_DAEMON_URL_INVALID', { url: shown });
}
