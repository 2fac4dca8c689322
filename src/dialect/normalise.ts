import type { DialectPacks } from './packs.js';
import { plainWriting, type PlainWriting } from './plain-writing.js';

/** A dialect word that was found: where it stood, and where what it means stands now. Offsets count UTF-16 units. */
export interface NormalisedSpan {
  readonly rawStart: number;
  readonly rawEnd: number;
  readonly canonicalStart: number;
  readonly canonicalEnd: number;
  /** As the pack has it. */
  readonly word: string;
  /** The pack that has it. */
  readonly dialect: string;
}

/** What was said, and the same in words of the standard language. */
export interface Normalised {
  /** Untouched: what is stored. */
  readonly raw: string;
  /** What intents and rules read. Word for word, so good enough for commands, not for reading aloud. */
  readonly canonical: string;
  readonly spans: readonly NormalisedSpan[];
}

/**
 * Plain writing, without fillers, dialect words replaced by what they mean: the longest first, where their contexts
 * allow. `dialect` is a catalogue id; one that nobody knows is read as plain text.
 */
export function normalise(raw: string, dialect: string, packs: DialectPacks): Normalised {
  const plain = plainWriting(raw);
  const normalised = replace(raw, plain, dialect, packs, true);
  // 嗯 alone is an answer, not a filler.
  return /[\p{L}\p{N}]/u.test(normalised.canonical) ? normalised : replace(raw, plain, dialect, packs, false);
}

function replace(
  raw: string,
  plain: PlainWriting,
  dialect: string,
  packs: DialectPacks,
  dropFillers: boolean,
): Normalised {
  const spans: NormalisedSpan[] = [];
  let canonical = '';
  let done = 0;
  for (const { start, end, value } of packs.matcherOf(dialect).match(plain.key)) {
    if (value.kind === 'plain' || (value.kind === 'filler' && !dropFillers)) continue;
    canonical += plain.text.slice(done, start);
    done = end;
    if (value.word === undefined) {
      // 呃,我要: the pause after a filler goes with it.
      if (canonical === '') done += /^[\s\p{P}]*/u.exec(plain.text.slice(end))?.[0].length ?? 0;
      continue;
    }
    const canonicalStart = canonical.length;
    canonical += value.word.means;
    spans.push({
      rawStart: plain.rawStart(start),
      rawEnd: plain.rawEnd(end),
      canonicalStart,
      canonicalEnd: canonical.length,
      word: value.word.word,
      dialect: value.dialect,
    });
  }
  return { raw, canonical: canonical + plain.text.slice(done), spans };
}
