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
}

const dialect = (
  id: string,
  language: string,
  name: string,
  ownName: string,
  ...fallback: readonly string[]
): Dialect => ({ id, name, ownName, language, fallback });

/** Every dialect Xiangyin has a name for, the widest first within a family. */
export const dialects: readonly Dialect[] = [
  dialect('cmn', 'cmn', 'Mandarin', '普通话'),
  dialect('cmn-sichuan', 'cmn', 'Mandarin, Sichuan', '四川话', 'cmn'),
  dialect('cmn-dongbei', 'cmn', 'Mandarin, Northeastern', '东北话', 'cmn'),
  dialect('cmn-shandong', 'cmn', 'Mandarin, Shandong', '山东话', 'cmn'),
  dialect('cmn-henan', 'cmn', 'Mandarin, Henan', '河南话', 'cmn'),
  dialect('cmn-shaanxi', 'cmn', 'Mandarin, Shaanxi', '陕西话', 'cmn'),
  dialect('cmn-hunan', 'cmn', 'Mandarin, Hunan', '湖南普通话', 'cmn'),
  dialect('cmn-hubei', 'cmn', 'Mandarin, Hubei', '湖北话', 'cmn'),
  dialect('yue', 'yue', 'Cantonese', '广东话', 'cmn'),
  dialect('wuu', 'wuu', 'Wu (Shanghainese)', '吴语', 'cmn'),
  dialect('nan', 'nan', 'Minnan (Hokkien)', '闽南话', 'cmn'),
  dialect('hak', 'hak', 'Hakka', '客家话', 'cmn'),
  dialect('gan', 'gan', 'Gan', '赣语', 'cmn'),
  dialect('hsn', 'hsn', 'Xiang', '湘语', 'cmn-hunan', 'cmn'),
  dialect('cjy', 'cjy', 'Jin', '晋语', 'cmn'),
  dialect('en-us', 'en', 'English, United States', 'English (US)', 'en-gb', 'en-in'),
  dialect('en-gb', 'en', 'English, Britain', 'English (UK)', 'en-us', 'en-in'),
  dialect('en-in', 'en', 'English, India', 'English (India)', 'en-gb', 'en-us'),
  dialect('es-mx', 'es', 'Spanish, Mexico', 'Español (México)', 'es-es'),
  dialect('es-es', 'es', 'Spanish, Spain', 'Español (España)', 'es-mx'),
  dialect('pt-br', 'pt', 'Portuguese, Brazil', 'Português (Brasil)', 'pt-pt'),
  dialect('pt-pt', 'pt', 'Portuguese, Portugal', 'Português (Portugal)', 'pt-br'),
  dialect('ar-gulf', 'ar', 'Arabic, Gulf', 'العربية الخليجية', 'ar-eg'),
  dialect('ar-eg', 'ar', 'Arabic, Egypt', 'العربية المصرية', 'ar-gulf'),
  dialect('de-de', 'de', 'German, Germany', 'Deutsch', 'de-at', 'de-ch'),
  dialect('de-at', 'de', 'German, Austria', 'Deutsch (Österreich)', 'de-de'),
  dialect('de-ch', 'de', 'German, Switzerland', 'Schweizerdeutsch', 'de-de', 'de-at'),
  dialect('fr-fr', 'fr', 'French, France', 'Français', 'fr-ch'),
  dialect('fr-ch', 'fr', 'French, Switzerland', 'Français (Suisse)', 'fr-fr'),
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
