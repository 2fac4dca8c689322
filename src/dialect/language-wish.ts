import { dialects, fallbackChain } from './catalogue.js';
import { wordKey } from './plain-writing.js';

/** What a caller says about the language he wants: a dialect that he names, or any other than this one. */
export type LanguageWish = { readonly dialect: string } | 'other';

/** He wants another one, without naming it. */
const otherLanguage =
  /(换|转|改|讲|说|用)(一?[种个门])?(其他|别的?|第二|另外?一?|另)?(一?[种个样])?(语言|方言|话言|语种)|(another|other|different|change( the| my)?|switch( the)?) languages?|(otro|cambi(e|ar)( de| el)?) idioma|(outr[oa]|mudar( de| o)?|trocar( de| o)?) (idioma|lingua)|(andere|sprache wechseln|wechseln sie die) ?(sprache)?|(autre|changer (de|la)) langue|لغه (ثانيه|اخري|تانيه)|غير اللغه/u;

/** Right before a name: he does not speak that one. */
const notThis =
  /(不会|不太会|不懂|听不懂|听勿懂|不明白|唔识|唔识听|听唔明|唔明|勿会|弗会|勿懂|袂晓|毋会|晓不得|(don'?t|do not|can'?t|cannot|no) (speak|understand|know)( any| much)?|no (hablo|entiendo)|nao (falo|entendo)|(spreche|verstehe) kein|ne (parle|comprends) pas( le| l)?)[讲说听]?\s*$/u;

/** With so few letters besides it a name is the whole sentence. */
const mostAround = { han: 8, letters: 30 };

const names: readonly { readonly key: string; readonly dialect: string }[] = dialects
  .flatMap(({ id, calledBy }) => calledBy.map((name) => ({ key: wordKey(name), dialect: id })))
  .sort((a, b) => b.key.length - a.key.length);

/**
 * The language that a caller asks for; undefined if he does not. Of dialects with one name, that which is `spoken`, the
 * dialplan's, is meant. `raw` is a sentence in any language.
 */
export function languageWish(raw: string, spoken: readonly string[]): LanguageWish | undefined {
  const key = wordKey(raw);
  const found = names.filter(({ key: name }) => isIn(key, name));
  const [first] = found;
  if (first === undefined) return otherLanguage.test(key) ? 'other' : undefined;
  const at = key.indexOf(first.key);
  const around = key.replace(first.key, '').replace(/[\s\p{P}]/gu, '');
  const most = /\p{Script=Han}/u.test(around) ? mostAround.han : mostAround.letters;
  // In a longer sentence it may be what the sentence is about: 普通话考试.
  if ([...around].length > most) return undefined;
  if (notThis.test(key.slice(0, at))) return 'other';
  const alike = found.filter(({ key: name }) => name === first.key).map(({ dialect }) => dialect);
  const own = alike.find((dialect) => fallbackChain(dialect).some((id) => spoken.includes(id)));
  return { dialect: alike.find((dialect) => spoken.includes(dialect)) ?? own ?? first.dialect };
}

function isIn(key: string, name: string): boolean {
  if (/\p{Script=Han}/u.test(name)) return key.includes(name);
  return new RegExp(`(?<![\\p{L}])${name.replace(/[()]/g, '\\$&')}(?![\\p{L}])`, 'u').test(key);
}
