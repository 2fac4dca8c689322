import { familyOf } from './packs.js';
import { plainWriting } from './plain-writing.js';

/** Words that cut a sentence, of one language. */
export interface SentenceWords {
  /** What a further wish begins with: 另外, and also. Of 再|查 what stands after | belongs to the wish. */
  readonly joiners: readonly string[];
  /** What takes back all before it, wherever it stands: 我说错了, no wait. Of 不是|我要 what stands after | is kept. */
  readonly mistakes: readonly string[];
  /** What takes back all before it if it stands between pauses: 不对, no. */
  readonly denials: readonly string[];
  /** `不是…是`: what stands between is not meant. */
  readonly contrasts: readonly string[];
}

const pause = /[,.!?;:、，。！？；：،؛؟…\n]+/u;

const pauseEnd = /[,.!?;:、，。！？；：،؛؟…\n]\s*$/u;
const pauseStart = /^\s*[,.!?;:、，。！？；：،؛؟…\n]/u;
/** A character of Chinese, or a word of an alphabet. */
const hanUnit = /\p{Script=Han}|[^\p{Script=Han}\P{L}]+|\p{N}+/gu;
const wordUnit = /[\p{L}\p{N}\p{M}'’]+/gu;

/** A place where a further wish may begin. */
export interface Cut {
  readonly before: string;
  /** Without the word that joins it. */
  readonly after: string;
  /** The word that joins it; empty if none does. Of 再|查 all of it. */
  readonly joiner: string;
  readonly paused: boolean;
}

/** Cuts what callers say: what was taken back goes, and several wishes are parted. Offsets never leave a word. */
export class ClauseCutter {
  readonly #chinese: boolean;
  readonly #joiners: readonly Opening[];
  readonly #mistakes: readonly Opening[];
  readonly #contrasts: readonly string[];
  readonly #denials: ReadonlySet<string>;

  constructor(dialect: string, words: readonly SentenceWords[]) {
    this.#chinese = familyOf(dialect) === 'sinitic';
    const all = (kind: keyof SentenceWords) =>
      [...new Set(words.flatMap((one) => one[kind]))].sort((a, b) => b.length - a.length);
    this.#joiners = all('joiners').map(opening);
    this.#mistakes = all('mistakes').map(opening);
    this.#contrasts = all('contrasts');
    this.#denials = new Set(all('denials').map(key));
  }

  /** What is left after corrections ("pay my bill, no, report a fault"); the text itself if nothing was taken back. */
  withoutTakenBack(text: string): string {
    return this.#withoutContrast(this.#afterDenial(this.#afterMistake(text)));
  }

  /** The parts between pauses. */
  clauses(text: string): string[] {
    return text.split(pause).filter((part) => /\p{L}/u.test(part));
  }

  /** Every place where a further wish may begin. `kept` are places, from and to, that no cut goes through. */
  *cuts(text: string, kept: readonly (readonly [number, number])[] = []): Generator<Cut> {
    const folded = key(text);
    // The text's key has its length, so places found in it are places in the text.
    const source = folded.length === text.length ? text : folded;
    let from = 0;
    for (const match of source.matchAll(this.#chinese ? hanUnit : wordUnit)) {
      const at = match.index;
      if (at < from || at === 0) continue;
      const joiner = this.#joiners.find(({ word }) => this.#standsAt(folded, word, at));
      if (joiner === undefined && source === text && kept.some(([start, end]) => start < at && at < end))
        continue;
      const before = source.slice(0, at);
      // Of 再|查 nothing is left out, but it joins all the same.
      const after = source.slice(at + (joiner?.length ?? 0));
      from = at + (joiner?.length ?? 0);
      const paused = pauseEnd.test(before) || pauseStart.test(after);
      if (this.#isPart(before) && this.#isPart(after))
        yield { before, after, joiner: joiner?.word ?? '', paused };
    }
  }

  #isPart(text: string): boolean {
    const units = text.match(this.#chinese ? hanUnit : wordUnit)?.length ?? 0;
    return units >= (this.#chinese ? 2 : 1);
  }

  #afterMistake(text: string): string {
    const folded = key(text);
    if (folded.length !== text.length) return text;
    let cut = 0;
    for (const { word, length } of this.#mistakes) {
      for (let at = folded.indexOf(word, 1); at > 0; at = folded.indexOf(word, at + 1)) {
        // 是不是我要交 asks, it takes nothing back.
        if (this.#chinese && folded.charAt(at - 1) === folded.charAt(at + 1)) continue;
        if (this.#standsAt(folded, word, at)) cut = Math.max(cut, at + length);
      }
    }
    return this.#orAll(text, text.slice(cut));
  }

  #afterDenial(text: string): string {
    const clauses = text.split(pause).map((clause) => clause.trim());
    const last = clauses.findLastIndex(
      (clause, index) => index > 0 && index < clauses.length - 1 && this.#denials.has(key(clause)),
    );
    return last < 0 ? text : this.#orAll(text, clauses.slice(last + 1).join(this.#chinese ? '，' : ', '));
  }

  #withoutContrast(text: string): string {
    const folded = key(text);
    if (folded.length !== text.length) return text;
    for (const contrast of this.#contrasts) {
      const [not = '', but = ''] = contrast.split('…').map(key);
      const start = folded.indexOf(not);
      if (start < 0 || !this.#standsAt(folded, not, start)) continue;
      // 是不是 asks, it denies nothing.
      if (this.#chinese && folded.startsWith(not.slice(-1), start - 1)) continue;
      const end = folded.indexOf(but, start + not.length + 1);
      if (end < 0 || !this.#standsAt(folded, but, end) || folded.slice(end - 1, end) === '不') continue;
      const kept = text.slice(end + but.length).trim();
      if (/\p{L}.*\p{L}/u.test(kept)) return kept;
    }
    return text;
  }

  /** What was taken back without anything in its place stays: there is nothing else to understand. */
  #orAll(text: string, rest: string): string {
    return /\p{L}/u.test(rest) ? rest.replace(/^[\s,.，。、]+/u, '') : text;
  }

  /** Words of alphabets stand whole; Chinese writing has no borders. */
  #standsAt(folded: string, word: string, at: number): boolean {
    if (!folded.startsWith(word, at)) return false;
    if (this.#chinese) return true;
    const letter = /[\p{L}\p{N}]/u;
    return !letter.test(folded.charAt(at - 1)) && !letter.test(folded.charAt(at + word.length));
  }
}

/** Words that begin something: `length` of them belong to what was before. */
interface Opening {
  readonly word: string;
  readonly length: number;
}

function opening(written: string): Opening {
  const [before = '', kept = ''] = written.split('|').map(key);
  return { word: before + kept, length: before.length };
}

function key(text: string): string {
  return plainWriting(text).key;
}
