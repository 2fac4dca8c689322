/** The real server reads at most five digits of length. */
const maxLengthDigits = 5;
const hash = 0x23;

/**
 * Cuts the bytes of an application's connection into payloads: decimal byte length, `#`, payload, nothing after it.
 * Frames may arrive split or joined in any way.
 */
export class FrameReader {
  #held: Buffer = Buffer.alloc(0);

  /** Hot: calls `payload` for each whole frame. Returns false when the stream is no frame stream: drop it then. */
  push(chunk: Buffer, payload: (text: string) => void): boolean {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    let at = 0;
    for (;;) {
      let length = 0;
      let digits = 0;
      let byte = this.#held[at];
      while (byte !== undefined && byte >= 0x30 && byte <= 0x39 && digits <= maxLengthDigits) {
        length = length * 10 + (byte - 0x30);
        digits++;
        byte = this.#held[at + digits];
      }
      if (digits > maxLengthDigits) return false;
      if (byte === undefined) break;
      if (byte !== hash || length === 0) return false;
      const start = at + digits + 1;
      if (this.#held.length < start + length) break;
      payload(this.#held.toString('utf8', start, start + length));
      at = start + length;
    }
    if (at > 0) this.#held = this.#held.subarray(at);
    return true;
  }
}

/** Hot: one frame: `leader`, then CRLF and the SIP message if there is one. */
export function encodeFrame(leader: string, message?: Buffer): Buffer {
  if (message === undefined) return Buffer.from(`${Buffer.byteLength(leader)}#${leader}`);
  const length = Buffer.byteLength(leader) + 2 + message.length;
  return Buffer.concat([Buffer.from(`${length}#${leader}\r\n`), message]);
}
