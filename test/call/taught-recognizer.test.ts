import { t } from 'tap';
import { TaughtRecognizer } from '../../src/call/taught-recognizer.js';
import type { RecognitionResult } from '../../src/speech/recognizer.js';
import { ScriptedSpeech } from '../server/scripted-speech.js';

const phrases = [
  { id: 'bill', text: '查询电费', dialect: 'cmn' },
  { id: 'outage', text: '停电报修', dialect: 'cmn' },
];

function rig() {
  const speech = new ScriptedSpeech();
  const matched: string[] = [];
  const taught = {
    wordings: [{ id: 'taught-1', words: '帮我轧轧苗头', phrases: [{ text: '查询电费', dialect: 'cmn' }] }],
    matched: (id: string) => void matched.push(id),
  };
  const recognizer = new TaughtRecognizer(speech.recognizer, taught);
  const hear = (sentence: string) =>
    new Promise<RecognitionResult>((resolve, reject) => {
      speech.sentences.push(sentence);
      const stream = recognizer.open({ sampleRateHz: 8000, phrases, dialects: ['cmn'] });
      stream.on('final', resolve);
      stream.on('error', reject);
      stream.finish();
    });
  return { recognizer, speech, taught, matched, hear };
}

t.test('words that were taught come as the phrase that they stand for, and are counted', async (t) => {
  const { hear, matched } = rig();
  t.match((await hear('侬帮我轧轧苗头')).alternatives, [
    { phraseId: 'bill', text: '侬帮我轧轧苗头', dialect: 'cmn', taught: 'taught-1' },
  ]);
  t.strictSame(matched, ['taught-1']);
});

t.test('all else comes as the engine wrote it', async (t) => {
  const { hear, matched } = rig();
  t.match((await hear('今天天气不错')).alternatives, [{ phraseId: undefined, text: '今天天气不错' }]);
  t.strictSame(matched, []);
});

t.test('what is taken back counts no more, from the next result on', async (t) => {
  const { hear, taught, matched } = rig();
  taught.wordings = [];
  t.equal((await hear('帮我轧轧苗头')).alternatives[0]?.phraseId, undefined);
  t.strictSame(matched, []);
});

t.test('a closed listening tells nothing', async (t) => {
  const { recognizer, speech, matched } = rig();
  speech.sentences.push('帮我轧轧苗头');
  const stream = recognizer.open({ sampleRateHz: 8000, phrases, dialects: ['cmn'] });
  stream.on('final', () => t.fail('nobody wants it any more'));
  stream.finish();
  stream.close();
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  t.strictSame(matched, []);
});
