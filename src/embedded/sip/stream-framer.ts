import { sipStackError } from './errors.js';
import { maxMessageBytes } from './parse-message.js';

const separator = Buffer.from('\r\n\r\n');

/**
 * Cuts a TCP byte stream into messages by Content-Length, which is mandatory there (RFC 3261 §18.3).
 * A double CRLF between messages is a keep-alive ping (RFC 5626 §3.5.1).
 */
export class StreamFramer {
  #held: Buffer = Buffer.alloc(0);
  #scanned = 0;

  constructor(
    private readonly message: (bytes: Buffer) => void,
    private readonly ping: () => void,
  ) {}

  /** Takes what arrived, in pieces of any size. Throws when the stream cannot be followed any more. */
  push(chunk: Buffer): void {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    while (this.#next());
  }

  #next(): boolean {
    let start = 0;
    const held = this.#held;
    while (held[start] === 0x0d && held[start + 1] === 0x0a) {
      if (held[start + 2] === 0x0d && held[start + 3] === 0x0a) {
        this.ping();
        start += 4;
      } else if (held.length - start < 4) break;
      else start += 2;
    }
    if (start > 0) {
      this.#held = held.subarray(start);
      this.#scanned = 0;
    }
    if (this.#held.length === 0 || this.#held[0] === 0x0d) return false;
    const head = this.#held.indexOf(separator, Math.max(0, this.#scanned - 3));
    if (head < 0) {
      if (this.#held.length > maxMessageBytes) throw tooLarge();
      this.#scanned = this.#held.length;
      return false;
    }
    const total = head + 4 + contentLength(this.#held.toString('latin1', 0, head));
    if (total > maxMessageBytes) throw tooLarge();
    this.#scanned = head;
    if (this.#held.length < total) return false;
    const bytes = this.#held.subarray(0, total);
    this.#held = this.#held.subarray(total);
    this.#scanned = 0;
    this.message(bytes);
    return true;
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
