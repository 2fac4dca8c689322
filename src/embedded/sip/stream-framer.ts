import { sipStackError } from './errors.js';
import { maxMessageBytes } from './parse-message.js';

const separator = Buffer.from('\r\n\r\n');
const nothing = Buffer.alloc(0);

/**
 * Cuts a TCP byte stream into messages by Content-Length, which is mandatory there (RFC 3261 §18.3).
 * A double CRLF between messages is a keep-alive ping (RFC 5626 §3.5.1). Each byte is copied and looked at a constant
 * number of times, however small the pieces are.
 */
export class StreamFramer {
  /** What is held lies in `#buffer` from `#start` to `#end`. Bytes before `#start` were handed up: never written again. */
  #buffer: Buffer = nothing;
  #start = 0;
  #end = 0;
  /** Held bytes without a separator in them. */
  #scanned = 0;
  /** Length of the message that is coming in, once its head is there. */
  #totalBytes: number | undefined;

  constructor(
    private readonly message: (bytes: Buffer) => void,
    private readonly ping: () => void,
  ) {}

  /** Whether a message has begun and is not whole. A line end alone is none: some peers keep their NAT open with it. */
  get isHolding(): boolean {
    const held = this.#end - this.#start;
    return held > 0 && !(held < 4 && this.#buffer[this.#start] === 0x0d);
  }

  /** Takes what arrived, in pieces of any size. Throws when the stream cannot be followed any more. */
  push(chunk: Buffer): void {
    this.#append(chunk);
    while (this.#next());
  }

  #append(chunk: Buffer): void {
    const held = this.#end - this.#start;
    if (held === 0) {
      this.#buffer = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      return;
    }
    if (this.#end + chunk.length > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(2048, 2 * (held + chunk.length)));
      this.#buffer.copy(grown, 0, this.#start, this.#end);
      this.#buffer = grown;
      this.#start = 0;
      this.#end = held;
    }
    chunk.copy(this.#buffer, this.#end);
    this.#end += chunk.length;
  }

  #next(): boolean {
    if (this.#totalBytes === undefined && !this.#readHead()) return false;
    const total = this.#totalBytes ?? 0;
    if (this.#end - this.#start < total) return false;
    const bytes = this.#buffer.subarray(this.#start, this.#start + total);
    this.#start += total;
    this.#scanned = 0;
    this.#totalBytes = undefined;
    this.message(bytes);
    return true;
  }

  /** Finds the end of the head among the bytes not looked at yet; false when it has not come. */
  #readHead(): boolean {
    this.#skipLineEnds();
    const held = this.#buffer.subarray(this.#start, this.#end);
    // Part of a line end may yet become one; a CR before anything else begins a message, a bad one.
    if (held.length === 0 || (held.length < 4 && held[0] === 0x0d)) return false;
    const head = held.indexOf(separator, Math.max(0, this.#scanned - 3));
    if (head < 0) {
      if (held.length > maxMessageBytes) throw tooLarge();
      this.#scanned = held.length;
      return false;
    }
    const total = head + 4 + contentLength(held.toString('latin1', 0, head));
    if (total > maxMessageBytes) throw tooLarge();
    this.#totalBytes = total;
    return true;
  }

  #skipLineEnds(): void {
    const bytes = this.#buffer;
    while (this.#end - this.#start >= 2 && bytes[this.#start] === 0x0d && bytes[this.#start + 1] === 0x0a) {
      if (this.#end - this.#start < 4) {
        // Half a ping, or the blank line before a message: the next bytes tell.
        if (this.#end - this.#start === 2 || bytes[this.#start + 2] === 0x0d) return;
        this.#start += 2;
      } else if (bytes[this.#start + 2] === 0x0d && bytes[this.#start + 3] === 0x0a) {
        this.ping();
        this.#start += 4;
      } else this.#start += 2;
    }
  }
}

function contentLength(head: string): number {
  const match = /\r\n(?:content-length|l)[ \t]*:\s*(\d{1,9})[ \t]*(?=\r\n|$)/i.exec(head);
  if (match === null) throw sipStackError('SIP_MALFORMED_HEADER', { header: 'Content-Length' });
  return Number(match[1]);
}

function tooLarge(): Error {
  return sipStackError('SIP_MESSAGE_TOO_LARGE', { limitBytes: maxMessageBytes });
}
