import { findDialect } from './catalogue.js';
import { familyOf } from './packs.js';

/** Days by their canonical names, by dialect or language. */
const days: Readonly<
  Record<string, readonly [before: string, yesterday: string, today: string, tomorrow: string, after: string]>
> = {
  cmn: ['前天', '昨天', '今天', '明天', '后天'],
  yue: ['前日', '琴日', '今日', '听日', '后日'],
  wuu: ['前日', '昨日', '今朝', '明朝', '后日'],
  nan: ['昨日', '昨昏', '今仔日', '明仔载', '后日'],
  hak: ['前日', '秋晡日', '今晡日', '天光日', '后日'],
  'cmn-sichuan': ['前天', '昨天', '今天', '明天', '后天'],
  'cmn-dongbei': ['前儿个', '昨儿个', '今儿个', '明儿个', '后儿个'],
  en: ['the day before yesterday', 'yesterday', 'today', 'tomorrow', 'the day after tomorrow'],
  es: ['anteayer', 'ayer', 'hoy', 'mañana', 'pasado mañana'],
  pt: ['anteontem', 'ontem', 'hoje', 'amanhã', 'depois de amanhã'],
  de: ['vorgestern', 'gestern', 'heute', 'morgen', 'übermorgen'],
  fr: ['avant-hier', 'hier', "aujourd'hui", 'demain', 'après-demain'],
  ar: ['أول أمس', 'أمس', 'اليوم', 'غدا', 'بعد غد'],
};

const dayNames = ['day-before-yesterday', 'yesterday', 'today', 'tomorrow', 'day-after-tomorrow'];

const months: Readonly<Record<string, string>> = {
  en: 'January February March April May June July August September October November December',
  es: 'enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre',
  pt: 'janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro',
  de: 'Januar Februar März April Mai Juni Juli August September Oktober November Dezember',
  fr: 'janvier février mars avril mai juin juillet août septembre octobre novembre décembre',
  ar: 'يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر',
};

/** How day and month stand together. */
const dayAndMonth: Readonly<Record<string, (day: number, month: string) => string>> = {
  es: (day, month) => `${String(day)} de ${month}`,
  pt: (day, month) => `${String(day)} de ${month}`,
  de: (day, month) => `${String(day)}. ${month}`,
};

/** Languages that write 1,5 for one and a half. */
const decimalComma: ReadonlySet<string> = new Set(['es-es', 'pt-br', 'pt-pt', 'de-de', 'de-at', 'fr-fr']);

/**
 * A slot's canonical value in words that a voice of the dialect reads rightly: `spokenValue('date', 'tomorrow', 'yue')` is
 * 听日. What is no value of the type is given back as it is.
 */
export function spokenValue(type: 'amount' | 'date' | 'time', value: string, dialect: string): string {
  const chinese = familyOf(dialect) === 'sinitic';
  switch (type) {
    case 'amount':
      if (!/^\d+(\.\d+)?$/.test(value)) return value;
      if (chinese) return chineseDecimal(value);
      return decimalComma.has(dialect) ? value.replace('.', ',') : value;
    case 'date':
      return spokenDate(value, dialect, chinese);
    case 'time': {
      const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(value) ?? [];
      if (hour === undefined || minute === undefined || !chinese) return value;
      const minutes = Number(minute);
      const rest = minutes === 0 ? '整' : `${minutes < 10 ? '零' : ''}${chineseNumber(minutes)}分`;
      return `${chineseHour(Number(hour))}点${rest}`;
    }
  }
}

function spokenDate(value: string, dialect: string, chinese: boolean): string {
  const language = findDialect(dialect)?.language ?? dialect;
  const day = dayNames.indexOf(value);
  if (day >= 0) return (days[dialect] ?? days[language] ?? days['cmn'])?.[day] ?? value;
  const [, month, dayOfMonth] = /^(\d{2})-(\d{2})$/.exec(value) ?? [];
  if (month === undefined || dayOfMonth === undefined) return value;
  if (chinese) return `${chineseNumber(Number(month))}月${chineseNumber(Number(dayOfMonth))}号`;
  const name = months[language]?.split(' ')[Number(month) - 1];
  if (name === undefined) return value;
  return dayAndMonth[language]?.(Number(dayOfMonth), name) ?? `${String(Number(dayOfMonth))} ${name}`;
}

const numerals = '零一二三四五六七八九';
const places = ['', '十', '百', '千'];

function chineseDecimal(value: string): string {
  const [whole = '0', fraction] = value.split('.');
  const said = chineseNumber(Number(whole));
  return fraction === undefined
    ? said
    : `${said}点${[...fraction].map((digit) => numerals.charAt(Number(digit))).join('')}`;
}

/** Two o'clock is 两点, 12 is 十二点. */
function chineseHour(hour: number): string {
  return hour === 2 ? '两' : chineseNumber(hour);
}

/** 1205 is 一千二百零五, 12 is 十二, 20000 is 两万. */
function chineseNumber(value: number): string {
  if (value === 0) return '零';
  if (value >= 1e8) return groups(value, 1e8, '亿');
  if (value >= 1e4) return groups(value, 1e4, '万');
  const digits = String(value);
  let said = '';
  let skipped = false;
  for (const [index, character] of [...digits].entries()) {
    const digit = Number(character);
    const place = digits.length - 1 - index;
    if (digit === 0) {
      skipped = true;
      continue;
    }
    if (skipped) said += '零';
    skipped = false;
    const leadingTen = index === 0 && place === 1 && digit === 1;
    said += `${leadingTen ? '' : numerals.charAt(digit)}${places[place] ?? ''}`;
  }
  return said.replace(/^二(?=千)/, '两');
}

function groups(value: number, unit: number, name: string): string {
  const high = Math.floor(value / unit);
  const low = value % unit;
  const head = high === 2 ? '两' : chineseNumber(high);
  const zero = low > 0 && low < unit / 10 ? '零' : '';
  const tail =
    low > 0 && low >= 10 && low < 20 ? `一${chineseNumber(low)}` : low > 0 ? chineseNumber(low) : '';
  return `${head}${name}${zero}${tail}`;
}
