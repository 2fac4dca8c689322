import t from 'tap';
import { decodePcmu, encodePcmu } from '../../src/audio/g711.js';
import { concatSamples } from '../../src/audio/pcm.js';
import { tone } from '../../src/audio/tone.js';
import { SentenceSpotter, type SpottedSentence } from '../../src/caller/sentence-spotter.js';
import { makeTemplate, type SentenceTemplate } from '../../src/caller/sentence-template.js';
import { createEspeakSynthesizer } from '../../src/speech/engines/espeak-ng/espeak-synthesizer.js';

const synthesizer = await createEspeakSynthesizer().catch(() => undefined);
t.teardown(() => synthesizer?.close());
const skip = synthesizer === undefined ? '@echogarden/espeak-ng-emscripten is not installed' : false;

async function speak(text: string, dialect = 'en-gb', gain = 1): Promise<Int16Array> {
  const chunks: Int16Array[] = [];
  if (synthesizer === undefined) throw new Error('no synthesizer');
  for await (const chunk of synthesizer.synthesize({ text, dialect }, 8000)) chunks.push(chunk.slice());
  const samples = concatSamples(chunks).map((sample) => sample * gain);
  const bytes = new Uint8Array(samples.length);
  encodePcmu(samples, bytes);
  decodePcmu(bytes, samples);
  return samples;
}

async function templates(texts: readonly string[], dialect?: string): Promise<SentenceTemplate[]> {
  const made = await Promise.all(texts.map(async (text) => makeTemplate(text, await speak(text, dialect))));
  return made.map((template) => template as SentenceTemplate);
}

/** What is heard of sounds that arrive one after the other in packets of 20 ms. */
function hear(listened: readonly SentenceTemplate[], ...sounds: Int16Array[]): SpottedSentence[] {
  const heard: SpottedSentence[] = [];
  const spotter = new SentenceSpotter(listened, (sentence) => heard.push(sentence));
  const stream = concatSamples([...sounds, new Int16Array(4000)]);
  for (let at = 0; at < stream.length; at += 160) spotter.push(stream.subarray(at, at + 160), 1000 + at / 8);
  spotter.tick(1000 + stream.length / 8 + 1000);
  return heard;
}

const MENU = [
  'Welcome to the Riverside Clinic.',
  'For opening hours, press 1 or say opening hours.',
  'To make an appointment, press 2.',
  'We are open from eight in the morning until six in the evening.',
  'Goodbye.',
];

t.test('each sentence is heard, in order, with its times', { skip }, async (t) => {
  const listened = await templates(MENU);
  const pause = new Int16Array(2400);
  const sounds = await Promise.all(MENU.map((text) => speak(text, 'en-gb', 0.6)));
  const heard = hear(listened, ...sounds.flatMap((sound) => [sound, pause]));
  t.same(
    heard.map(({ text }) => text),
    MENU,
  );
  let startMs = 1000;
  for (const [index, sound] of sounds.entries()) {
    const found = heard[index];
    t.ok(Math.abs((found?.startMs ?? 0) - startMs) < 150, `start of sentence ${index + 1}`);
    t.ok(Math.abs((found?.endMs ?? 0) - startMs - sound.length / 8) < 150, `end of sentence ${index + 1}`);
    t.ok((found?.confidence ?? 0) > 0.6, `confidence ${found?.confidence}`);
    startMs += (sound.length + pause.length) / 8;
  }
});

t.test('sentences without a pause between them, and one said twice', { skip }, async (t) => {
  const listened = await templates(MENU.slice(0, 3));
  const [welcome, hours] = await Promise.all(MENU.slice(0, 2).map((text) => speak(text)));
  const heard = hear(listened, welcome as Int16Array, hours as Int16Array, welcome as Int16Array);
  t.same(
    heard.map(({ text }) => text),
    [MENU[0], MENU[1], MENU[0]],
  );
});

t.test('a part of a longer sentence is heard', { skip }, async (t) => {
  const parts = ['eight in the morning', 'make an appointment', 'opening hours'];
  for (const [index, within] of [MENU[3], MENU[2], MENU[1]].entries()) {
    const part = parts[index] as string;
    const heard = hear(await templates([part]), await speak(within as string));
    t.ok(
      heard.some(({ text }) => text === part),
      part,
    );
  }
});

t.test('another sentence is not heard, though nothing else is listened for', { skip }, async (t) => {
  for (const expected of MENU) {
    const listened = await templates([expected]);
    for (const said of [
      ...MENU,
      'Please hold the line.',
      'Your appointment has been cancelled.',
      'Thank you.',
    ]) {
      if (said !== expected) t.same(hear(listened, await speak(said)), [], `"${said}" for "${expected}"`);
    }
  }
});

t.test('one other word is another sentence', { skip }, async (t) => {
  const pairs = [
    ['You pressed 1.', 'You pressed 2.'],
    ['You pressed 5.', 'You pressed 9.'],
    ['Your appointment is on Monday at nine.', 'Your appointment is on Tuesday at nine.'],
    ['Your appointment is on Monday at nine.', 'Your appointment is on Sunday at nine.'],
    ['Your appointment is on Monday at nine.', 'Your appointment is on Monday at five.'],
    ['The code is 4 7 1 1.', 'The code is 4 7 1 2.'],
    ['Do you want to cancel your appointment?', 'Do you want to change your appointment?'],
  ] as const;
  for (const [expected, said] of pairs) {
    t.same(hear(await templates([expected]), await speak(said)), [], `"${said}" for "${expected}"`);
    t.equal(hear(await templates([expected, said]), await speak(said))[0]?.text, said);
  }
});

t.test('Mandarin and Cantonese', { skip }, async (t) => {
  const mandarin = ['您好，欢迎致电供电服务热线。', '查询电费请按一。', '报修请按二。', '感谢来电，再见。'];
  const listened = await templates(mandarin, 'cmn');
  for (const text of mandarin) t.equal(hear(listened, await speak(text, 'cmn', 0.7))[0]?.text, text);
  const cantonese = ['你好，歡迎致電供電服務熱線。', '查詢電費請按一。', '報修請按二。'];
  const other = await templates(cantonese, 'yue');
  for (const text of cantonese) t.equal(hear(other, await speak(text, 'yue', 0.7))[0]?.text, text);
});

t.test('tones, noise and silence are no sentences', { skip }, async (t) => {
  const listened = await templates(MENU);
  const noise = Int16Array.from({ length: 40_000 }, (_, i) => ((i * 7919) % 4001) - 2000);
  t.same(hear(listened, noise), []);
  t.same(hear(listened, tone({ frequenciesHz: [440, 480], durationMs: 4000, sampleRateHz: 8000 })), []);
  t.same(hear(listened, new Int16Array(40_000)), []);
});

t.test('what was said right before the end is heard when the call is over', { skip }, async (t) => {
  const heard: string[] = [];
  const spotter = new SentenceSpotter(await templates(MENU), ({ text }) => heard.push(text));
  spotter.push(await speak('Goodbye.'), 1000);
  t.same(heard, [], 'not yet: the sentence might go on');
  spotter.flush();
  t.same(heard, ['Goodbye.']);
});
