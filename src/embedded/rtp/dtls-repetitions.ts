import type { Clock } from '../../core/clock.js';

/** Shorter than any side waits before it sends a flight again (RFC 6347 §4.2.4.1: a second; werift 0.5 s). */
const MEMORY_MS = 300;
const RECORD_HEADER_BYTES = 13;

/**
 * Finds what is sent again although its answer is on the way: while the thread starts, or the machine is busy, several
 * copies of a flight wait in line, and werift begins anew with each. What was lost is sent again later than this remembers.
 */
export class DtlsRepetitions {
  readonly #seen = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /** Whether the same messages came just before; remembers them. */
  has(bytes: Buffer): boolean {
    const nowMs = this.clock.nowMs();
    for (const [key, atMs] of this.#seen) if (nowMs - atMs > MEMORY_MS) this.#seen.delete(key);
    const key = contentOf(bytes);
    if (this.#seen.has(key)) return true;
    this.#seen.set(key, nowMs);
    return false;
  }
}

/** Without the headers of the records: each copy has numbers of its own there. */
function contentOf(bytes: Buffer): string {
  let content = '';
  let at = 0;
  while (at + RECORD_HEADER_BYTES <= bytes.length) {
    const end = at + RECORD_HEADER_BYTES + bytes.readUInt16BE(at + RECORD_HEADER_BYTES - 2);
    content += `${bytes[at] ?? 0}:${bytes.toString('latin1', at + RECORD_HEADER_BYTES, end)}`;
    at = end;
  }
  return content;
}
