/**
 * How far a caller is let speak, the freest first:
 * - `open`: whatever he says; it is acted upon, and asked back only where it is not sure.
 * - `closed`: the phrases that a question expects, which a recognizer of closed sets hears without a doubt.
 * - `confirm`: phrases and open speech, but each answer is read back before it counts.
 * - `keys`: keys, or a person; of speech only whole answers and control words count.
 */
export type Autonomy = 'open' | 'closed' | 'confirm' | 'keys';

/** One dialect or accent that callers speak. */
export interface Dialect {
  /** Internal id; engines map it to their own codes by an explicit table, never by deriving. */
  readonly id: string;
  /** English name. */
  readonly name: string;
  /** Name in its own writing, as a caller or an admin there would read it. */
  readonly ownName: string;
  /**
   * The language whose words it is written in: dialects of one language can be given each other's prompts, others
   * cannot (a Cantonese caller may follow Mandarin, but is not spoken to in his own language then).
   */
  readonly language: string;
  /** What to try, in order, where nothing is there for this dialect. */
  readonly fallback: readonly string[];
  /**
   * With an engine of which nothing was measured. By published error rates (reference/dialect.md, 1.5): Mandarin's accents
   * and Cantonese 4 to 14 %, Changsha 23 to 29, Shanghai 13 to 45, others of the family not told apart, 15 to 72.
   */
  readonly autonomy: Autonomy;
  /** What callers call it, in whatever language they say so. */
  readonly calledBy: readonly string[];
}

interface Row {
  readonly autonomy?: Autonomy;
  readonly calledBy?: string;
}

/** `calledBy` is written with commas. */
const dialect = (
  id: string,
  language: string,
  name: string,
  ownName: string,
  fallback: string,
  { autonomy = 'open', calledBy = '' }: Row = {},
): Dialect => ({
  id,
  name,
  ownName,
  language,
  fallback: fallback.split(' ').filter(Boolean),
  autonomy,
  calledBy: [...new Set([ownName, ...calledBy.split(',').map((one) => one.trim())])].filter(Boolean),
});

// A language that no one accent of it stands for: each answers to its name.
const calledEnglish = 'english, 英语, 英文, inglés, inglês, englisch, anglais, إنجليزي, الإنجليزية';
const calledSpanish = 'español, castellano, spanish, 西班牙语, espanhol, spanisch, espagnol';
const calledPortuguese = 'português, portuguese, portugués, 葡萄牙语, portugiesisch, portugais';
const calledArabic = 'عربي, العربية, arabic, 阿拉伯语, árabe, arabisch, arabe';

/** Every dialect Xiangyin has a name for, the widest first within a family. */
export const dialects: readonly Dialect[] = [
  dialect('cmn', 'cmn', 'Mandarin', '普通话', '', {
    calledBy: '国语, 汉语, 中文, 官话, mandarin, chinese, putonghua, mandarín, chino',
  }),
  dialect('cmn-sichuan', 'cmn', 'Mandarin, Sichuan', '四川话', 'cmn', { calledBy: '重庆话, 成都话' }),
  dialect('cmn-dongbei', 'cmn', 'Mandarin, Northeastern', '东北话', 'cmn'),
  dialect('cmn-shandong', 'cmn', 'Mandarin, Shandong', '山东话', 'cmn', { calledBy: '济南话, 青岛话' }),
  dialect('cmn-henan', 'cmn', 'Mandarin, Henan', '河南话', 'cmn', { calledBy: '郑州话' }),
  dialect('cmn-shaanxi', 'cmn', 'Mandarin, Shaanxi', '陕西话', 'cmn', { calledBy: '西安话, 关中话' }),
  dialect('cmn-hunan', 'cmn', 'Mandarin, Hunan', '湖南普通话', 'cmn', { autonomy: 'confirm' }),
  dialect('cmn-hubei', 'cmn', 'Mandarin, Hubei', '湖北话', 'cmn', { calledBy: '武汉话' }),
  dialect('yue', 'yue', 'Cantonese', '广东话', 'cmn', { calledBy: '粤语, 白话, 广州话, 香港话, cantonese' }),
  dialect('wuu', 'wuu', 'Wu (Shanghainese)', '吴语', 'cmn', {
    autonomy: 'keys',
    calledBy: '上海话, 苏州话, 上海闲话, 苏州闲话, 宁波话, shanghainese',
  }),
  dialect('nan', 'nan', 'Minnan (Hokkien)', '闽南话', 'cmn', {
    autonomy: 'keys',
    calledBy: '闽南语, 台语, 台湾话, 潮汕话, 福建话, hokkien, taiwanese',
  }),
  dialect('hak', 'hak', 'Hakka', '客家话', 'cmn', { autonomy: 'keys', calledBy: '客语, hakka' }),
  dialect('gan', 'gan', 'Gan', '赣语', 'cmn', { autonomy: 'keys', calledBy: '江西话, 南昌话' }),
  dialect('hsn', 'hsn', 'Xiang', '湘语', 'cmn-hunan cmn', {
    autonomy: 'confirm',
    calledBy: '长沙话, 湖南话',
  }),
  dialect('cjy', 'cjy', 'Jin', '晋语', 'cmn', { autonomy: 'keys', calledBy: '山西话, 太原话' }),
  dialect('en-us', 'en', 'English, United States', 'English (US)', 'en-gb en-in', {
    calledBy: calledEnglish,
  }),
  dialect('en-gb', 'en', 'English, Britain', 'English (UK)', 'en-us en-in', {
    calledBy: calledEnglish,
  }),
  dialect('en-in', 'en', 'English, India', 'English (India)', 'en-gb en-us', { calledBy: 'english' }),
  dialect('es-mx', 'es', 'Spanish, Mexico', 'Español (México)', 'es-es', {
    calledBy: calledSpanish,
  }),
  dialect('es-es', 'es', 'Spanish, Spain', 'Español (España)', 'es-mx', {
    calledBy: calledSpanish,
  }),
  dialect('pt-br', 'pt', 'Portuguese, Brazil', 'Português (Brasil)', 'pt-pt', {
    calledBy: calledPortuguese,
  }),
  dialect('pt-pt', 'pt', 'Portuguese, Portugal', 'Português (Portugal)', 'pt-br', {
    calledBy: calledPortuguese,
  }),
  dialect('ar-gulf', 'ar', 'Arabic, Gulf', 'العربية الخليجية', 'ar-eg', {
    autonomy: 'confirm',
    calledBy: calledArabic,
  }),
  dialect('ar-eg', 'ar', 'Arabic, Egypt', 'العربية المصرية', 'ar-gulf', {
    autonomy: 'confirm',
    calledBy: calledArabic,
  }),
  dialect('de-de', 'de', 'German, Germany', 'Deutsch', 'de-at de-ch', {
    calledBy: 'german, 德语, alemán, allemand',
  }),
  dialect('de-at', 'de', 'German, Austria', 'Deutsch (Österreich)', 'de-de', { calledBy: 'deutsch, german' }),
  dialect('de-ch', 'de', 'German, Switzerland', 'Schweizerdeutsch', 'de-de de-at', {
    autonomy: 'confirm',
    calledBy: 'schwiizerdütsch, deutsch, swiss german',
  }),
  dialect('fr-fr', 'fr', 'French, France', 'Français', 'fr-ch', {
    calledBy: 'french, 法语, francés, französisch',
  }),
  dialect('fr-ch', 'fr', 'French, Switzerland', 'Français (Suisse)', 'fr-fr', {
    calledBy: 'français, french',
  }),
];

const byId: ReadonlyMap<string, Dialect> = new Map(dialects.map((d) => [d.id, d]));

/** Ids in the catalogue's order. */
export const dialectIds: readonly string[] = dialects.map((d) => d.id);

export function isDialectId(id: string): boolean {
  return byId.has(id);
}

export function findDialect(id: string): Dialect | undefined {
  return byId.get(id);
}

/** The dialect itself, then what to try instead, best first. An id nobody knows stands alone. */
export function fallbackChain(id: string): readonly string[] {
  return [id, ...(byId.get(id)?.fallback ?? [])];
}

/** The part of {@link fallbackChain} that is the same language: whose words the caller takes for his own. */
export function sameLanguageChain(id: string): readonly string[] {
  const language = byId.get(id)?.language;
  return fallbackChain(id).filter((other) => other === id || byId.get(other)?.language === language);
}
