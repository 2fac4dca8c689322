import { dialectIds, fallbackChain, findDialect } from './catalogue.js';
import type { DialectPack, LexiconWord, ReplyPhrases, SoundCost } from './pack.js';
import { wordKey } from './plain-writing.js';
import { WordMatcher, type MatchEntry } from './word-matcher.js';

/** A word of a lexicon, with the pack that has it. A plain one stays as it is, a filler goes. */
export interface OwnedWord {
  readonly dialect: string;
  readonly kind: 'word' | 'plain' | 'filler';
  readonly word: LexiconWord | undefined;
}

/** Languages that are written with Chinese characters share one family pack. */
const siniticLanguages: ReadonlySet<string> = new Set([
  'cmn',
  'yue',
  'wuu',
  'nan',
  'hak',
  'gan',
  'hsn',
  'cjy',
]);

/** The pack of what a dialect's family shares: `sinitic`, or the language (`en`). */
export function familyOf(dialect: string): string {
  const language = findDialect(dialect)?.language ?? dialect;
  return siniticLanguages.has(language) ? 'sinitic' : language;
}

/** Every pack that was read. Asked for a dialect, it gives its own words first, then those of what it falls back to. */
export class DialectPacks {
  readonly #byDialect: ReadonlyMap<string, DialectPack>;
  readonly #matchers = new Map<string, WordMatcher<OwnedWord>>();

  constructor(packs: readonly DialectPack[]) {
    this.#byDialect = new Map(packs.map((pack) => [pack.dialect, pack]));
  }

  /** In the order they were given. */
  get all(): readonly DialectPack[] {
    return [...this.#byDialect.values()];
  }

  /** The pack of this dialect alone. */
  own(dialect: string): DialectPack | undefined {
    return this.#byDialect.get(dialect);
  }

  /** Packs whose words a caller of this dialect may say, his own first: the dialect, its fallbacks, its family. */
  chain(dialect: string): readonly DialectPack[] {
    const ids = new Set([...fallbackChain(dialect), familyOf(dialect)]);
    return [...ids].flatMap((id) => this.#byDialect.get(id) ?? []);
  }

  wordsOf(dialect: string): readonly LexiconWord[] {
    return this.chain(dialect).flatMap((pack) => pack.words);
  }

  /** Phrases of the dialect, then of what it falls back to. */
  repliesOf(dialect: string, kind: keyof ReplyPhrases): readonly string[] {
    return [...new Set(this.chain(dialect).flatMap((pack) => pack.replies[kind]))];
  }

  turnFinalOf(dialect: string): readonly string[] {
    return [...new Set(this.chain(dialect).flatMap((pack) => pack.turnFinal))];
  }

  turnHoldingOf(dialect: string): readonly string[] {
    return [...new Set(this.chain(dialect).flatMap((pack) => pack.turnHolding))];
  }

  /** The nearest pack decides for a pair of sounds: Sichuan's own cost of n and l before what all share. */
  soundCostsOf(dialect: string): readonly SoundCost[] {
    const byPair = new Map<string, SoundCost>();
    for (const cost of this.chain(dialect).flatMap((pack) => pack.soundCosts)) {
      const pair = [cost.a, cost.b].sort().join(' ');
      if (!byPair.has(pair)) byPair.set(pair, cost);
    }
    return [...byPair.values()];
  }

  /** Makes every matcher now: at the start of a server, so that no call waits for it. */
  prepare(): void {
    for (const dialect of dialectIds) this.matcherOf(dialect);
  }

  /** Finds the dialect's words, plain words and fillers in a text's key. Made at its first use, then kept. */
  matcherOf(dialect: string): WordMatcher<OwnedWord> {
    let matcher = this.#matchers.get(dialect);
    if (matcher === undefined) {
      matcher = new WordMatcher(this.chain(dialect).flatMap((pack) => [...entriesOf(pack)]));
      this.#matchers.set(dialect, matcher);
    }
    return matcher;
  }
}

function* entriesOf(pack: DialectPack): Generator<MatchEntry<OwnedWord>> {
  const { dialect } = pack;
  for (const word of pack.words) {
    const { notBefore, notAfter } = word;
    const means = wordKey(word.means);
    for (const spelling of [word.word, ...word.spellings]) {
      // A word that means itself is in the pack for what it tells, or to keep its parts from being read.
      const kind = wordKey(spelling) === means ? 'plain' : 'word';
      yield { word: spelling, notBefore, notAfter, value: { dialect, kind, word } };
    }
  }
  for (const word of pack.plain) yield { word, value: { dialect, kind: 'plain', word: undefined } };
  for (const word of pack.fillers) yield { word, value: { dialect, kind: 'filler', word: undefined } };
}
