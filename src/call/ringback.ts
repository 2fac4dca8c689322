import { fallbackChain } from '../dialect/catalogue.js';

/**
 * What a caller hears while the other telephone rings (ITU-T E.180, by the country that a dialect is spoken in), as tone
 * scripts: `%(on ms, off ms, Hz...)`. 20 dB below full scale: no louder than a voice.
 */
const cadences: Readonly<Record<string, string>> = {
  cmn: '%(1000,4000,450)',
  yue: '%(400,200,440,480);%(400,3000,440,480)',
  'en-gb': '%(400,200,400,450);%(400,2000,400,450)',
  'en-us': '%(2000,4000,440,480)',
  'en-in': '%(400,200,400);%(400,2000,400)',
};

/** Most of the world: 425 Hz, one second of five. */
const usual = '%(1000,4000,425)';

/** The endless ringing tone as the media server plays it. */
export function ringbackTone(dialect: string): string {
  const known = fallbackChain(dialect).find((id) => cadences[id] !== undefined);
  return `tone_stream://v=-20;${known === undefined ? usual : cadences[known]};loops=-1`;
}
