/** Numbers in words, made independently of the grammars that read them. */

type Speaker = (value: number) => string;

const chinese = [...'零一二三四五六七八九'];

/** 0 to 99 999 999, with every unit said: 一万零五十. */
export const inChinese: Speaker = (value) => {
  if (value === 0) return '零';
  if (value >= 10_000) {
    const [high, low] = [Math.floor(value / 10_000), value % 10_000];
    return `${inChinese(high)}万${low === 0 ? '' : low < 1000 ? `零${inChinese(low)}` : inChinese(low)}`;
  }
  let words = '';
  let zero = false;
  for (const [unit, name] of [
    [1000, '千'],
    [100, '百'],
    [10, '十'],
    [1, ''],
  ] as const) {
    const digit = Math.floor(value / unit) % 10;
    if (digit === 0) {
      zero = words !== '';
      continue;
    }
    words += `${zero ? '零' : ''}${chinese[digit] ?? ''}${name}`;
    zero = false;
  }
  return words.startsWith('一十') ? words.slice(1) : words;
};

/** As callers say it: the last unit is left out where the one before it was said (一千二, 一百二, 三万五). */
export const inShortChinese: Speaker = (value) =>
  inChinese(value).replace(
    /(?<=万[一二三四五六七八九])千$|(?<=千[一二三四五六七八九])百$|(?<=百[一二三四五六七八九])十$/,
    '',
  );

const parts = (value: number, unit: number) => [Math.floor(value / unit), value % unit] as const;

const english =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const englishTens = '- - twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');

export const inEnglish: Speaker = (value) => {
  if (value < 20) return english[value] ?? '';
  if (value < 100) return joined(' ', englishTens[Math.floor(value / 10)], value % 10, inEnglish);
  const [unit, name] = value < 1000 ? [100, 'hundred'] : [1000, 'thousand'];
  const [high, low] = parts(value, unit);
  const and = low > 0 && low < 100 ? ' and ' : ' ';
  return joined(and, `${inEnglish(high)} ${name}`, low, inEnglish);
};

/** As in India: lakh and crore. */
export const inIndianEnglish: Speaker = (value) => {
  for (const [unit, name] of [
    [10_000_000, 'crore'],
    [100_000, 'lakh'],
  ] as const) {
    const [high, low] = parts(value, unit);
    if (high > 0) return joined(' ', `${inEnglish(high)} ${name}`, low, inIndianEnglish);
  }
  return inEnglish(value);
};

const spanish =
  'cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve'.split(
    ' ',
  );
const spanishTens = '- - - treinta cuarenta cincuenta sesenta setenta ochenta noventa'.split(' ');
const spanishHundreds =
  '- ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos'.split(
    ' ',
  );

export const inSpanish: Speaker = (value) => {
  if (value < 30) return spanish[value] ?? '';
  if (value < 100) return joined(' y ', spanishTens[Math.floor(value / 10)], value % 10, inSpanish);
  if (value === 100) return 'cien';
  if (value < 1000) return joined(' ', spanishHundreds[Math.floor(value / 100)], value % 100, inSpanish);
  const [high, low] = parts(value, 1000);
  return joined(' ', high === 1 ? 'mil' : `${inSpanish(high)} mil`, low, inSpanish);
};

const portuguese =
  'zero um dois três quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis dezessete dezoito dezenove'.split(
    ' ',
  );
const portugueseTens = '- - vinte trinta quarenta cinquenta sessenta setenta oitenta noventa'.split(' ');
const portugueseHundreds =
  '- cento duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos'.split(' ');

export const inPortuguese: Speaker = (value) => {
  if (value < 20) return portuguese[value] ?? '';
  if (value < 100) return joined(' e ', portugueseTens[Math.floor(value / 10)], value % 10, inPortuguese);
  if (value === 100) return 'cem';
  if (value < 1000)
    return joined(' e ', portugueseHundreds[Math.floor(value / 100)], value % 100, inPortuguese);
  const [high, low] = parts(value, 1000);
  const and = low < 100 || low % 100 === 0 ? ' e ' : ' ';
  return joined(and, high === 1 ? 'mil' : `${inPortuguese(high)} mil`, low, inPortuguese);
};

const french =
  'zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf'.split(
    ' ',
  );
const frenchTens = '- - vingt trente quarante cinquante soixante'.split(' ');

function frenchUnder100(value: number, swiss: boolean): string {
  if (value < 20) return french[value] ?? '';
  const ten = Math.floor(value / 10);
  const swissTen = swiss ? ['septante', 'huitante', 'nonante'][ten - 7] : undefined;
  const [word, base] =
    swissTen !== undefined
      ? [swissTen, ten * 10]
      : ten >= 8
        ? ['quatre-vingt', 80]
        : ten === 7
          ? ['soixante', 60]
          : [frenchTens[ten] ?? '', ten * 10];
  const rest = value - base;
  if (rest === 0) return base === 80 && swissTen === undefined ? 'quatre-vingts' : word;
  const and = (rest === 1 && base !== 80) || value === 71;
  return `${word}${and ? ' et ' : '-'}${frenchUnder100(rest, swiss)}`;
}

function frenchOf(swiss: boolean): Speaker {
  const speak: Speaker = (value) => {
    if (value < 100) return frenchUnder100(value, swiss);
    const [unit, name] = value < 1000 ? [100, 'cent'] : [1000, 'mille'];
    const [high, low] = parts(value, unit);
    return joined(' ', high === 1 ? name : `${speak(high)} ${name}`, low, speak);
  };
  return speak;
}
export const inFrench = frenchOf(false);
export const inSwissFrench = frenchOf(true);

const german =
  'null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn'.split(
    ' ',
  );
const germanTens = '- - zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig'.split(' ');
const einz = (word: string) => (word.endsWith('eins') ? word.slice(0, -1) : word);

export const inGerman: Speaker = (value) => {
  if (value < 20) return german[value] ?? '';
  if (value < 100) {
    const [ten, unit] = parts(value, 10);
    const tens = germanTens[ten] ?? '';
    return unit === 0 ? tens : `${einz(inGerman(unit))}und${tens}`;
  }
  const [unit, name] = value < 1000 ? [100, 'hundert'] : [1000, 'tausend'];
  const [high, low] = parts(value, unit);
  return `${einz(inGerman(high))}${name}${low === 0 ? '' : inGerman(low)}`;
};

const arabic =
  'صفر واحد اتنين تلاتة أربعة خمسة ستة سبعة تمانية تسعة عشرة حداشر اتناشر تلتاشر أربعتاشر خمستاشر ستاشر سبعتاشر تمنتاشر تسعتاشر'.split(
    ' ',
  );
const arabicTens = '- - عشرين تلاتين أربعين خمسين ستين سبعين تمانين تسعين'.split(' ');
const arabicHundreds = '- مية ميتين تلتمية ربعمية خمسمية ستمية سبعمية تمنمية تسعمية'.split(' ');

export const inArabic: Speaker = (value) => {
  if (value < 20) return arabic[value] ?? '';
  if (value < 100) {
    const [ten, unit] = parts(value, 10);
    const tens = arabicTens[ten] ?? '';
    return unit === 0 ? tens : `${inArabic(unit)} و${tens}`;
  }
  if (value < 1000) return joined(' و', arabicHundreds[Math.floor(value / 100)], value % 100, inArabic);
  const [high, low] = parts(value, 1000);
  const thousands =
    high === 1 ? 'ألف' : high === 2 ? 'ألفين' : `${inArabic(high)} ${high <= 10 ? 'تلاف' : 'ألف'}`;
  return joined(' و', thousands, low, inArabic);
};

function joined(between: string, high: string | undefined, low: number, speak: Speaker): string {
  return low === 0 ? (high ?? '') : `${high ?? ''}${between}${speak(low)}`;
}
