import { fallbackChain, sameLanguageChain } from '../../../dialect/catalogue.js';

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

/** How phrases of a dialect are expected: as its own, or as another of the same language (`cmn-sichuan` as `cmn`). */
export function hearingOf(dialect: string): DialectHearing | undefined {
  const known = sameLanguageChain(dialect).find((id) => Object.hasOwn(hearings, id));
  return known === undefined ? undefined : hearings[known];
}

/** The model that a recording in this dialect is heard by: any language can be, by the sounds of a related one. */
export function soundModelOf(dialect: string): string {
  const known = fallbackChain(dialect).find((id) => Object.hasOwn(hearings, id));
  return (known === undefined ? undefined : hearings[known]?.model) ?? 'en';
}
