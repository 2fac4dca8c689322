import { dialectIds } from '../../src/dialect/catalogue.js';
import type { RecognizerCapabilities } from '../../src/speech/recognizer.js';

/** An engine of open speech that hears every dialect and keeps its words; it says nothing before the end. */
export const hearsEveryDialect: RecognizerCapabilities = {
  sampleRatesHz: [8000],
  interim: false,
  openSpeech: true,
  dialects: dialectIds,
  dialectPreserving: true,
  phraseHints: false,
};
