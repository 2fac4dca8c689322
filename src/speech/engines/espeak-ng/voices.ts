/**
 * Dialect id to espeak-ng voice, explicit (never derived). Only dialects whose own pronunciation and script the voice
 * has: no Wu, Minnan or Hakka (`hak` reads romanised text alone, hanzi become "Chinese letter"), no regional Mandarin, no
 * spoken Arabic. Their fallback chains are the dialect catalogue's matter.
 */
export const espeakVoices: Readonly<Record<string, string>> = {
  cmn: 'cmn',
  yue: 'yue',
  en: 'en',
  'en-gb': 'en',
  'en-us': 'en-us',
  'en-gb-scotland': 'en-gb-scotland',
  es: 'es',
  'es-es': 'es',
  'es-mx': 'es-419',
  pt: 'pt',
  'pt-pt': 'pt',
  'pt-br': 'pt-br',
  de: 'de',
  'de-de': 'de',
  fr: 'fr',
  'fr-fr': 'fr',
  'fr-ch': 'fr-ch',
  ar: 'ar',
};

/** The engine's voice for a request: its own name, or a variant (`+f3`) of the dialect's voice, or the dialect's voice. */
export function espeakVoice(dialect: string, voice: string | undefined): string | undefined {
  if (voice !== undefined && !voice.startsWith('+')) return voice;
  const base = Object.hasOwn(espeakVoices, dialect) ? espeakVoices[dialect] : undefined;
  return base === undefined ? undefined : base + (voice ?? '');
}
