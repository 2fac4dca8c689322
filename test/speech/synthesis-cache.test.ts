import t from 'tap';
import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseWav } from '../../src/audio/wav.js';
import { SynthesisCache } from '../../src/speech/synthesis-cache.js';
import type { SpokenAudio, SynthesisRequest, Synthesizer } from '../../src/speech/synthesizer.js';

/** Speaks a ramp of 100 samples per letter, in chunks of 100; counts how often it was asked. */
class FakeSynthesizer implements Synthesizer {
  readonly name = 'fake';
  readonly capabilities = { sampleRatesHz: [8000], streaming: true, dialects: ['en'] };
  asked = 0;

  synthesize(request: SynthesisRequest, sampleRateHz: number, signal?: AbortSignal): SpokenAudio {
    this.asked++;
    return {
      sampleRateHz,
      async *[Symbol.asyncIterator]() {
        for (let i = 0; i < request.text.length; i++) {
          await Promise.resolve();
          if (signal?.aborted === true) return;
          if (request.text[i] === '!') throw new Error('engine broke');
          yield Int16Array.from({ length: 100 }, (_, n) => 100 * i + n);
        }
      },
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function collect(audio: SpokenAudio): Promise<number[]> {
  const samples: number[] = [];
  for await (const chunk of audio) samples.push(...chunk);
  return samples;
}

const say = (text: string): SynthesisRequest => ({ text, dialect: 'en' });
const ramp = (text: string): number[] => Array.from({ length: text.length * 100 }, (_, n) => n);

t.test('a sentence is made once and is a WAV file that anybody may play', async (t) => {
  const synthesizer = new FakeSynthesizer();
  const cache = new SynthesisCache({ synthesizer, dir: t.testdir() });
  const [first, second] = await Promise.all([cache.get(say('abc')), cache.get(say('abc'))]);
  t.equal(synthesizer.asked, 1, 'two that ask at once wait for one');
  t.strictSame([...first.samples], ramp('abc'));
  t.equal(first.path, second.path);
  t.equal(first.path, cache.pathOf(say('abc')));
  const wav = parseWav(readFileSync(first.path));
  t.strictSame([wav.sampleRateHz, wav.channels, wav.samples.length], [8000, 1, 300]);
  await cache.get(say('abc'));
  t.equal(synthesizer.asked, 1);
  const paths = [
    say('abd'),
    { ...say('abc'), voice: '+f3' },
    { ...say('abc'), rate: 1.2 },
    { ...say('abc'), dialect: 'yue' },
  ];
  t.equal(new Set([say('abc'), ...paths].map((request) => cache.pathOf(request))).size, 5);
});

t.test('a stream passes through, is stored when complete, and comes from the file next time', async (t) => {
  const synthesizer = new FakeSynthesizer();
  const cache = new SynthesisCache({ synthesizer, dir: t.testdir() });
  t.strictSame(await collect(cache.speak(say('hello'))), ramp('hello'));
  t.strictSame(await collect(cache.speak(say('hello'))), ramp('hello'));
  t.equal(synthesizer.asked, 1);
  t.strictSame([...(await cache.get(say('hello'))).samples], ramp('hello'));
});

t.test("a sentence that may hold a caller's data leaves nothing on the disk or in memory", async (t) => {
  const synthesizer = new FakeSynthesizer();
  const dir = t.testdir();
  const cache = new SynthesisCache({ synthesizer, dir });
  t.strictSame(await collect(cache.speak(say('hello'), undefined, false)), ramp('hello'));
  t.strictSame(readdirSync(dir), []);
  await collect(cache.speak(say('hello'), undefined, false));
  t.equal(synthesizer.asked, 2, 'made anew each time');
});

t.test('what was aborted, left or broken is not stored', async (t) => {
  const synthesizer = new FakeSynthesizer();
  const dir = t.testdir();
  const cache = new SynthesisCache({ synthesizer, dir });
  const abort = new AbortController();
  for await (const _chunk of cache.speak(say('aborted'), abort.signal)) abort.abort();
  for await (const _chunk of cache.speak(say('left'))) break;
  await t.rejects(collect(cache.speak(say('ab!'))), /engine broke/);
  await t.rejects(cache.get(say('ab!')), /engine broke/);
  t.strictSame(readdirSync(dir), []);
  await t.rejects(cache.get(say('ab!')), /engine broke/, 'a failure is not remembered either');
  t.equal(synthesizer.asked, 5);
});

t.test("a file cut short by a crash is made anew; an abandoned one is in nobody's way", async (t) => {
  const synthesizer = new FakeSynthesizer();
  const dir = t.testdir();
  const cache = new SynthesisCache({ synthesizer, dir });
  const { path } = await cache.get(say('abcdef'));
  truncateSync(path, 20);
  writeFileSync(`${path}.dead.tmp`, 'half');
  utimesSync(`${path}.dead.tmp`, 1, 1);
  t.strictSame([...(await cache.get(say('abcdef'))).samples], ramp('abcdef'));
  t.equal(synthesizer.asked, 2);
  const fresh = new SynthesisCache({ synthesizer, dir });
  await fresh.get(say('other'));
  t.notOk(
    readdirSync(dir).some((name) => name.endsWith('.tmp')),
    'it was swept away',
  );
});

t.test('over the limit the least recently used go first', async (t) => {
  const synthesizer = new FakeSynthesizer();
  const dir = t.testdir();
  const bytes = 44 + 2 * 100;
  const cache = new SynthesisCache({ synthesizer, dir, limitBytes: 3 * bytes });
  for (const [i, text] of ['a', 'b', 'c'].entries()) {
    const { path } = await cache.get(say(text));
    t.equal(statSync(path).size, bytes);
    utimesSync(path, 1000 + i, 1000 + i);
  }
  await cache.get(say('a'));
  await cache.get(say('d'));
  const has = (text: string): boolean =>
    readdirSync(dir).some((name) => join(dir, name) === cache.pathOf(say(text)));
  t.strictSame(['a', 'b', 'c', 'd'].map(has), [true, false, true, true], 'b was used longest ago');
});

t.test('who listens does not wait for the disk; the file comes all the same', async (t) => {
  const dir = t.testdir();
  const cache = new SynthesisCache({ synthesizer: new FakeSynthesizer(), dir });
  await collect(cache.speak(say('hello')));
  t.strictSame(readdirSync(dir), [], 'the last word is out before the first byte is written');
  for (let i = 0; i < 500 && !existsSync(cache.pathOf(say('hello'))); i += 1)
    await new Promise((resolve) => setTimeout(resolve, 2));
  t.strictSame(parseWav(readFileSync(cache.pathOf(say('hello')))).samples.length, 500);
});

t.test('a limit of 0 writes nothing', async (t) => {
  const synthesizer = new FakeSynthesizer();
  const dir = t.testdir();
  const cache = new SynthesisCache({ synthesizer, dir, limitBytes: 0 });
  t.strictSame([...(await cache.get(say('abc'))).samples], ramp('abc'));
  t.strictSame(await collect(cache.speak(say('abc'))), ramp('abc'));
  t.equal(synthesizer.asked, 1, 'memory has it');
  t.strictSame(readdirSync(dir), []);
});
