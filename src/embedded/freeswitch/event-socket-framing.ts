import { freeSwitchError } from './errors.js';

/**
 * One command of an Event Socket client: the first line, the header lines under it, the body if Content-Length says so.
 * https://developer.signalwire.com/freeswitch/FreeSWITCH-Explained/Modules/mod_event_socket_1048924/
 */
export interface EventSocketCommand {
  readonly line: string;
  /** By name in lower case, since clients spell them differently; of several with one name, the last. */
  readonly headers: ReadonlyMap<string, string>;
  /** As written, in order: what `sendevent` passes on. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** What no client of ours comes near: a command larger than this is an attack or a lost framing. */
const LIMIT_BYTES = 1 << 20;

/**
 * Cuts the byte stream of a client into commands. A command ends with an empty line; drachtio-modesl writes each header
 * in its own packet and sometimes the empty line in a later one, so nothing may be concluded from packet borders.
 */
export class CommandReader {
  #pending: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  #scannedBytes = 0;

  /** Returns the commands completed by `bytes`; throws FREESWITCH_COMMAND_TOO_LONG when the framing is lost. */
  push(bytes: Buffer): EventSocketCommand[] {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    const commands: EventSocketCommand[] = [];
    for (;;) {
      this.#dropEmptyLines();
      const end = endOfHeaders(this.#pending, Math.max(0, this.#scannedBytes - 3));
      if (end === undefined) {
        this.#scannedBytes = this.#pending.length;
        if (this.#pending.length > LIMIT_BYTES) throw tooLong();
        return commands;
      }
      const head = parseHead(this.#pending.toString('utf8', 0, end.textBytes));
      const bodyBytes = Number(head.headers.get('content-length') ?? 0) || 0;
      if (bodyBytes < 0 || bodyBytes > LIMIT_BYTES) throw tooLong();
      if (this.#pending.length < end.totalBytes + bodyBytes) {
        this.#scannedBytes = 0;
        return commands;
      }
      const body = this.#pending.toString('utf8', end.totalBytes, end.totalBytes + bodyBytes);
      this.#pending = this.#pending.subarray(end.totalBytes + bodyBytes);
      this.#scannedBytes = 0;
      commands.push({ ...head, body });
    }
  }

  #dropEmptyLines(): void {
    let at = 0;
    while (this.#pending[at] === 0x0a || this.#pending[at] === 0x0d) at += 1;
    if (at === 0) return;
    this.#pending = this.#pending.subarray(at);
    this.#scannedBytes = Math.max(0, this.#scannedBytes - at);
  }
}

function tooLong(): Error {
  return freeSwitchError('FREESWITCH_COMMAND_TOO_LONG', { limitBytes: LIMIT_BYTES });
}

function endOfHeaders(bytes: Buffer, from: number): { textBytes: number; totalBytes: number } | undefined {
  for (let at = bytes.indexOf(0x0a, from); at !== -1; at = bytes.indexOf(0x0a, at + 1)) {
    if (bytes[at + 1] === 0x0a) return { textBytes: at, totalBytes: at + 2 };
    if (bytes[at + 1] === 0x0d && bytes[at + 2] === 0x0a) return { textBytes: at, totalBytes: at + 3 };
  }
  return undefined;
}

function parseHead(text: string): Omit<EventSocketCommand, 'body'> {
  const [line = '', ...rest] = text.split('\n');
  const headers = new Map<string, string>();
  const fields: [string, string][] = [];
  for (const header of rest) {
    const colon = header.indexOf(':');
    if (colon <= 0) continue;
    const name = header.slice(0, colon).trim();
    const value = header.slice(colon + 1).trim();
    headers.set(name.toLowerCase(), value);
    fields.push([name, value]);
  }
  return { line: line.trim(), headers, fields };
}

/** URL encoding as clients undo it: drachtio-modesl calls decodeURIComponent on every header value and dies of a raw `%`. */
export function encodeHeaderValue(value: string): string {
  // The detour over UTF-8 replaces lone surrogates, on which encodeURIComponent throws.
  return encodeURIComponent(Buffer.from(value).toString());
}

/** Only what would break the framing or the decoding of a reply that people also read. */
function encodeReplyText(text: string): string {
  return text.replace(/[%\r\n]/g, (c) => encodeURIComponent(c));
}

export const AUTH_REQUEST = 'Content-Type: auth/request\n\n';

/** `text` begins with `+OK` or `-ERR`, save for `getvar`, whose answer is the bare value. */
export function commandReply(text: string, extra: Readonly<Record<string, string>> = {}): string {
  let frame = `Content-Type: command/reply\nReply-Text: ${encodeReplyText(text)}\n`;
  for (const [name, value] of Object.entries(extra)) frame += `${name}: ${encodeReplyText(value)}\n`;
  return `${frame}\n`;
}

export function apiResponse(body: string): string {
  return `Content-Type: api/response\nContent-Length: ${Buffer.byteLength(body)}\n\n${body}`;
}

export type EventFormat = 'json' | 'plain' | 'xml';

export function eventFrame(format: EventFormat, serialized: string): string {
  return `Content-Length: ${Buffer.byteLength(serialized)}\nContent-Type: text/event-${format}\n\n${serialized}`;
}

/** The last frame but for the lingering case: `linger` tells the client that events still follow. */
export function disconnectNotice(sessionUuid: string | undefined, lingerSecs: number | undefined): string {
  const text =
    lingerSecs === undefined
      ? 'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n'
      : 'Disconnected, filtering and lingering for events.\n';
  let frame = 'Content-Type: text/disconnect-notice\n';
  if (sessionUuid !== undefined) frame += `Controlled-Session-UUID: ${sessionUuid}\n`;
  frame +=
    lingerSecs === undefined
      ? 'Content-Disposition: disconnect\n'
      : `Content-Disposition: linger\nLinger-Time: ${lingerSecs}\n`;
  return `${frame}Content-Length: ${Buffer.byteLength(text)}\n\n${text}`;
}
