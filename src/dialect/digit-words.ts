import { findDialect } from './catalogue.js';

/** Words for 0 to 9 as read out one by one, by language. */
const words: Readonly<Record<string, readonly string[]>> = {
  cmn: ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'],
  yue: ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'],
  en: ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'],
  es: ['cero', 'uno', 'dos', 'tres', 'cuatro', 'cinco', 'seis', 'siete', 'ocho', 'nueve'],
  pt: ['zero', 'um', 'dois', 'três', 'quatro', 'cinco', 'seis', 'sete', 'oito', 'nove'],
  de: ['null', 'eins', 'zwei', 'drei', 'vier', 'fünf', 'sechs', 'sieben', 'acht', 'neun'],
  fr: ['zéro', 'un', 'deux', 'trois', 'quatre', 'cinq', 'six', 'sept', 'huit', 'neuf'],
  ar: ['صفر', 'واحد', 'اثنان', 'ثلاثة', 'أربعة', 'خمسة', 'ستة', 'سبعة', 'ثمانية', 'تسعة'],
};

/** Chinese writing is read out with the same characters in every Sinitic language; the voice makes the difference. */
const sinitic = new Set(['cmn', 'yue', 'wuu', 'nan', 'hak', 'gan', 'hsn', 'cjy']);

/**
 * How digits are read out one by one in a dialect: `digitsAsWords('1203', 'en-gb')` is `one two zero three`.
 * Groups are parted by a comma, which every voice makes a short pause of. What is no digit is left out.
 *
 * @param groupSizes lengths of the groups, in order (`[2, 2, 4]`); what is longer goes on in the last size. Without it
 *   up to five digits stand together, more are read in threes and fours as people do.
 */
export function digitsAsWords(value: string, dialect: string, groupSizes?: readonly number[]): string {
  const digits = value.replace(/[^0-9]/g, '');
  const language = findDialect(dialect)?.language ?? '';
  const table = words[sinitic.has(language) ? (words[language] ? language : 'cmn') : language];
  const chinese = sinitic.has(language);
  const groups: string[] = [];
  for (const group of split(digits, groupSizes ?? usualGroups(digits.length))) {
    groups.push([...group].map((d) => table?.[Number(d)] ?? d).join(' '));
  }
  return groups.join(chinese ? '，' : language === 'ar' ? '، ' : ', ');
}

/** Of 0, 1 and 2, what else is said for them. */
const alsoSaid: Readonly<Record<string, readonly string[]>> = {
  cmn: ['〇', '洞', '幺', '两'],
  en: ['oh', 'o'],
  de: ['zwo', 'ein'],
};

/** How many digits were read out so far in what was heard: figures, or words of the dialect one by one. */
export function digitsHeard(heard: string, dialect: string): number {
  const language = findDialect(dialect)?.language ?? '';
  const table = sinitic.has(language) ? 'cmn' : language;
  const known = [...(words[table] ?? []), ...(alsoSaid[table] ?? [])];
  const figures = heard.match(/\p{Nd}/gu)?.length ?? 0;
  if (sinitic.has(language)) return figures + [...heard].filter((sign) => known.includes(sign)).length;
  const said = heard.toLowerCase().match(/\p{L}+/gu) ?? [];
  return figures + said.filter((word) => known.includes(word)).length;
}

/** 6 is 3+3, 7 is 3+4, 8 is 4+4, 10 is 3+3+4, 11 is 3+4+4, 12 is 4+4+4: threes first, fours last. */
function usualGroups(length: number): readonly number[] {
  if (length <= 5) return [5];
  const count = Math.ceil(length / 4);
  const threes = count * 4 - length;
  return Array.from({ length: count }, (_, index) => (index < threes ? 3 : 4));
}

function split(digits: string, sizes: readonly number[]): string[] {
  const groups: string[] = [];
  let index = 0;
  while (digits.length > 0) {
    const size = Math.max(1, sizes[Math.min(index, sizes.length - 1)] ?? digits.length);
    groups.push(digits.slice(0, size));
    digits = digits.slice(size);
    index += 1;
  }
  return groups;
}
