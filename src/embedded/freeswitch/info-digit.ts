import { digitOfEvent } from '../rtp/telephone-event.js';

/** What the real server takes for a key whose length nobody told: 250 ms. */
const DEFAULT_MS = 250;
/** And the longest that it believes: 24 s. */
const MAX_MS = 24_000;

/** A key in an INFO. */
export interface InfoDigit {
  readonly digit: string;
  readonly durationMs: number;
}

/**
 * The key in the body of an INFO: `application/dtmf-relay` (`Signal=5`, `Duration=160`) or `application/dtmf` (`5`).
 * A signal is a key or its number in RFC 4733 (`Signal=11` is #), as the real server reads it. Undefined for what is no key,
 * a flash (16) too.
 */
export function readInfoDigit(contentType: string, body: string): InfoDigit | undefined {
  const kind = contentType.split(';')[0]?.trim().toLowerCase();
  if (kind !== 'application/dtmf' && kind !== 'application/dtmf-relay') return undefined;
  const signal =
    kind === 'application/dtmf'
      ? /^\s*(\d{1,2}|[A-Da-d*#])\s*$/.exec(body)?.[1]
      : /^\s*Signal\s*=\s*(\d{1,2}|[A-Da-d*#])\s*$/im.exec(body)?.[1];
  if (signal === undefined) return undefined;
  const digit = /^\d/.test(signal) ? digitOfEvent(Number(signal)) : signal.toUpperCase();
  if (digit === undefined) return undefined;
  const said = Number(/^\s*Duration\s*=\s*(\d{1,6})\s*$/im.exec(body)?.[1] ?? DEFAULT_MS);
  return { digit, durationMs: said > 0 ? Math.min(said, MAX_MS) : DEFAULT_MS };
}
