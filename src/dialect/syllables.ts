/**
 * About how many syllables a text has when it is said: one for each Han character, one for each group of vowels in a
 * word of an alphabet, one for each digit. Good enough to tell a word from a sentence, in writing without spaces too.
 */
export function syllables(text: string): number {
  const plain = text.normalize('NFD').toLowerCase();
  const signs = plain.match(/[\p{Script=Han}\p{Nd}\p{Script=Hangul}\p{Script=Kana}]/gu)?.length ?? 0;
  const words = plain.match(/\p{L}[\p{L}\p{M}']*/gu) ?? [];
  let count = signs;
  for (const word of words) {
    if (/^[\p{Script=Han}\p{Script=Hangul}\p{Script=Kana}]+$/u.test(word)) continue;
    count += Math.max(1, vowelGroups(word));
  }
  return count;
}

/** In Arabic writing short vowels are left out: every other letter stands for a syllable. */
function vowelGroups(word: string): number {
  const letters = word.replace(/\p{M}/gu, '');
  if (/\p{Script=Arabic}/u.test(letters)) return Math.ceil(letters.length / 2);
  const spoken = letters.replace(/(?<=[aeiouy][^aeiouy])e$/u, '');
  return spoken.match(/[aeiouy]+/gu)?.length ?? 0;
}
