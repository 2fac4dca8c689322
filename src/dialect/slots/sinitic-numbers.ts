import type { NumberWords, WordsByValue } from './slot-words.js';
import type { DigitRun, NumberReader, SpokenNumber } from './spoken-number.js';

/** Reads numbers written in Chinese characters, ASCII digits, or both, as all Sinitic languages say them. */
export function siniticNumbers(words: NumberWords, fold: (text: string) => string): NumberReader {
  const table = characters(words, fold);
  return (text) => ({ at: (index) => numbersAt(text, index, table), runs: digitRuns(text, table) });
}

/** One character each; every reading of the grammar is by character. */
interface Characters {
  readonly digits: ReadonlyMap<string, number>;
  /** Digits only beside other digits. */
  readonly soft: ReadonlyMap<string, number>;
  /** 廿 20, 卅 30, 卌 40. */
  readonly tens: ReadonlyMap<string, number>;
  readonly units: ReadonlyMap<string, number>;
  readonly repeats: ReadonlyMap<string, number>;
  readonly repeatMarks: readonly string[];
  readonly points: readonly string[];
  readonly fillers: readonly string[];
  readonly tensJoiners: readonly string[];
  /** 单 and 零 inside a number: 一百单五. */
  readonly zeros: readonly string[];
}

function characters(words: NumberWords, fold: (text: string) => string): Characters {
  const byWord = (table: WordsByValue) =>
    new Map(
      Object.entries(table).flatMap(([value, list]) =>
        list.map((word) => [fold(word), Number(value)] as const),
      ),
    );
  const digits = byWord(words.units);
  return {
    digits: new Map([...digits, ...byWord(words.digitsOnly)]),
    soft: byWord(words.softDigits),
    tens: byWord(words.tens),
    units: byWord(words.times),
    repeats: byWord(words.repeats),
    repeatMarks: words.repeatMarks.map(fold),
    points: words.point.map(fold),
    fillers: words.fillers.map(fold).sort((a, b) => b.length - a.length),
    tensJoiners: words.tensJoiners.map(fold),
    zeros: [
      ...[...digits].filter(([, value]) => value === 0).map(([word]) => word),
      ...words.joiners.map(fold),
    ],
  };
}

function numbersAt(text: string, start: number, table: Characters): readonly SpokenNumber[] {
  const before = text[start - 1] ?? '';
  // Not in the middle of a number: the 二 of 十二 is no 2.
  if (isNumeral(before, table) && !table.tensJoiners.includes(before)) return [];
  const whole = cardinal(text, start, table) ?? plainDigits(text, start, table);
  if (whole === undefined) return [];
  const numeral = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?|^\d+\.\d+/.exec(text.slice(start))?.[0];
  if (numeral !== undefined && start + numeral.length > whole.end) {
    return [{ ...whole, end: start + numeral.length, value: Number(numeral.replaceAll(',', '')) }, whole];
  }
  // 三点五 may be 3.5, or three o'clock and something: both readings are given.
  const decimal = withPoint(text, whole, table);
  return decimal === whole ? [whole] : [decimal, whole];
}

function isNumeral(char: string, { digits, tens, units }: Characters): boolean {
  return /^\d$/.test(char) || digits.has(char) || tens.has(char) || units.has(char);
}

/** 二零二五, 三五: a row of digits as one number. */
function plainDigits(text: string, start: number, table: Characters): SpokenNumber | undefined {
  let end = start;
  let digits = '';
  for (; end < text.length; end += 1) {
    const char = text[end] ?? '';
    const digit = /^\d$/.test(char) ? Number(char) : table.digits.get(char);
    if (digit === undefined) break;
    digits += String(digit);
  }
  if (digits === '' || digits.length > 15) return undefined;
  return { start, end, value: Number(digits), ordinal: false, weak: false };
}

/**
 * A number with its units: 一百零五, 两千五 (2500), 百二 (120), 万五 (15000), 廿三, 3千5, 12万. A last digit without its
 * unit counts in the unit under the last one, unless 零 stands before it. Undefined for rows of bare digits.
 */
function cardinal(text: string, start: number, table: Characters): SpokenNumber | undefined {
  let [total, section, pending] = [0, 0, undefined as number | undefined];
  // The last unit said, and the one a digit after it counts in.
  let [lastUnit, hadUnit, afterZero, upTo] = [Infinity, false, false, undefined as number | undefined];
  let index = start;
  for (; index < text.length; index += 1) {
    const char = text[index] ?? '';
    const unit = table.units.get(char);
    const ten = table.tens.get(char);
    const digit = table.digits.get(char);
    if (/^\d$/.test(char)) {
      const numeral = /^\d+(?:,\d{3})*(?:\.\d+)?/.exec(text.slice(index))?.[0] ?? char;
      if (pending !== undefined || (hadUnit && numeral.length > 2)) break;
      pending = Number(numeral.replaceAll(',', ''));
      index += numeral.length - 1;
    } else if (unit !== undefined) {
      if (unit >= 10_000) {
        if (section + (pending ?? 0) === 0 && (hadUnit || !leads(text, index, table))) break;
        total =
          unit === 10_000
            ? total + (section + (pending ?? 0) || 1) * unit
            : (total + section + (pending ?? 0) || 1) * unit;
        section = 0;
      } else {
        if (unit >= lastUnit && hadUnit && lastUnit < 10_000) break;
        if (pending === undefined && unit > 10 && (hadUnit || !leads(text, index, table))) break;
        section += (pending ?? 1) * unit;
      }
      [pending, lastUnit, hadUnit, afterZero] = [undefined, unit, true, false];
    } else if (ten !== undefined) {
      if (pending !== undefined || (hadUnit && lastUnit <= 10)) break;
      section += ten;
      [lastUnit, hadUnit, afterZero] = [10, true, false];
      // 廿呀五
      if (table.tensJoiners.includes(text[index + 1] ?? '') && isSmall(text[index + 2], table)) index += 1;
    } else if (table.zeros.includes(char) && hadUnit) {
      if (pending !== undefined || afterZero || !startsNumber(text[index + 1], table)) break;
      afterZero = true;
    } else if (digit !== undefined) {
      if (pending !== undefined) {
        // 一百五六, 三五百: two neighbours are a range; anything else is a row of digits.
        const next = table.units.get(text[index + 1] ?? '');
        const rising = digit > pending && digit - pending <= 2 && pending > 0;
        if (!rising || (!hadUnit && next === undefined) || upTo !== undefined) break;
        if (next !== undefined) {
          upTo = total + section + digit * next;
          continue;
        }
        upTo =
          total +
          section +
          digit * (lastUnit >= 100 && !afterZero && Number.isFinite(lastUnit) ? lastUnit / 10 : 1);
        continue;
      }
      pending = digit;
      // 三呀五 is 三十五.
      if (
        !hadUnit &&
        digit > 1 &&
        table.tensJoiners.includes(text[index + 1] ?? '') &&
        isSmall(text[index + 2], table)
      ) {
        [section, pending, lastUnit, hadUnit] = [digit * 10, undefined, 10, true];
        index += 1;
      }
    } else {
      break;
    }
  }
  if (!hadUnit) return undefined;
  const elided = pending !== undefined && !afterZero && pending < 10 && lastUnit >= 100;
  const value = total + section + (pending ?? 0) * (elided ? lastUnit / 10 : 1);
  return {
    start,
    end: index,
    value,
    ordinal: false,
    weak: false,
    ...(upTo === undefined ? {} : { upTo }),
  };
}

/** A unit that begins a number (百二, 千三, 万五, 百零五) needs a digit after it; 十 does not. */
function leads(text: string, index: number, table: Characters): boolean {
  if (table.zeros.includes(text[index + 1] ?? '')) return isSmall(text[index + 2], table);
  return isSmall(text[index + 1], table) || table.tens.has(text[index + 1] ?? '');
}

function isSmall(char: string | undefined, table: Characters): boolean {
  const digit = table.digits.get(char ?? '');
  return digit !== undefined && digit > 0;
}

function startsNumber(char: string | undefined, table: Characters): boolean {
  return (
    isSmall(char, table) ||
    table.tens.has(char ?? '') ||
    /^\d$/.test(char ?? '') ||
    table.units.get(char ?? '') === 10
  );
}

/** 三点五, 一百二十点五: digits after the point are said one by one. 1.2万 was read as a numeral. */
function withPoint(text: string, whole: SpokenNumber, table: Characters): SpokenNumber {
  const point = table.points.find((word) => text.startsWith(word, whole.end));
  if (point === undefined || whole.upTo !== undefined) return whole;
  const fraction = plainDigits(text, whole.end + point.length, table);
  const afterwards = text[fraction?.end ?? 0] ?? '';
  if (fraction === undefined) return whole;
  const places = text.slice(whole.end + point.length, fraction.end).length;
  const value = whole.value + fraction.value / 10 ** places;
  const big = table.units.get(afterwards) ?? 1;
  if (big > 1 && big < 10_000) return whole;
  return { ...whole, end: fraction.end + (big > 1 ? 1 : 0), value: value * big };
}

interface Piece {
  readonly end: number;
  readonly digits: string;
  readonly soft: boolean;
}

/** Rows of digits with nothing but fillers between: 幺三八四个八, 13八 零零, 三千四百五十六. */
function digitRuns(text: string, table: Characters): readonly DigitRun[] {
  const runs: DigitRun[] = [];
  let pieces: { readonly start: number; readonly piece: Piece }[] = [];
  const close = () => {
    const first = pieces[0];
    const last = pieces.at(-1);
    // 洞, 拐, 勾 are words of their own: only among other digits, or three in a row, they are digits.
    const hard = pieces.filter(({ piece }) => !piece.soft).length;
    if (
      first !== undefined &&
      last !== undefined &&
      (hard >= 2 || (hard > 0 && pieces.length === hard) || pieces.length >= 3)
    ) {
      runs.push({
        start: first.start,
        end: last.piece.end,
        digits: pieces.map(({ piece }) => piece.digits).join(''),
        pieces: pieces.length,
        weak: false,
      });
    }
    pieces = [];
  };
  for (let index = 0; index < text.length;) {
    const piece = pieceAt(text, index, table);
    if (piece === undefined) {
      const skipped = pieces.length > 0 ? fillerAt(text, index, table) : 0;
      if (skipped === 0) close();
      index += Math.max(1, skipped);
      continue;
    }
    pieces.push({ start: index, piece });
    index = piece.end;
  }
  close();
  return runs;
}

function fillerAt(text: string, index: number, table: Characters): number {
  if (/[\s,.，。;:()-]/.test(text[index] ?? '')) return 1;
  return table.fillers.find((word) => text.startsWith(word, index))?.length ?? 0;
}

function pieceAt(text: string, index: number, table: Characters): Piece | undefined {
  const char = text[index] ?? '';
  const repeated = repeatAt(text, index, table);
  if (repeated !== undefined) return repeated;
  const numeral = /^\d+(?![\d,.]*[十百千万])/.exec(text.slice(index))?.[0];
  if (numeral !== undefined) return { end: index + numeral.length, digits: numeral, soft: false };
  const number = cardinal(text, index, table);
  if (number !== undefined && number.upTo === undefined && Number.isSafeInteger(number.value)) {
    return { end: number.end, digits: String(number.value), soft: false };
  }
  const digit = table.digits.get(char);
  if (digit !== undefined) return { end: index + 1, digits: String(digit), soft: false };
  const soft = table.soft.get(char);
  return soft === undefined ? undefined : { end: index + 1, digits: String(soft), soft: true };
}

/** 四个八 is 8888, 一个零 is 0, 双五 and 孖五 are 55. */
function repeatAt(text: string, index: number, table: Characters): Piece | undefined {
  const char = text[index] ?? '';
  let [count, next] = [table.repeats.get(char), index + 1];
  if (count === undefined) {
    count = /^[2-9]$/.test(char) ? Number(char) : table.digits.get(char);
    const mark = table.repeatMarks.find((word) => text.startsWith(word, next));
    if (mark === undefined || count === undefined || count < 1) return undefined;
    next += mark.length;
  }
  const said = text[next] ?? '';
  const digit = /^\d$/.test(said) ? Number(said) : (table.digits.get(said) ?? table.soft.get(said));
  // 两个十 and 三个百 count, 四个八十 is nothing that anybody says of digits.
  if (digit === undefined || table.units.has(text[next + 1] ?? '')) return undefined;
  return { end: next + 1, digits: String(digit).repeat(count), soft: false };
}
