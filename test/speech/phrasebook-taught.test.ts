import t from 'tap';
import { Worker } from 'node:worker_threads';
import { tone } from '../../src/audio/tone.js';
import {
  createEspeakSynthesizer,
  type EspeakSynthesizer,
} from '../../src/speech/engines/espeak-ng/espeak-synthesizer.js';
import { createPhrasebook } from '../../src/speech/engines/phrasebook/phrasebook.js';
import type { Phrase, RecognitionResult, Recognizer } from '../../src/speech/recognizer.js';
import { readOverLine } from './read-over-line.js';

const installed = await createEspeakSynthesizer().catch((error: unknown) => {
  if ((error as { code?: string }).code !== 'SPEECH_ENGINE_MISSING') throw error;
  return undefined;
});
const skip = installed === undefined ? '@echogarden/espeak-ng-emscripten is not installed' : false;
t.teardown(() => installed?.close());
/** Only used by tests that are not skipped. */
const synthesizer = installed as EspeakSynthesizer;

const menu: Phrase[] = [
  { id: 'bill', text: '查询电费', dialect: 'cmn' },
  { id: 'outage', text: '停电报修', dialect: 'cmn' },
  { id: 'person', text: '人工服务', dialect: 'cmn' },
];

/** A wording that is in no menu, in a language that the menu's model does not know: Cantonese stands for it. */
function sayStrange(text: string, voice: string, rate: number): Promise<Int16Array> {
  return readOverLine(synthesizer, { text, dialect: 'yue', voice, rate });
}

function hear(
  recognizer: Recognizer,
  samples: Int16Array,
  phrases: readonly Phrase[] = menu,
): Promise<RecognitionResult> {
  return new Promise((resolve, reject) => {
    const stream = recognizer.open({ sampleRateHz: 8000, phrases, dialects: [] });
    stream.on('final', resolve);
    stream.on('error', reject);
    for (let at = 0; at < samples.length; at += 160) stream.write(samples.subarray(at, at + 160));
    stream.finish();
  });
}

const words = '呢个月要畀几多钱呀';
const phrases = [{ text: '查询电费', dialect: 'cmn' }];

t.test('what was taught from a recording is heard from other voices, and taken back', { skip }, async (t) => {
  const recognizer = await createPhrasebook({ synthesizer, templateDir: t.testdir() });
  t.teardown(() => recognizer.close());
  const spoken = await Promise.all([
    sayStrange(words, '+f3', 1),
    sayStrange(words, '+m5', 0.85),
    sayStrange(words, '+steph2', 1.15),
  ]);
  for (const samples of spoken) t.strictSame((await hear(recognizer, samples)).alternatives, []);
  const [recorded = new Int16Array(0), ...others] = spoken;
  t.equal(await recognizer.teach({ id: 'taught-1', dialect: 'wuu', phrases, samples: recorded }), undefined);
  for (const samples of [recorded, ...others]) {
    t.match((await hear(recognizer, samples)).alternatives, [
      { phraseId: 'bill', text: '查询电费', dialect: 'cmn', taught: 'taught-1' },
    ]);
  }
  const elsewhere = menu.slice(1);
  t.strictSame((await hear(recognizer, recorded, elsewhere)).alternatives, [], 'not where it means nothing');
  for (const text of ['你哋几点收工呀', '我想揾人讲嘢', '今日天气好好呀', '唔该再讲一次']) {
    t.strictSame((await hear(recognizer, await sayStrange(text, '+m5', 1))).alternatives, [], text);
  }
  recognizer.unteach('taught-1');
  for (const samples of spoken) t.strictSame((await hear(recognizer, samples)).alternatives, []);
});

t.test('the phrases themselves are heard as before beside what was taught', { skip }, async (t) => {
  const recognizer = await createPhrasebook({ synthesizer, templateDir: t.testdir() });
  t.teardown(() => recognizer.close());
  await recognizer.teach({
    id: 'taught-1',
    dialect: 'wuu',
    phrases,
    samples: await sayStrange(words, '+f3', 1),
  });
  for (const { id, text, dialect } of menu) {
    const line = await readOverLine(synthesizer, { text, dialect, voice: '+m5' });
    const [best] = (await hear(recognizer, line)).alternatives;
    t.equal(best?.phraseId, id);
    t.equal(best?.taught, undefined, 'by its own words');
  }
});

t.test('a menu in a dialect that nobody can read is heard by what was taught alone', { skip }, async (t) => {
  const recognizer = await createPhrasebook({ synthesizer, templateDir: t.testdir() });
  t.teardown(() => recognizer.close());
  const wu: Phrase[] = [{ id: 'bill', text: '电费几钿', dialect: 'wuu' }];
  const samples = await sayStrange(words, '+f3', 1);
  await t.rejects(hear(recognizer, samples, wu), { code: 'SPEECH_NO_VOICE' });
  t.strictSame(
    (await hear(recognizer, samples, [...menu, ...wu])).alternatives,
    [],
    'beside others it is left out',
  );
  await recognizer.teach({
    id: 'taught-1',
    dialect: 'wuu',
    phrases: [{ text: '电费几钿', dialect: 'wuu' }],
    samples,
  });
  t.match((await hear(recognizer, samples, wu)).alternatives, [{ phraseId: 'bill', dialect: 'wuu' }]);
});

t.test('phrases in an accent are read in its language', { skip }, async (t) => {
  const recognizer = await createPhrasebook({ synthesizer, templateDir: t.testdir() });
  t.teardown(() => recognizer.close());
  const sichuan: Phrase[] = [{ id: 'person', text: '人工服务', dialect: 'cmn-sichuan' }];
  const line = await readOverLine(synthesizer, { text: '人工服务', dialect: 'cmn' });
  t.match((await hear(recognizer, line, sichuan)).alternatives, [{ phraseId: 'person' }]);
});

t.test('a recording without enough sounds is refused, with the reason, and not kept', { skip }, async (t) => {
  const recognizer = await createPhrasebook({ synthesizer, templateDir: t.testdir() });
  t.teardown(() => recognizer.close());
  const teach = (samples: Int16Array) =>
    recognizer.teach({ id: 'taught-1', dialect: 'wuu', phrases, samples });
  t.equal(await teach(new Int16Array(8000)), 'short');
  t.equal(await teach(tone({ frequenciesHz: [440], durationMs: 200, sampleRateHz: 8000 })), 'short');
  const spoken = await sayStrange(words, '+f3', 1);
  const story = new Int16Array(8 * spoken.length);
  for (let i = 0; i < 8; i++) story.set(spoken, i * spoken.length);
  t.equal(await teach(story), 'long');
  t.strictSame((await hear(recognizer, spoken)).alternatives, []);
});

t.test('a worker that starts anew still knows what was taught', { skip }, async (t) => {
  const recognizer = await createPhrasebook({ synthesizer, templateDir: t.testdir() });
  const samples = await sayStrange(words, '+f3', 1);
  await recognizer.teach({ id: 'taught-1', dialect: 'wuu', phrases, samples });
  await recognizer.prepare(menu);
  const workers = new Set<Worker>();
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (this: Worker, ...args: Parameters<Worker['postMessage']>) {
    workers.add(this);
    return post.apply(this, args);
  };
  t.teardown(() => (Worker.prototype.postMessage = post));
  t.equal((await hear(recognizer, samples)).alternatives[0]?.taught, 'taught-1');
  t.equal(workers.size, 1);
  for (const worker of workers) await worker.terminate();
  t.equal((await hear(recognizer, samples)).alternatives[0]?.taught, 'taught-1');
  await recognizer.close();
  await t.rejects(recognizer.teach({ id: 'taught-2', dialect: 'wuu', phrases, samples }), {
    code: 'SPEECH_CLOSED',
  });
});
