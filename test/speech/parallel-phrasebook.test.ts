import { t } from 'tap';
import { spotPhrase } from '../../src/call/spot-phrase.js';
import { systemClock } from '../../src/core/clock.js';
import { createEspeakSynthesizer } from '../../src/speech/engines/espeak-ng/espeak-synthesizer.js';
import { createPhrasebook } from '../../src/speech/engines/phrasebook/phrasebook.js';
import { ParallelRecognizer } from '../../src/speech/parallel-recognizer.js';
import type { Phrase, RecognitionResult } from '../../src/speech/recognizer.js';
import { RecognizerChain } from '../../src/speech/recognizer-chain.js';
import { readOverLine } from './read-over-line.js';

t.setTimeout(90_000);
const synthesizer = await createEspeakSynthesizer().catch((error: unknown) => {
  if ((error as { code?: string }).code !== 'SPEECH_ENGINE_MISSING') throw error;
  return undefined;
});
t.teardown(() => synthesizer?.close());

const words = {
  cmn: ['查询电费', '停电了', '是的', '再说一遍'],
  yue: ['电费几多', '冇电', '系呀', '再讲多次'],
} as const;
const phrasesIn = (dialect: keyof typeof words): Phrase[] =>
  words[dialect].map((text, at) => ({ id: `choice-${String(at)}`, text, dialect }));

t.test(
  'the phrasebook hears a Cantonese caller beside the Mandarin phrases of the question, and takes no Mandarin for Cantonese',
  { skip: synthesizer === undefined ? '@echogarden/espeak-ng-emscripten is not installed' : false },
  async (t) => {
    if (synthesizer === undefined) return;
    const phrasebook = await createPhrasebook({ synthesizer, templateDir: t.testdir() });
    const chain = new RecognizerChain({
      engines: [{ engine: phrasebook, deadlines: { finalMs: 20_000, firstResultMs: 0 } }],
      clock: systemClock,
    });
    const recognizer = new ParallelRecognizer({
      recognizer: chain,
      recognizers: 2,
      turns: 2,
      waitMs: 20_000,
      spot: spotPhrase,
      clock: systemClock,
    });
    t.teardown(() => recognizer.close());
    await recognizer.prepare([...phrasesIn('cmn'), ...phrasesIn('yue')]);

    for (const dialect of ['yue', 'cmn'] as const) {
      for (const [at, text] of words[dialect].entries()) {
        const line = await readOverLine(synthesizer, { text, dialect, voice: '+f2' });
        const result = await new Promise<RecognitionResult>((resolve, reject) => {
          const stream = recognizer.open({
            sampleRateHz: 8000,
            phrases: phrasesIn('cmn'),
            dialects: ['cmn', 'yue'],
            alsoIn: [{ dialect: 'yue', phrases: phrasesIn('yue') }],
            onlyPhrases: true,
          });
          stream.on('final', resolve);
          stream.on('error', reject);
          for (let sample = 0; sample + 160 <= line.length; sample += 160)
            stream.write(line.subarray(sample, sample + 160));
          stream.finish();
        });
        t.match(result, {
          alternatives: [{ phraseId: `choice-${String(at)}`, dialect }],
          hearings: [{ dialect, inGrammar: true, by: { engine: 'phrasebook', openSpeech: false } }],
        });
        t.notOk(result.hearings?.slice(1).some(({ inGrammar }) => inGrammar));
      }
    }
  },
);
