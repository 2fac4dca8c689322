import { lexicon, lexemesOf, type Lexeme, type Lexicon } from './number-lexemes.js';
import type { NumberWords } from './slot-words.js';
import type { DigitRun, NumberReader, SpokenNumber } from './spoken-number.js';

/** Reads numbers of languages that part words by spaces: English, Spanish, Portuguese, French, German, Arabic. */
export function wordNumbers(
  words: NumberWords,
  fold: (text: string) => string,
  decimalComma: boolean,
): NumberReader {
  const known = lexicon(words, fold, decimalComma);
  return (text) => {
    const lexemes = lexemesOf(text, known);
    const byStart = new Map(lexemes.map((lexeme, index) => [lexeme.start, index]));
    const cache = new Map<number, readonly Reading[]>();
    const readings = (index: number): readonly Reading[] => {
      const done = cache.get(index) ?? cardinals(text, lexemes, index, known);
      cache.set(index, done);
      return done;
    };
    return {
      at: (start) => {
        const index = byStart.get(start);
        const said = index === undefined ? [] : readings(index);
        // "15.8." is a day and a month as well: the digits up to the point, and after it, are numbers of their own.
        const before = text[start - 1] ?? '';
        const inside = /[.,]/.test(before) ? /^\d+/ : /^\d+(?=[.,])/;
        const digits = /\d/.test(before) ? null : inside.exec(text.slice(start));
        if (digits === null) return said;
        const whole = {
          start,
          end: start + digits[0].length,
          value: Number(digits[0]),
          ordinal: false,
          weak: false,
        };
        return [...said, whole];
      },
      runs: digitRuns(text, lexemes, readings, known),
    };
  };
}

type Reading = SpokenNumber & { readonly next: number };

/** Every number that begins at a lexeme, the longest first: "twenty five" is 25 and 20. */
function cardinals(
  text: string,
  lexemes: readonly Lexeme[],
  first: number,
  known: Lexicon,
): readonly Reading[] {
  const found: Reading[] = [];
  const start = lexemes[first]?.start ?? 0;
  // `room` is the largest that may still be added: 9 after twenty, 99 after a hundred.
  let [total, group, room, lastTimes] = [0, 0, Infinity, Infinity];
  let afterUnit = false;
  let weak = false;
  let joined = false;
  for (let index = first; index < lexemes.length; index += 1) {
    const lexeme = lexemes[index];
    if (lexeme === undefined) break;
    const begun = index > first;
    if (begun && !/^[ -]?$/.test(text.slice(lexemes[index - 1]?.end ?? 0, lexeme.start))) break;
    const { unit, small, tens, takes, hundreds, times, ordinal, numeral } = lexeme.values;
    const keep = (isOrdinal: boolean) => {
      const value = total + group;
      found.push({ start, end: lexeme.end, value, ordinal: isOrdinal, weak, next: index + 1 });
    };
    if (numeral !== undefined) {
      if (begun) break;
      group = numeral;
      room = 0;
      keep(lexeme.ordinalNumeral);
      if (lexeme.ordinalNumeral) break;
    } else if (ordinal !== undefined && fits(ordinal, room, afterUnit && joined && known.unitsFirst)) {
      group += ordinal;
      keep(true);
      // "second", "segundo" are nothing else, but "cinco" is no ordinal: go on only as a cardinal.
      if (unit === undefined && small === undefined && tens === undefined) break;
      group -= ordinal;
      if (!add(unit ?? small ?? tens ?? 0, 0)) break;
      keep(false);
    } else if (times !== undefined && (times >= 1000 || group < 100) && (begun || !lexeme.isArticle)) {
      if (times === 100) {
        if (joined && group !== 0) break;
        if (begun && group === 0 && room !== Infinity && total === 0) break;
        group = (group === 0 ? 1 : group) * 100;
        room = 99;
      } else {
        if (times >= lastTimes) break;
        total += (group === 0 ? 1 : group) * times;
        [group, lastTimes, room] = [0, times, times - 1];
      }
      [afterUnit, weak] = [false, false];
      keep(false);
    } else if (unit !== undefined) {
      if (unit === 0 ? begun : !add(unit, 0)) break;
      if (unit === 0) room = 0;
      afterUnit = unit > 0;
      weak = !begun && lexeme.weak;
      keep(false);
    } else if (tens !== undefined) {
      const reversed = afterUnit && joined && known.unitsFirst;
      // Where 31 is "one and thirty", "thirty one" are two numbers.
      if (!reversed && !add(tens, takes ?? (known.unitsFirst ? 0 : 9))) break;
      if (reversed) {
        group += tens;
        room = 0;
      }
      afterUnit = false;
      keep(false);
    } else if (small !== undefined) {
      if (!add(small, 0)) break;
      afterUnit = false;
      keep(false);
    } else if (hundreds !== undefined) {
      if (!add(hundreds, 99)) break;
      afterUnit = false;
      keep(false);
    } else if (lexeme.isArticle && !begun) {
      const next = lexemes[index + 1];
      if (next?.values.times === undefined) break;
      group = 1;
    } else if (lexeme.isJoiner && begun && !joined) {
      joined = true;
      continue;
    } else {
      break;
    }
    joined = false;
  }
  return found.reverse();

  function add(value: number, takes: number): boolean {
    if (value > room) return false;
    group += value;
    room = takes;
    return true;
  }
}

function fits(value: number, room: number, reversed: boolean): boolean {
  return value <= room || (reversed && value >= 20);
}

/** Rows of digits: units, pairs and whole numbers side by side, "double five", with nothing but fillers between. */
function digitRuns(
  text: string,
  lexemes: readonly Lexeme[],
  readings: (index: number) => readonly Reading[],
  known: Lexicon,
): readonly DigitRun[] {
  const runs: DigitRun[] = [];
  let run: { start: number; end: number; digits: string; pieces: number; weak: boolean } | undefined;
  const close = () => {
    if (run !== undefined) runs.push(run);
    run = undefined;
  };
  for (let index = 0; index < lexemes.length;) {
    const lexeme = lexemes[index];
    if (lexeme === undefined) break;
    const piece = pieceAt(text, lexemes, index, readings);
    if (piece === undefined) {
      if (!lexeme.isJoiner || run === undefined) close();
      index += 1;
      continue;
    }
    if (run !== undefined && !known.onlyFillers(text.slice(run.end, lexeme.start))) close();
    run ??= { start: lexeme.start, end: piece.end, digits: '', pieces: 0, weak: piece.weak };
    run = {
      start: run.start,
      end: piece.end,
      digits: run.digits + piece.digits,
      pieces: run.pieces + 1,
      weak: run.weak && piece.weak,
    };
    index = piece.next;
  }
  close();
  return runs;
}

interface Piece {
  readonly end: number;
  readonly next: number;
  readonly digits: string;
  readonly weak: boolean;
}

function pieceAt(
  text: string,
  lexemes: readonly Lexeme[],
  index: number,
  readings: (index: number) => readonly Reading[],
): Piece | undefined {
  const lexeme = lexemes[index];
  if (lexeme === undefined) return undefined;
  const { repeat, digitOnly, numeral } = lexeme.values;
  if (repeat !== undefined) {
    const next = lexemes[index + 1];
    const digit =
      next?.values.unit ??
      next?.values.digitOnly ??
      (/^\d$/.test(next?.raw ?? '') ? next?.values.numeral : undefined);
    if (next !== undefined && digit !== undefined && /^[ -]?$/.test(text.slice(lexeme.end, next.start))) {
      return { end: next.end, next: index + 2, digits: String(digit).repeat(repeat), weak: false };
    }
  }
  if (numeral !== undefined) {
    if (lexeme.ordinalNumeral) return undefined;
    return { end: lexeme.end, next: index + 1, digits: lexeme.raw.replace(/\D/g, ''), weak: false };
  }
  if (digitOnly !== undefined) {
    // A lone "oh" is a sigh.
    return { end: lexeme.end, next: index + 1, digits: String(digitOnly), weak: true };
  }
  const [longest, shorter] = readings(index).filter((reading) => !reading.ordinal);
  if (longest === undefined) return undefined;
  // "eight hundred five five five" is 800 555: a digit with digits after it is no part of the hundreds.
  const lone = shorter !== undefined && shorter.value % 100 === 0 && longest.value - shorter.value < 10;
  const number = lone && lexemes[longest.next]?.values.unit !== undefined ? shorter : longest;
  return { end: number.end, next: number.next, digits: String(number.value), weak: number.weak };
}
