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
import { sentenceWanted } from '../../src/speech/channels.js';
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

/** Two engines in one, as a chain is: `down` are left alone. */
class FakeChain extends FakeSynthesizer {
  readonly down = new Set<string>();
  speaker: string | undefined = 'first';

  enginesFor() {
    return ['first', 'second'].map((name) => ({ name, available: !this.down.has(name) }));
  }

  override synthesize(request: SynthesisRequest, sampleRateHz: number, signal?: AbortSignal) {
    return Object.assign(super.synthesize(request, sampleRateHz, signal), { spokenBy: this.speaker });
  }
}

t.test('each engine has sentences of its own', async (t) => {
  const synthesizer = new FakeChain();
  const cache = new SynthesisCache({ synthesizer, dir: t.testdir() });
  await cache.get(say('abc'));
  t.ok(existsSync(cache.pathOf(say('abc'), 'first')));
  t.notOk(existsSync(cache.pathOf(say('abc'), 'second')));
  synthesizer.speaker = 'second';
  await cache.get(say('def'));
  t.ok(existsSync(cache.pathOf(say('def'), 'second')), 'kept as the work of who spoke it');
  await cache.get(say('def'));
  t.equal(synthesizer.asked, 3, 'the first choice is asked again: it may be back');
  synthesizer.speaker = undefined;
  await cache.get(say('ghi'));
  t.notOk(existsSync(cache.pathOf(say('ghi'), 'first')), 'what two engines spoke belongs to none');
});

t.test('an engine that is left alone is still heard in what it said before', async (t) => {
  const synthesizer = new FakeChain();
  const cache = new SynthesisCache({ synthesizer, dir: t.testdir() });
  await cache.get(say('abc'));
  synthesizer.down.add('first');
  t.strictSame(await collect(cache.speak(say('abc'))), ramp('abc'));
  t.equal(synthesizer.asked, 1);
});

t.test('every engine gone: a sentence that any of them said before is heard', async (t) => {
  const synthesizer = new FakeChain();
  const cache = new SynthesisCache({ synthesizer, dir: t.testdir() });
  synthesizer.speaker = 'second';
  await cache.get(say('abc'));
  synthesizer.synthesize = () => {
    throw new Error('all gone');
  };
  t.strictSame(await collect(cache.speak(say('abc'))), ramp('abc'));
  await t.rejects(collect(cache.speak(say('never said'))), /all gone/);
});

t.test(
  'what is prepared for one call is in memory until it is said once, and never on the disk',
  async (t) => {
    const synthesizer = new FakeSynthesizer();
    const dir = t.testdir();
    const cache = new SynthesisCache({ synthesizer, dir });
    await cache.prepare([say('your number is 1'), say('your number is 2')]);
    t.equal(synthesizer.asked, 2);
    t.strictSame(
      await collect(cache.speak(say('your number is 1'), undefined, false)),
      ramp('your number is 1'),
    );
    t.equal(synthesizer.asked, 2, 'it was ready');
    await collect(cache.speak(say('your number is 1'), undefined, false));
    t.equal(synthesizer.asked, 3, 'and is forgotten');
    t.strictSame(readdirSync(dir), []);
  },
);

t.test('what may be stored is prepared for every call, once', async (t) => {
  const synthesizer = new FakeSynthesizer();
  const dir = t.testdir();
  const cache = new SynthesisCache({ synthesizer, dir });
  await Promise.all([
    cache.prepare([say('menu'), say('menu')], { store: true }),
    cache.prepare([say('menu')], { store: true }),
  ]);
  t.equal(synthesizer.asked, 1);
  t.equal(readdirSync(dir).length, 1);
});

t.test('preparing goes in the background, skips what breaks, and stops when it is not wanted', async (t) => {
  const synthesizer = new FakeSynthesizer();
  const asked: SynthesisRequest[] = [];
  const synthesize = synthesizer.synthesize.bind(synthesizer);
  synthesizer.synthesize = (request, rate, signal) => {
    asked.push(request);
    return synthesize(request, rate, signal);
  };
  const cache = new SynthesisCache({ synthesizer, dir: t.testdir() });
  await cache.prepare([say('bro!ken'), say('whole')]);
  t.strictSame(
    asked.map(({ background }) => background),
    [true, true],
  );
  t.strictSame(await collect(cache.speak(say('whole'))), ramp('whole'));
  const abort = new AbortController();
  abort.abort();
  await cache.prepare([say('unwanted')], { signal: abort.signal });
  t.equal(asked.length, 2);
  const later = new AbortController();
  await cache.prepare([say('for a call')], { signal: later.signal });
  later.abort();
  await collect(cache.speak(say('for a call'), undefined, false));
  t.equal(asked.length, 4, 'it was forgotten with the call');
});

t.test('where each sentence came from is told', async (t) => {
  const from: string[] = [];
  t.teardown(sentenceWanted.subscribe((wanted) => from.push(wanted.from)));
  const synthesizer = new FakeSynthesizer();
  const dir = t.testdir();
  const cache = new SynthesisCache({ synthesizer, dir });
  await collect(cache.speak(say('abc')));
  await collect(cache.speak(say('abc')));
  for (let i = 0; i < 500 && !existsSync(cache.pathOf(say('abc'))); i += 1)
    await new Promise((resolve) => setTimeout(resolve, 2));
  await collect(new SynthesisCache({ synthesizer, dir }).speak(say('abc')));
  t.strictSame(from, ['engine', 'memory', 'disk']);
});

t.test('another voice of an engine is another sentence, also where the request names none', async (t) => {
  const synthesizer = new FakeSynthesizer();
  const dir = t.testdir();
  const of = (voice: string | undefined) => new SynthesisCache({ synthesizer, dir, voiceOf: () => voice });
  const paths = [of(undefined), of('anna'), of('bert')].map((cache) => cache.pathOf(say('abc')));
  t.equal(new Set(paths).size, 3);
  t.equal(of('bert').pathOf({ ...say('abc'), voice: 'anna' }), of('anna').pathOf(say('abc')));
});
