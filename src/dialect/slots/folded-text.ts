import { plainWriting } from '../plain-writing.js';
import type { Ignored } from './slot-words.js';

/** Longer than anybody speaks in one turn; the readers try every place of the text. */
const maxLength = 600;

/** Stands where a phrase was taken out: nothing reads across it. */
export const gap = '|';

/**
 * One writing of what was said, so that data needs each word once: beside plain writing (no case, no accents, simplified
 * characters, one form of each Arabic letter) digits are ASCII, "a.m." is one word and "twenty-five" two.
 */
export function foldText(raw: string): string {
  let text = plainWriting(raw.slice(0, maxLength)).key;
  text = text
    .replace(/[`´]/g, "'")
    .replace(/[‐‑‒–—−]/g, '-')
    .replaceAll('ß', 'ss');
  // Arabic-Indic and Persian digits are digits like any other.
  text = text.replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (d) => String((d.codePointAt(0) ?? 0) & 15));
  text = text.replaceAll('،', ',').replaceAll('؟', '?').replaceAll('、', ',').replaceAll('٫', '.');
  text = text.replace(/\b([ap])\. ?m\b\.?/g, '$1m').replace(/\b([ap]) m\b/g, '$1m');
  text = text.replace(/(?<=\p{L})-(?=\p{L})/gu, ' ');
  return text.replace(/\s+/g, ' ').trim();
}

const letter = /\p{L}/u;

/** A place where a Latin or Arabic word may begin or end; Chinese has no such places. */
export function isEdge(text: string, index: number): boolean {
  const before = text[index - 1] ?? ' ';
  const after = text[index] ?? ' ';
  return !(letter.test(before) && letter.test(after)) || isHan(before) || isHan(after);
}

function isHan(char: string): boolean {
  return /\p{Script=Han}/u.test(char);
}

/** Takes out what only looks like a value ("good morning", 千万, 有一点), leaving as many marks. */
export function blankIgnored(text: string, ignored: readonly Ignored[]): string {
  for (const { word, notBefore, notAfter } of ignored) {
    let from = 0;
    for (;;) {
      const start = text.indexOf(word, from);
      if (start < 0) break;
      const end = start + word.length;
      from = end;
      if (!isEdge(text, start) || !isEdge(text, end)) continue;
      if (notBefore.some((next) => text.startsWith(next, end))) continue;
      if (notAfter.some((previous) => text.slice(0, start).endsWith(previous))) continue;
      text = text.slice(0, start) + gap.repeat(word.length) + text.slice(end);
    }
  }
  return text;
}
