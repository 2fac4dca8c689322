import { sameLanguageChain } from '../dialect/catalogue.js';
import { familyOf, type DialectPacks } from '../dialect/packs.js';
import { syllables } from '../dialect/syllables.js';
import type { CollectAction, PhraseChoice } from '../dialog/action.js';
import type { RecognizerCapabilities } from '../speech/recognizer.js';
import type { ExpectedSpeech } from './turn-endpoint.js';
import { turnWordIds, voiceWishes } from './turn-words.js';

/** Of each wish and dialect so many wordings: each is looked for in all that callers say. */
const wordingsOfEach = 3;

/** Shorter words are heard in too much else. */
const leastSyllables = 2;

/** What every question understands beside its own: say it again, slower, louder, in the words of the call's dialect. */
export function turnPhrases(
  collect: Pick<CollectAction, 'phrases'>,
  dialect: string,
  packs: DialectPacks | undefined,
): PhraseChoice[] {
  if (packs === undefined || collect.phrases.length === 0) return [];
  const dialects = new Set(collect.phrases.map((phrase) => phrase.dialect));
  const spoken = sameLanguageChain(dialect).find((id) => dialects.has(id)) ?? [...dialects][0] ?? dialect;
  return wishPhrases(spoken, packs).filter(
    // What the dialplan says of a word goes before.
    (phrase) => !collect.phrases.some(({ text }) => text.toLowerCase() === phrase.text.toLowerCase()),
  );
}

/**
 * The wordings that are listened for in a dialect, whatever is asked: what all say who speak its language and what is said
 * there alone, in turn. The packs have the commonest first.
 */
export function wishPhrases(dialect: string, packs: DialectPacks): readonly PhraseChoice[] {
  const byDialect = wishes.get(packs) ?? new Map<string, readonly PhraseChoice[]>();
  wishes.set(packs, byDialect);
  const phrases = byDialect.get(dialect) ?? findWishes(dialect, packs);
  byDialect.set(dialect, phrases);
  return phrases;
}

/** Every question of every call asks for the same few. */
const wishes = new WeakMap<DialectPacks, Map<string, readonly PhraseChoice[]>>();

function findWishes(dialect: string, packs: DialectPacks): readonly PhraseChoice[] {
  const own = [...sameLanguageChain(dialect), familyOf(dialect)];
  return voiceWishes.flatMap((wish) => {
    const lists = packs
      .chain(dialect)
      .filter((pack) => own.includes(pack.dialect))
      .map(({ replies }) => replies[wish].filter((text) => syllables(text) >= leastSyllables))
      .filter((texts) => texts.length > 0);
    const common = lists.at(-1) ?? [];
    const special = lists.length > 1 ? (lists[0] ?? []) : [];
    const texts = common.flatMap((text, n) => [text, ...special.slice(n, n + 1)]);
    return [...new Set(texts)]
      .slice(0, wordingsOfEach)
      .map((text) => ({ id: turnWordIds[wish], text, dialect }));
  });
}

/** What a question expects to hear, for the endpoint. */
export function expectedSpeech(
  collect: CollectAction,
  phrases: readonly PhraseChoice[],
  recognizer: Pick<RecognizerCapabilities, 'interim' | 'openSpeech'> | undefined,
): ExpectedSpeech {
  const interim = recognizer?.interim ?? false;
  // Where nothing but phrases is understood, an engine that hears more is given no time for more.
  if (recognizer?.openSpeech !== true || collect.speech === undefined)
    return { phrases, kind: 'closed', interim };
  const { slot } = collect.speech;
  if (slot?.type === 'digits' || slot?.type === 'phone') {
    const { minDigits, maxDigits } = slot;
    return { phrases, kind: 'digits', minDigits, maxDigits, interim };
  }
  return { phrases, kind: slot?.type === 'text' ? 'address' : 'open', interim };
}
