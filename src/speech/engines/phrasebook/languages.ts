/** Which acoustic model (`models/<name>.phones`) hears a dialect, and in which of the synthesizer's accents it is expected. */
export interface DialectHearing {
  readonly model: string;
  readonly accents: readonly string[];
}

/** Callers are not sorted by accent, so English is expected in three of them whatever the menu's own. */
const english: DialectHearing = { model: 'en', accents: ['en-us', 'en-gb', 'en-gb-scotland'] };

/** Explicit: a dialect that is not here is not heard. */
export const hearings: Readonly<Record<string, DialectHearing>> = {
  en: english,
  'en-us': english,
  'en-gb': english,
  'en-gb-scotland': english,
  cmn: { model: 'cmn', accents: ['cmn'] },
  yue: { model: 'yue', accents: ['yue'] },
};
