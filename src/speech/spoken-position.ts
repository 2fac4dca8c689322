/** Where a new clause begins: after these, or after a space behind the western ones. */
const clauseEnd = /[。！？；，、：…]+|[.!?;,:]+(?=\s)/gu;

/** One syllable takes a slow voice so long at normal rate, ms: a quick one 150, most 200 to 250. */
const slowSyllableMs = 330;
/** Silence that a voice may put before the first sound, and after a clause, ms. */
const leadInMs = 150;
const clausePauseMs = 500;

/**
 * From where a sentence is to be said on that broke off after `spokenMs` of sound: the last boundary of a clause that
 * was certainly reached. Counted with a slow voice and long pauses, so that no word is left out; a few may be said twice.
 * Pure.
 */
export function resumeText(text: string, spokenMs: number, rate = 1): string {
  let restMs = (spokenMs - leadInMs) * rate;
  let from = 0;
  for (const end of text.matchAll(clauseEnd)) {
    const to = end.index + end[0].length;
    restMs -= syllables(text.slice(from, to)) * slowSyllableMs + clausePauseMs;
    if (restMs < 0) break;
    from = to;
  }
  const rest = text.slice(from).trimStart();
  // Everything was said, as far as one can tell: the last clause again, rather than nothing.
  return rest === '' ? text.slice(lastClause(text)).trimStart() : rest;
}

/** From the word that was being said when the sound broke off, by the times that the engine gave of its words. */
export function resumeAtWord(
  text: string,
  words: readonly { readonly text: string; readonly startMs: number }[],
  spokenMs: number,
): string | undefined {
  let at = 0;
  let begin: number | undefined;
  for (const word of words) {
    const found = text.indexOf(word.text, at);
    // Engines write numbers out: where the words are not in the text, their times help nobody.
    if (found < 0 || word.text === '') return undefined;
    if (word.startMs > spokenMs) break;
    begin = found;
    at = found + word.text.length;
  }
  return begin === undefined ? undefined : text.slice(begin);
}

function lastClause(text: string): number {
  let last = 0;
  for (const end of text.trimEnd().matchAll(clauseEnd)) {
    const to = end.index + end[0].length;
    if (to < text.trimEnd().length) last = to;
  }
  return last;
}

/** About: each Han or kana character one, each digit two (read out), other words by their groups of vowels. */
function syllables(text: string): number {
  const single =
    text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu)?.length ?? 0;
  const digits = text.match(/\p{N}/gu)?.length ?? 0;
  let others = 0;
  for (const [word] of text.matchAll(
    /[\p{Script=Latin}\p{Script=Arabic}\p{Script=Cyrillic}\p{Script=Devanagari}]+/gu,
  )) {
    const vowels = word.match(/[aeiouyà-æè-ïò-öø-ýāēīōūаеёиоуыэюя]+/giu)?.length ?? 0;
    others += Math.max(1, vowels, Math.ceil(word.length / 5));
  }
  return single + 2 * digits + others;
}
