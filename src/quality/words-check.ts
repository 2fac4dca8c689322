import { noIntent } from '../dialect/intent-examples.js';
import { familyOf } from '../dialect/packs.js';
import { findWording, type ListenedPhrase, type TaughtWording } from '../dialect/taught-phrases.js';
import type { IntentMatch } from '../dialect/intent-matcher.js';
import type { TaughtSentence } from '../dialect/taught-sentences.js';
import type { TestLine } from '../dialect/test-set.js';

/** A matcher that can be taught: dialect/intent-matcher.ts. */
export interface TeachableMatcher {
  teach(sentences: readonly TaughtSentence[]): void;
  understand(text: string, dialect: string): IntentMatch;
}

/** What the regression set says to a sentence that is to be taught. */
export interface WordsReport {
  /** Sentences of the set in that family of languages. */
  readonly sentences: number;
  /** Of them rightly understood, without it and with it. */
  readonly rightBefore: number;
  readonly rightAfter: number;
  /** Those that were understood, and that it would take for itself. */
  readonly stolen: readonly { readonly text: string; readonly intent: string }[];
  /** Whether the sentence itself is understood then. */
  readonly found: boolean;
  /** Whether it was, for sure, before: nothing needs to be taught. */
  readonly known: boolean;
  /** Another intent that it surely was before. */
  readonly otherwise?: string;
}

/** Evaluates the set with what is taught already, and with one sentence more. Takes a millisecond a sentence, twice. */
export function checkSentence(
  matcher: TeachableMatcher,
  lines: readonly TestLine[],
  taught: readonly TaughtSentence[],
  candidate: TaughtSentence,
): WordsReport {
  const family = familyOf(candidate.dialect);
  const own = lines.filter(({ dialect, intent }) => intent !== undefined && familyOf(dialect) === family);
  const heard = () => own.map(({ text, dialect }) => matcher.understand(text, dialect));
  const sureIntent = () => {
    const { intent, sure } = matcher.understand(candidate.words, candidate.dialect);
    return sure ? intent : undefined;
  };
  matcher.teach(taught);
  const before = heard();
  const was = sureIntent();
  matcher.teach([...taught, candidate]);
  const after = heard();
  const isRight = (match: IntentMatch | undefined, line: TestLine) => match?.intent === line.intent;
  const stolen = own.filter(
    (line, index) =>
      isRight(before[index], line) && !isRight(after[index], line) && after[index]?.taught === candidate.id,
  );
  return {
    sentences: own.length,
    rightBefore: own.filter((line, index) => isRight(before[index], line)).length,
    rightAfter: own.filter((line, index) => isRight(after[index], line)).length,
    stolen: stolen.map(({ text, intent = '' }) => ({ text, intent })),
    found: sureIntent() === candidate.intent,
    known: was === candidate.intent,
    ...(was !== undefined && was !== candidate.intent && was !== noIntent && { otherwise: was }),
  };
}

/**
 * Why a sentence must not be taught; undefined if it may. `misunderstood`: a person says that it was taken for something else, so
 * that being sure of that speaks for no other meaning.
 */
export function sentenceRefusal(
  report: WordsReport,
  intent: string,
  misunderstood = false,
): string | undefined {
  const { stolen, rightBefore, rightAfter, sentences, found, otherwise } = report;
  if (stolen.length > 0) {
    const meant = [...new Set(stolen.map((one) => one.intent))].join(' or ');
    const shown = listed(stolen.map(({ text }) => text));
    return `${count(stolen.length, 'sentence')} that ${stolen.length === 1 ? 'means' : 'mean'} ${meant} would now be taken as ${intent}: ${shown}`;
  }
  if (otherwise !== undefined && !misunderstood)
    return `it is surely understood as ${otherwise} already; if the dialplan has no choice for that, give it one`;
  if (rightAfter < rightBefore) {
    return `of ${sentences} sentences of the regression set ${rightAfter} would be understood instead of ${rightBefore}`;
  }
  if (!found)
    return `the sentence itself would still not be understood as ${intent}: something else in it goes before`;
  return undefined;
}

/**
 * Why words must not be taught as another wording of phrases: a phrase of another choice holds them, or something that
 * goes before does. A menu is what is listened for at once.
 */
export function wordingRefusal(
  menus: readonly (readonly ListenedPhrase[])[],
  taught: readonly TaughtWording[],
  candidate: TaughtWording,
): string | undefined {
  const held = new Set<string>();
  let found = false;
  for (const menu of menus) {
    const own = menu
      .filter((phrase) => candidate.phrases.some((one) => isSame(one, phrase)))
      .map(({ id }) => id);
    for (const phrase of menu) {
      const { id, text } = phrase;
      if (!own.includes(id) && holdsPhrase(candidate.words, phrase)) {
        return `the phrase "${text}" of another choice is in it`;
      }
      // As if that phrase were not there: what a caller leaves out of it must not mean something else.
      const others = menu.filter((phrase) => phrase.id !== id);
      if (findWording(text, others, [candidate]) !== undefined) held.add(text);
    }
    found ||= findWording(candidate.words, menu, [...taught, candidate])?.wording.id === candidate.id;
  }
  if (held.size > 0) {
    return `${listed([...held])} ${held.size === 1 ? 'is' : 'are'} listened for as another choice, and would be cut short to this one`;
  }
  return found
    ? undefined
    : 'another taught wording, or a phrase of another choice, is in the same words and goes before';
}

/** Whether a phrase is in what was heard, as calls listen for it. */
export function holdsPhrase(words: string, phrase: Omit<ListenedPhrase, 'id'>): boolean {
  const alone = { id: phrase.text, ...phrase };
  return findWording(words, [alone], [{ id: alone.id, words: phrase.text, phrases: [alone] }]) !== undefined;
}

function isSame(one: { text: string; dialect: string }, other: { text: string; dialect: string }): boolean {
  return one.dialect === other.dialect && one.text === other.text;
}

const mostShown = 5;

export function listed(texts: readonly string[]): string {
  const shown = texts.slice(0, mostShown).map((text) => `"${text}"`);
  const more = texts.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
