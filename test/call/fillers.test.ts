import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { rmsDb } from '../../src/audio/pcm.js';
import { encodeWav } from '../../src/audio/wav.js';
import { Fillers, readRecording } from '../../src/call/fillers.js';
import { RecordedPrompts } from '../../src/call/recorded-prompts.js';

const wav = (samples: number, value: number, rateHz = 8000): Buffer =>
  Buffer.from(encodeWav(new Int16Array(samples).fill(value), { sampleRateHz: rateHz, channels: 1 }));

async function recorded(dir: string): Promise<RecordedPrompts> {
  await mkdir(join(dir, 'en-gb'));
  await writeFile(join(dir, 'en-gb/one-moment.wav'), wav(800, 7));
  await writeFile(join(dir, 'manifest.yaml'), 'prompts:\n  one-moment: { en-gb: Wait., fr-fr: Attendez. }\n');
  const prompts = new RecordedPrompts(dir);
  await prompts.load();
  return prompts;
}

t.test(
  'without anything there is a tone: long and loud enough to end a silence, soft enough not to alarm',
  async (t) => {
    const tone = new Fillers(new RecordedPrompts('/nowhere'), undefined).get('en-gb', 0);
    t.ok(tone.length >= 8 * 300);
    for (let at = 0; at + 1600 <= tone.length; at += 160) t.ok(rmsDb(tone.subarray(at, at + 1600)) > -40);
    t.ok(rmsDb(tone) < -20);
  },
);

t.test('the second filler of a wait says so in words: recorded, else spoken', async (t) => {
  const spoken: string[] = [];
  const fillers = new Fillers(await recorded(t.testdir()), (text, dialect) => {
    spoken.push(`${dialect} ${text}`);
    return Promise.resolve(new Int16Array(400).fill(9));
  });
  await fillers.load(['en-gb', 'en-us', 'fr-fr', 'no-such-dialect']);
  t.strictSame(spoken, ['fr-fr Attendez.']);
  t.equal(fillers.get('en-gb', 1)[0], 7);
  t.equal(fillers.get('en-us', 1)[0], 7);
  t.equal(fillers.get('fr-fr', 1)[0], 9);
  t.equal(fillers.get('fr-fr', 0), fillers.get('en-gb', 2), 'the tone');
  t.equal(fillers.get('fr-fr', 5)[0], 9, 'and again after a while');
  t.equal(fillers.get('no-such-dialect', 1), fillers.get('en-gb', 0));
});

t.test('words that cannot be spoken leave the tone', async (t) => {
  const fillers = new Fillers(await recorded(t.testdir()), () => Promise.reject(new Error('no engine')));
  await fillers.load(['fr-fr']);
  t.equal(fillers.get('fr-fr', 1), fillers.get('fr-fr', 0));
});

t.test('a recording is read as mono at 8 kHz, whatever it is', async (t) => {
  const dir = t.testdir();
  await writeFile(join(dir, 'wide.wav'), wav(16_000, 1000, 16_000));
  t.equal((await readRecording(join(dir, 'wide.wav')))?.length, 8000);
  await writeFile(join(dir, 'broken.wav'), 'no sound');
  t.equal(await readRecording(join(dir, 'broken.wav')), undefined);
  t.equal(await readRecording(join(dir, 'missing.wav')), undefined);
});
