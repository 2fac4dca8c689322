import { parseNameAddr } from '../sip/name-addr.js';
import type { SipMessage } from '../sip/message.js';
import type { Source } from '../sip/transport.js';
import { parseUri, uriParam } from '../sip/uri.js';
import { readDuration, type ProxyCommand } from './proxy-command.js';

/** Who decides where a new request goes, instead of the applications that are connected. */
export interface RequestHandlerOptions {
  /** `INVITE`, or `*` for every method without a handler of its own. */
  readonly sipMethod: string;
  /** GET tells the request's facts in the query, POST has the request itself as body besides. Default GET. */
  readonly httpMethod?: 'GET' | 'POST' | undefined;
  /** `http://...`, `https://...`; or `tcp://HOST:PORT`, `tls://HOST:PORT`, where an application waits that gets every request. */
  readonly url: string;
}

/** Where an application waits to be connected to. */
export interface AppAddress {
  readonly host: string;
  readonly port: number;
  /** By TLS. */
  readonly isSecure: boolean;
}

/** What is to be done with a request. */
export type Instruction =
  | { readonly action: 'reject'; readonly status: number; readonly reason: string | undefined }
  | { readonly action: 'redirect'; readonly contacts: readonly string[] }
  | { readonly action: 'proxy'; readonly command: ProxyCommand }
  | ({ readonly action: 'connect' } & AppAddress)
  | { readonly action: 'tag'; readonly tag: string };

/** The whole exchange with a handler; the real server's limit. */
const answerMs = 3000;
/** An instruction is a few lines. */
const maxAnswerBytes = 64 * 1024;

/** Asks request handlers over HTTP. */
export class RequestHandlers {
  readonly #byMethod = new Map<string, RequestHandlerOptions>();
  readonly #closing = new AbortController();

  constructor(handlers: readonly RequestHandlerOptions[]) {
    for (const handler of handlers) this.#byMethod.set(handler.sipMethod.toUpperCase(), handler);
  }

  for(method: string): RequestHandlerOptions | undefined {
    return this.#byMethod.get(method) ?? this.#byMethod.get('*');
  }

  /** What the handler says. Never rejects: a handler that fails, or says nonsense, refuses with 500. */
  async ask(handler: RequestHandlerOptions, request: SipMessage, source: Source): Promise<Instruction> {
    const direct = /^(tcp|tls):\/\/(.+)$/.exec(handler.url);
    if (direct !== null) return connectTo(`${direct[2]};transport=${direct[1]}`);
    try {
      const post = handler.httpMethod === 'POST';
      const answer = await fetch(urlWithFacts(handler.url, request, source), {
        method: post ? 'POST' : 'GET',
        headers: {
          Accept: 'application/json',
          ...(post ? { 'Content-Type': 'text/plain; charset=UTF-8' } : {}),
        },
        ...(post ? { body: request.toString() } : {}),
        signal: AbortSignal.any([AbortSignal.timeout(answerMs), this.#closing.signal]),
      });
      return readInstruction(await readLimited(answer));
    } catch {
      return refusal;
    }
  }

  close(): void {
    this.#closing.abort();
  }
}

const refusal: Instruction = { action: 'reject', status: 500, reason: undefined };

/** The facts as the real server names them, then the parameters of the Request-URI. */
function urlWithFacts(base: string, request: SipMessage, source: Source): URL {
  const uri = parseUri(request.uri);
  const user = (header: string): string => parseUri(parseNameAddr(request.get(header) ?? '').uri)?.user ?? '';
  const url = new URL(base);
  const facts: readonly (readonly [string, string])[] = [
    ['method', request.method],
    ['domain', uri?.host ?? ''],
    ['protocol', source.protocol],
    ['source_address', source.host],
    ['fromUser', user('from')],
    ['toUser', user('to')],
    ['uriUser', uri?.user ?? ''],
    ['contentType', request.get('content-type') ?? ''],
    ['uri', request.uri],
  ];
  for (const [name, value] of facts) url.searchParams.append(name, value);
  for (const param of (uri?.params ?? '').split(';')) {
    const [name = '', value = ''] = param.split('=');
    if (name !== '') url.searchParams.append(name, value);
  }
  return url;
}

async function readLimited(answer: Response): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of answer.body ?? []) {
    bytes += (part as Uint8Array).length;
    if (bytes > maxAnswerBytes) return undefined;
    parts.push(part as Uint8Array);
  }
  return JSON.parse(Buffer.concat(parts).toString('utf8'));
}

/** `{action: reject|redirect|proxy|route, data: {...}}`. */
export function readInstruction(answer: unknown): Instruction {
  const { action, data } = (answer ?? {}) as { action?: unknown; data?: unknown };
  if (data === null || typeof data !== 'object') return refusal;
  const field = data as Readonly<Record<string, unknown>>;
  switch (action) {
    case 'reject': {
      const { status, reason } = field;
      if (typeof status !== 'number' || !Number.isInteger(status) || status < 300 || status > 699) {
        return refusal;
      }
      return { action, status, reason: typeof reason === 'string' ? oneLine(reason) : undefined };
    }
    case 'redirect': {
      const contacts = strings(field['contact']);
      return contacts.length === 0 ? refusal : { action, contacts };
    }
    case 'proxy':
      return { action, command: readProxy(field) };
    case 'route':
      if (typeof field['uri'] === 'string') return connectTo(field['uri']);
      return typeof field['tag'] === 'string' ? { action: 'tag', tag: field['tag'] } : refusal;
    default:
      return refusal;
  }
}

function readProxy(field: Readonly<Record<string, unknown>>): ProxyCommand {
  const { recordRoute, followRedirects, simultaneous, provisionalTimeout, finalTimeout, destination } = field;
  const duration = (value: unknown, otherwise: string): number | undefined =>
    readDuration(typeof value === 'string' ? value : otherwise);
  return {
    recordRoute: recordRoute === true,
    fullResponse: false,
    followRedirects: followRedirects !== false,
    simultaneous: simultaneous === true,
    provisionalMs: duration(provisionalTimeout, '5s'),
    finalMs: duration(finalTimeout, '60s'),
    destinations: strings(destination).map((one) => (/^sips?:/i.test(one) ? one : `sip:${one}`)),
    message: undefined,
  };
}

/** `host:port[;transport=tls]`, with or without `sip:`; in the clear by default. */
function connectTo(text: string): Instruction {
  const uri = parseUri(/^sips?:/i.test(text) ? text : `sip:${text}`);
  if (uri?.port === undefined) return { action: 'reject', status: 480, reason: undefined };
  const isSecure = uriParam(uri, 'transport')?.toLowerCase() === 'tls';
  return { action: 'connect', host: uri.host, port: uri.port, isSecure };
}

function strings(value: unknown): string[] {
  const all: unknown[] = Array.isArray(value) ? value : [value];
  return all.filter((one): one is string => typeof one === 'string' && one !== '').map(oneLine);
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}
