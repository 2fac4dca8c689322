import t from 'tap';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { resample } from '../../src/audio/resample.js';
import {
  createEspeakSynthesizer,
  type EspeakSynthesizer,
} from '../../src/speech/engines/espeak-ng/espeak-synthesizer.js';
import { createPhrasebook } from '../../src/speech/engines/phrasebook/phrasebook.js';
import { parsePhoneModel } from '../../src/speech/engines/phrasebook/phone-model.js';
import type { Phrase, RecognitionResult, Recognizer } from '../../src/speech/recognizer.js';
import type { PhoneticSynthesizer } from '../../src/speech/synthesizer.js';
import { readOverLine } from './read-over-line.js';

const english: Phrase[] = ['yes', 'no', 'opening hours', 'cancel my appointment'].map((text) => ({
  id: text.replaceAll(' ', '-'),
  text,
  dialect: 'en-us',
}));

const installed = await createEspeakSynthesizer().catch((error: unknown) => {
  if ((error as { code?: string }).code !== 'SPEECH_ENGINE_MISSING') throw error;
  return undefined;
});

function say(
  from: PhoneticSynthesizer,
  text: string,
  dialect = 'en-us',
  voice = '+steph2',
): Promise<Int16Array> {
  return readOverLine(from, { text, dialect, voice });
}

function hear(
  recognizer: Recognizer,
  phrases: readonly Phrase[],
  samples: Int16Array,
  sampleRateHz = 8000,
  onInterim?: (result: RecognitionResult) => void,
): Promise<RecognitionResult> {
  return new Promise((resolve, reject) => {
    const stream = recognizer.open({ sampleRateHz, phrases, dialects: [] });
    if (onInterim !== undefined) stream.on('interim', onInterim);
    stream.on('final', resolve);
    stream.on('error', reject);
    const frame = new Int16Array(sampleRateHz / 50);
    for (let at = 0; at + frame.length <= samples.length; at += frame.length) {
      // One array for all, as the call has it: the stream must have copied it.
      frame.set(samples.subarray(at, at + frame.length));
      stream.write(frame);
      frame.fill(0x7fff);
    }
    stream.finish();
  });
}

const skip = installed === undefined ? '@echogarden/espeak-ng-emscripten is not installed' : false;
t.teardown(() => installed?.close());
/** Only used by tests that are not skipped. */
const synthesizer = installed as EspeakSynthesizer;

t.test(
  'a voice unlike that of the readings is understood, and what is no phrase of the menu is not',
  { skip },
  async (t) => {
    const templateDir = t.testdir();
    const recognizer = await createPhrasebook({ synthesizer, templateDir });
    t.teardown(() => recognizer.close());
    await recognizer.prepare(english);
    t.equal(readdirSync(templateDir).length, english.length, 'what was prepared is kept');
    for (const { id, text, dialect } of english.slice(1)) {
      const { alternatives } = await hear(recognizer, english, await say(synthesizer, text, dialect, '+m5'));
      t.equal(alternatives[0]?.phraseId, id);
      t.ok((alternatives[0]?.confidence ?? 0) >= 0.5 && (alternatives[0]?.confidence ?? 2) <= 1);
    }
    for (const text of ['good morning everybody', 'pizza', 'umbrella']) {
      const { alternatives } = await hear(recognizer, english, await say(synthesizer, text));
      t.strictSame(alternatives, [], `"${text}" fits nothing`);
    }
  },
);

t.test(
  'an unprepared phrase, 16 kHz, Mandarin and Cantonese in one menu; interim before final',
  { skip },
  async (t) => {
    const recognizer = await createPhrasebook({ synthesizer, templateDir: t.testdir() });
    t.teardown(() => recognizer.close());
    const menu: Phrase[] = [
      { id: 'bill', text: '电费账单', dialect: 'cmn' },
      { id: 'person', text: '人工服务', dialect: 'cmn' },
      { id: 'bill', text: '電費單', dialect: 'yue' },
      { id: 'person', text: '客戶服務', dialect: 'yue' },
    ];
    const mandarin = await resample(await say(synthesizer, '人工服务', 'cmn', '+f4'), 8000, 16_000);
    let interim = 0;
    const first = await hear(recognizer, menu, mandarin, 16_000, ({ alternatives }) => {
      if (alternatives[0]?.phraseId === 'person') interim++;
    });
    t.strictSame([first.alternatives[0]?.phraseId, first.alternatives[0]?.dialect], ['person', 'cmn']);
    t.ok(interim > 0, 'the silence after the words was enough');
    const second = await hear(recognizer, menu, await say(synthesizer, '電費單', 'yue', '+f4'));
    t.strictSame([second.alternatives[0]?.phraseId, second.alternatives[0]?.dialect], ['bill', 'yue']);
  },
);

t.test('silence, a click and noise are noMatch', { skip }, async (t) => {
  const recognizer = await createPhrasebook({ synthesizer, templateDir: t.testdir() });
  t.teardown(() => recognizer.close());
  const click = new Int16Array(8000);
  click.fill(12_000, 4000, 4040);
  let state = 1;
  const noise = Int16Array.from({ length: 8000 }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state % 4000) - 2000;
  });
  for (const samples of [new Int16Array(0), new Int16Array(8000), click, noise]) {
    t.strictSame((await hear(recognizer, english, samples)).alternatives, []);
  }
});

t.test(
  'after close nothing is emitted; a stream closes twice; what cannot be heard is an error',
  { skip },
  async (t) => {
    const recognizer = await createPhrasebook({ synthesizer, templateDir: t.testdir() });
    const spoken = await say(synthesizer, 'no');
    const stream = recognizer.open({ sampleRateHz: 8000, phrases: english, dialects: [] });
    let emitted = 0;
    for (const event of ['final', 'interim', 'error'] as const) stream.on(event, () => emitted++);
    stream.write(spoken);
    stream.finish();
    stream.close();
    stream.close();
    stream.write(spoken);
    stream.finish();
    await hear(recognizer, english, spoken);
    t.equal(emitted, 0);
    const wu: Phrase[] = [{ id: 'x', text: 'x', dialect: 'wuu' }];
    await t.rejects(recognizer.prepare(wu), { code: 'SPEECH_NO_VOICE' });
    await t.rejects(hear(recognizer, wu, spoken), { code: 'SPEECH_NO_VOICE' });
    await t.rejects(hear(recognizer, english, spoken, 11_025), { code: 'SPEECH_RATE_UNSUPPORTED' });
    const open = hear(recognizer, english, spoken);
    const refused = t.rejects(open, { code: 'SPEECH_CLOSED' });
    await recognizer.close();
    await recognizer.close();
    await refused;
    await t.rejects(hear(recognizer, english, spoken), { code: 'SPEECH_CLOSED' });
    await t.rejects(recognizer.prepare(english), { code: 'SPEECH_CLOSED' });
  },
);

t.test('a worker that dies fails its listenings, and the next one works', { skip }, async (t) => {
  const recognizer = await createPhrasebook({ synthesizer, templateDir: t.testdir() });
  t.teardown(() => recognizer.close());
  await recognizer.prepare(english);
  const workers = new Set<Worker>();
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (this: Worker, ...args: Parameters<Worker['postMessage']>) {
    workers.add(this);
    return post.apply(this, args);
  };
  t.teardown(() => (Worker.prototype.postMessage = post));
  const spoken = await say(synthesizer, 'opening hours', 'en-us', '+m5');
  workers.clear();
  const stream = recognizer.open({ sampleRateHz: 8000, phrases: english, dialects: [] });
  const failed = new Promise<Error>((resolve) => stream.once('error', resolve));
  while (workers.size === 0) await new Promise((resolve) => setImmediate(resolve));
  for (const worker of workers) await worker.terminate();
  t.match(await failed, { code: 'SPEECH_ENGINE_FAILED', retryable: true });
  const { alternatives } = await hear(recognizer, english, spoken);
  t.equal(alternatives[0]?.phraseId, 'opening-hours');
});

t.test('a restart asks no synthesizer; a damaged file is made anew', { skip }, async (t) => {
  const templateDir = t.testdir();
  let asked = 0;
  const counting: PhoneticSynthesizer = {
    name: synthesizer.name,
    capabilities: synthesizer.capabilities,
    synthesize: (...args) => synthesizer.synthesize(...args),
    phones: (request) => {
      asked++;
      return synthesizer.phones(request);
    },
    close: () => Promise.resolve(),
  };
  const prepare = async (): Promise<void> => {
    const recognizer = await createPhrasebook({ synthesizer: counting, templateDir });
    await recognizer.prepare(english.slice(0, 1));
    await recognizer.close();
  };
  await prepare();
  t.equal(asked, 3, 'once per accent');
  await prepare();
  t.equal(asked, 3);
  for (const name of readdirSync(templateDir)) {
    writeFileSync(join(templateDir, name), '[[{"phone":1}]]');
  }
  await prepare();
  t.equal(asked, 6);
});

t.test('an acoustic model that is none is refused by name', { skip }, async (t) => {
  const modelDir = t.testdir({ 'en.phones': 'not a model\n' });
  t.throws(() => parsePhoneModel(Buffer.from('{"version":99}\n'), 'x.phones'), {
    code: 'SPEECH_MODEL_UNREADABLE',
  });
  const recognizer = await createPhrasebook({ synthesizer, templateDir: t.testdir(), modelDir });
  t.teardown(() => recognizer.close());
  await t.rejects(hear(recognizer, english, new Int16Array(8000)), {
    code: 'SPEECH_ENGINE_FAILED',
    message: /en\.phones/,
  });
});
