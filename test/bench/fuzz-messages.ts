import fc from 'fast-check';
import * as application from '../embedded/sip/torture/application.js';
import * as invalid from '../embedded/sip/torture/invalid.js';
import { answerable } from '../embedded/sip/torture/torture-message.js';
import * as valid from '../embedded/sip/torture/valid.js';

/** The messages of RFC 4475, answerable where they came from. */
export const torture: readonly Buffer[] = [valid, invalid, application]
  .flatMap((section) => Object.values(section) as unknown[])
  .filter((value): value is Buffer => Buffer.isBuffer(value))
  .map(answerable);

const kinds = ['flip', 'cut', 'repeat', 'remove', 'swap', 'long', 'length', 'splice'] as const;

/** Evenly over the message, 0 to 1; a double of fast-check is nearly always nearly 0. */
const place = fc.nat(9999).map((part) => part / 10_000);
const wound = fc.record({
  kind: fc.constantFrom(...kinds),
  at: place,
  to: place,
  number: fc.nat(),
});
type Wound = typeof wound extends fc.Arbitrary<infer T> ? T : never;

const blow = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 5, maxLength: 600 }) },
  {
    weight: 12,
    arbitrary: fc.record({
      message: fc.nat(),
      other: fc.nat(),
      fresh: fc.nat(4),
      mended: fc.nat(3),
      id: fc.nat(),
      wounds: fc.array(wound, { maxLength: 4 }),
    }),
  },
);

/** `count` messages made of those of `corpus`, the same for the same seed and corpus. */
export function blows(corpus: readonly Buffer[], seed: number, count: number): Buffer[] {
  return fc.sample(blow, { seed, numRuns: count }).map((plan) => {
    if (plan instanceof Uint8Array) return Buffer.from(plan);
    const pick = (index: number): string => (corpus[index % corpus.length] as Buffer).toString('latin1');
    let text = pick(plan.message);
    // Most as calls of their own: else the server would take them for repetitions and look no further.
    if (plan.fresh > 0) {
      const id = `${seed}x${plan.id}`;
      text = text.replace(/branch=z9hG4bK[^;\s,]*/, `branch=z9hG4bK${id}`);
      if (plan.fresh > 1) text = text.replace(/^(call-id|i)[ \t]*:.*$/im, `$1: ${id}`);
    }
    for (const each of plan.wounds) text = wounded(text, pick(plan.other), each);
    if (plan.mended > 0) text = mended(text);
    return Buffer.from(text.slice(0, 60_000), 'latin1');
  });
}

/** With the length that the body has: else most wounds are seen by the first look at the message. */
function mended(text: string): string {
  const bodyStart = text.indexOf('\r\n\r\n') + 4;
  if (bodyStart < 4) return `${text}\r\nContent-Length: 0\r\n\r\n`;
  const head = text.slice(0, bodyStart);
  const length = `Content-Length: ${text.length - bodyStart}`;
  const line = /^(content-length|l)[ \t]*:.*$/im;
  return (
    (line.test(head) ? head.replace(line, length) : head.replace('\r\n', `\r\n${length}\r\n`)) +
    text.slice(bodyStart)
  );
}

function wounded(text: string, other: string, { kind, at, to, number }: Wound): string {
  const place = Math.floor(at * text.length);
  if (kind === 'flip') {
    const flipped = text.charCodeAt(place) ^ (1 << (number % 8));
    return text.slice(0, place) + String.fromCharCode(flipped & 0xff) + text.slice(place + 1);
  }
  if (kind === 'cut') return text.slice(0, place);
  if (kind === 'splice') return text.slice(0, place) + other.slice(Math.floor(to * other.length));
  if (kind === 'long') return text.slice(0, place) + 'x'.repeat(number % 5000) + text.slice(place);
  if (kind === 'length') {
    return text.replace(
      /^(content-length|l)[ \t]*:.*$/im,
      `$1: ${number % 3 === 0 ? -number : number % 2000}`,
    );
  }
  const lines = text.split('\r\n');
  const from = Math.floor(at * lines.length);
  const line = lines[from] ?? '';
  const until = Math.floor(to * lines.length);
  if (kind === 'repeat') lines.splice(until, 0, line);
  else if (kind === 'remove') lines.splice(from, 1);
  else {
    lines[from] = lines[until] ?? '';
    lines[until] = line;
  }
  return lines.join('\r\n');
}
