import { Converter } from 'opencc-js/t2cn';

/** A text in plain writing, and where each part of it stands in what was written. Offsets count UTF-16 units. */
export interface PlainWriting {
  /** NFKC, simplified characters, no blanks between Chinese characters, no tags of engines (`<|zh|>`). */
  readonly text: string;
  /** {@link text} for comparing, unit by unit: lower case, no accents, one form of each Arabic letter. */
  readonly key: string;
  rawStart(offset: number): number;
  /** `offset` is where a part ends, as in slice(). */
  rawEnd(offset: number): number;
}

/** The converter takes 0.1 s to build, so it is built when the first Chinese text comes. */
let toSimplified: ((text: string) => string) | undefined;

/** What OpenCC takes for a rare character or leaves, but transcripts write in one way. */
const afterwards: Readonly<Record<string, string>> = { '𠮶': '嗰', 麽: '么', 妳: '你', 衹: '只', 揾: '搵' };

const han = /\p{Script=Han}/u;

/** Vowel signs and lengthening of Arabic, marks of direction and width. */
const unwritten = /\u0640|[\u064b-\u0652]|\u0670|[\u200b-\u200f]/gu;

/** Texts without them keep every character by itself, if NFKC leaves them as they are. */
const changing = /[\s\p{M}<\u0640\u200b-\u200f]/u;

export function plainWriting(raw: string): PlainWriting {
  // Most Chinese texts: asked some times for each sentence, and for each that is learned from.
  if (!changing.test(raw) && raw.normalize('NFKC') === raw) return new Plain(simplified(charactersOf(raw)));
  const units: Unit[] = [];
  // A base character with its marks is one unit, for NFKC composes them.
  for (const match of raw.matchAll(/<\|[^|>]*\|>|\P{M}\p{M}*|\p{M}+/gsu)) {
    if (match[0].length > 3 && match[0].startsWith('<|')) continue;
    const end = match.index + match[0].length;
    const text = match[0].normalize('NFKC').replace(unwritten, '');
    for (const character of text) units.push({ character, start: match.index, end });
  }
  return new Plain(simplified(withoutBlanks(units)));
}

function charactersOf(raw: string): Unit[] {
  const units: Unit[] = [];
  let start = 0;
  for (const character of raw) {
    const end = start + character.length;
    units.push({ character, start, end });
    start = end;
  }
  return units;
}

/** The key of a word, as {@link PlainWriting.key} is of a text. */
export function wordKey(word: string): string {
  return plainWriting(word).key;
}

interface Unit {
  readonly character: string;
  readonly start: number;
  readonly end: number;
}

/** Some engines put a blank after each Chinese character or word. */
function withoutBlanks(units: readonly Unit[]): Unit[] {
  const kept: Unit[] = [];
  let blank: Unit | undefined;
  for (const unit of units) {
    if (/\s/u.test(unit.character)) {
      blank ??= unit;
      continue;
    }
    const before = kept.at(-1)?.character ?? '';
    if (blank !== undefined && !(han.test(before) && han.test(unit.character))) kept.push(blank);
    kept.push(unit);
    blank = undefined;
  }
  return blank === undefined ? kept : [...kept, blank];
}

function simplified(units: readonly Unit[]): Unit[] {
  if (!units.some(({ character }) => han.test(character))) return [...units];
  const convert = (toSimplified ??= Converter({ from: 't', to: 'cn' }));
  // Its phrases keep their length; should one not, each character is converted by itself.
  const whole = [...convert(units.map(({ character }) => character).join(''))];
  return units.map(({ character, start, end }, index) => {
    const simple =
      whole.length === units.length
        ? (whole[index] ?? character)
        : [...convert(character)].slice(0, 1).join('');
    return { character: afterwards[simple] ?? simple, start, end };
  });
}

class Plain implements PlainWriting {
  readonly text: string;
  readonly key: string;
  readonly #units: readonly Unit[];

  constructor(units: readonly Unit[]) {
    // One entry for each UTF-16 unit, so that offsets in the text lead to it.
    const isOneEach = units.every(({ character }) => character.length === 1);
    this.#units = isOneEach
      ? units
      : units.flatMap((unit) => Array.from({ length: unit.character.length }, () => unit));
    this.text = units.map(({ character }) => character).join('');
    this.key = units.map(({ character }) => characterKey(character)).join('');
  }

  rawStart(offset: number): number {
    return this.#units[offset]?.start ?? this.#units.at(-1)?.end ?? 0;
  }

  rawEnd(offset: number): number {
    return offset <= 0 ? this.rawStart(0) : (this.#units[offset - 1]?.end ?? this.rawStart(offset));
  }
}

const arabic: Readonly<Record<string, string>> = {
  أ: 'ا',
  إ: 'ا',
  آ: 'ا',
  ٱ: 'ا',
  ى: 'ي',
  ة: 'ه',
  ؤ: 'و',
  ئ: 'ي',
  ی: 'ي',
  ک: 'ك',
  گ: 'ك',
};

/** Keys that were found, by character; emptied when it holds more than all languages of the catalogue write with. */
const keys = new Map<string, string>();
const mostKeys = 10_000;

/** As long as the character itself: offsets in text and key are the same. */
function characterKey(character: string): string {
  let key = keys.get(character);
  if (key === undefined) {
    if (keys.size >= mostKeys) keys.clear();
    keys.set(character, (key = foundKey(character)));
  }
  return key;
}

function foundKey(character: string): string {
  const mapped = arabic[character];
  if (mapped !== undefined) return mapped;
  if (character === '’' || character === '‘') return "'";
  const folded = character.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '');
  return folded.length === character.length ? folded : character;
}
