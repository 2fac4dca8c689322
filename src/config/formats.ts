import { isIP } from 'node:net';
import { parseHostPort } from '../core/address.js';
import { parseDaemonUrl } from './daemon-url.js';
import { parseRequestHandler, requestHandlerForm } from './request-handler.js';

/** First and last of a range of ports, both belonging to it. */
export interface PortRange {
  readonly min: number;
  readonly max: number;
}

/** Reads `20000-29999`; undefined if it is no range of at least two ports between 1 and 65535. */
export function parsePortRange(text: string): PortRange | undefined {
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [min, max] = [Number(match[1]), Number(match[2])];
  return min >= 1 && max <= 65535 && min < max ? { min, max } : undefined;
}

/** The forms that strings of the schema have: how to tell one, and what an operator is told to write. */
export const formats: Readonly<Record<string, { test: (text: string) => boolean; write: string }>> = {
  'host-port': {
    test: (text) => parseHostPort(text) !== undefined,
    write: 'an address and a port, e.g. 127.0.0.1:8080',
  },
  'sip-address': {
    test: (text) =>
      /^(udp|tcp|tls|ws|wss):/.test(text) && parseHostPort(text.slice(text.indexOf(':') + 1)) !== undefined,
    write: 'udp:, tcp:, tls:, ws: or wss: with an address and a port, e.g. udp:127.0.0.1:5060',
  },
  host: {
    test: (text) => isIP(text) !== 0 || /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(text),
    write: 'an address without a port, e.g. 203.0.113.5',
  },
  'port-range': {
    test: (text) => parsePortRange(text) !== undefined,
    write: 'first-last, e.g. 20000-29999',
  },
  'drachtio-url': { test: (text) => isDaemon(text, 'drachtio'), write: 'drachtio://:secret@host:port' },
  'esl-url': { test: (text) => isDaemon(text, 'esl'), write: 'esl://:secret@host:port' },
  'request-handler': { test: (text) => parseRequestHandler(text) !== undefined, write: requestHandlerForm },
  'ws-url': { test: (text) => isUrl(text, ['ws:', 'wss:']), write: 'a base URL, e.g. ws://10.0.0.5:7000' },
  'http-url': {
    test: (text) => isUrl(text, ['http:', 'https:']),
    write: 'a base URL, e.g. http://10.0.0.5:8080',
  },
};

function isDaemon(text: string, protocol: 'drachtio' | 'esl'): boolean {
  try {
    return parseDaemonUrl(text).protocol === protocol;
  } catch {
    return false;
  }
}

function isUrl(text: string, protocols: readonly string[]): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol);
}
