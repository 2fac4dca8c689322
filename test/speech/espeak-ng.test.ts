import t from 'tap';
import { Worker } from 'node:worker_threads';
import {
  createEspeakSynthesizer,
  type EspeakSynthesizer,
} from '../../src/speech/engines/espeak-ng/espeak-synthesizer.js';
import { SilenceTrimmer } from '../../src/speech/engines/espeak-ng/silence-trimmer.js';
import type { SpokenAudio } from '../../src/speech/synthesizer.js';

async function collect(audio: SpokenAudio): Promise<Int16Array[]> {
  const chunks: Int16Array[] = [];
  for await (const chunk of audio) chunks.push(chunk);
  return chunks;
}

const length = (chunks: readonly Int16Array[]): number =>
  chunks.reduce((sum, chunk) => sum + chunk.length, 0);

const isInstalled = await createEspeakSynthesizer().then(
  async (synthesizer) => {
    await synthesizer.close();
    return true;
  },
  (error: unknown) => {
    if ((error as { code?: string }).code !== 'SPEECH_ENGINE_MISSING') throw error;
    return false;
  },
);
const skip = isInstalled ? false : '@echogarden/espeak-ng-emscripten is not installed';

/** An engine for each test: some break it. */
async function engine(t: { teardown(fn: () => Promise<void>): void }): Promise<EspeakSynthesizer> {
  const synthesizer = await createEspeakSynthesizer();
  t.teardown(() => synthesizer.close());
  return synthesizer;
}

/** When the worker has made a piece of what it is asked for next. */
function firstChunk(t: { teardown(fn: () => void): void }): Promise<unknown> {
  const post = Worker.prototype.postMessage;
  t.teardown(() => (Worker.prototype.postMessage = post));
  return new Promise((resolve) => {
    Worker.prototype.postMessage = function (this: Worker, ...args: Parameters<Worker['postMessage']>) {
      Worker.prototype.postMessage = post;
      this.once('message', resolve);
      return post.apply(this, args);
    };
  });
}

t.test('a sentence comes in chunks, audible, trimmed to 20 ms of silence', { skip }, async (t) => {
  const synthesizer = await engine(t);
  const chunks = await collect(
    synthesizer.synthesize({ text: 'Press one for billing.', dialect: 'en-us' }, 8000),
  );
  t.ok(chunks.length > 5, `${chunks.length} chunks, not one`);
  const whole = Int16Array.from(chunks.flatMap((chunk) => [...chunk]));
  t.ok(whole.length > 8000 && whole.length < 20_000, `${whole.length / 8} ms`);
  t.ok(whole.some((sample) => Math.abs(sample) > 5000));
  const first = whole.findIndex((sample) => Math.abs(sample) > 32);
  const last = whole.findLastIndex((sample) => Math.abs(sample) > 32);
  t.ok(first <= 160, 'little before it');
  t.ok(whole.length - last <= 161, 'little after it');
});

t.test(
  'rate, variant and dialect are heard; the voice does not depend on what was said before',
  { skip },
  async (t) => {
    const synthesizer = await engine(t);
    const say = async (request: object): Promise<Int16Array[]> =>
      collect(synthesizer.synthesize({ text: 'thirteen', dialect: 'en-us', ...request }, 8000));
    const normal = await say({});
    t.ok(length(await say({ rate: 1.5 })) < 0.85 * length(normal), 'faster is shorter');
    t.notSame(await say({ voice: '+f3' }), normal, 'a variant is another voice');
    t.ok(length(await say({ text: '您好', dialect: 'cmn' })) > 2000);
    t.ok(length(await say({ text: '你好', dialect: 'yue' })) > 2000);
    t.ok(length(await say({ text: 'a < b & c > d' })) > 4000, 'text is no markup');
    // Not sample for sample: the engine's breath is drawn anew each time.
    const again = length(await say({}));
    t.ok(Math.abs(again - length(normal)) < 100, `${again} samples, ${length(normal)} before`);
  },
);

t.test('its phones are told', { skip }, async (t) => {
  const synthesizer = await engine(t);
  const phones = await synthesizer.phones({ text: 'yes', dialect: 'en-us' });
  t.strictSame(
    phones.map(({ phone }) => phone).filter((phone) => phone !== ''),
    ['j', 'ˈɛ', 's'],
  );
  t.ok(phones.every(({ durationMs }) => durationMs >= 0 && durationMs < 400));
});

t.test('what it cannot speak is an error, not another voice', { skip }, async (t) => {
  const synthesizer = await engine(t);
  const say = (dialect: string, voice?: string, rate = 8000): Promise<Int16Array[]> =>
    collect(synthesizer.synthesize({ text: 'x', dialect, ...(voice === undefined ? {} : { voice }) }, rate));
  await t.rejects(say('wuu'), { code: 'SPEECH_NO_VOICE' });
  await t.rejects(say('toString'), { code: 'SPEECH_NO_VOICE' });
  await t.rejects(say('en-us', 'nosuchvoice'), { code: 'SPEECH_NO_VOICE' });
  await t.rejects(say('en-us', undefined, 44_100), { code: 'SPEECH_RATE_UNSUPPORTED' });
  t.ok(length(await say('en-us')) > 500, 'and the next request works');
});

t.test('abort ends the sentence early and frees the engine', { skip }, async (t) => {
  const synthesizer = await engine(t);
  const abort = new AbortController();
  const long = 'This is a long sentence that nobody wants to hear to its end. '.repeat(20);
  let heard = 0;
  for await (const chunk of synthesizer.synthesize({ text: long, dialect: 'en-us' }, 8000, abort.signal)) {
    heard += chunk.length;
    abort.abort();
  }
  t.ok(heard < 40_000, `${heard} samples of about 600000`);
  t.equal(
    length(await collect(synthesizer.synthesize({ text: long, dialect: 'en-us' }, 8000, abort.signal))),
    0,
  );
  t.ok(length(await collect(synthesizer.synthesize({ text: 'yes', dialect: 'en-us' }, 8000))) > 500);
});

t.test('a background sentence waits for the ones somebody hears', { skip }, async (t) => {
  const synthesizer = await engine(t);
  const order: string[] = [];
  const say = async (text: string, background: boolean): Promise<void> => {
    await collect(synthesizer.synthesize({ text, dialect: 'en-us', background }, 8000));
    order.push(text);
  };
  await Promise.all([say('first', false), say('second', true), say('third', true), say('live', false)]);
  t.strictSame(order, ['first', 'live', 'second', 'third']);
});

t.test('it makes way at once, though it was begun, and is made whole afterwards', { skip }, async (t) => {
  const synthesizer = await engine(t);
  const text = 'This sentence is long, and nobody waits for it. '.repeat(30);
  const alone = length(await collect(synthesizer.synthesize({ text, dialect: 'en-us' }, 8000)));
  const order: string[] = [];
  const begun = firstChunk(t);
  const background = collect(synthesizer.synthesize({ text, dialect: 'en-us', background: true }, 8000));
  void background.then(() => order.push('background'));
  await begun;
  await Promise.all(
    ['one', 'two', 'three', 'four'].map(async (word) => {
      await collect(synthesizer.synthesize({ text: word, dialect: 'en-us' }, 8000));
      order.push(word);
    }),
  );
  const made = length(await background);
  t.strictSame(order, ['one', 'two', 'three', 'four', 'background']);
  t.ok(Math.abs(made - alone) < alone / 100, `${made} of ${alone} samples`);
});

t.test('what is begun anew for others again and again is made at last', { skip }, async (t) => {
  const synthesizer = await engine(t);
  const text = 'This sentence is long, and nobody waits for it. '.repeat(10);
  let over = false;
  const background = collect(synthesizer.synthesize({ text, dialect: 'en-us', background: true }, 8000));
  void background.then(() => (over = true));
  let live = 0;
  for (; !over && live < 200; live += 1) {
    await collect(synthesizer.synthesize({ text: 'yes', dialect: 'en-us' }, 8000));
  }
  t.ok(over, `after ${live} sentences of calls`);
});

t.test('a worker that dies fails the sentence in hand, and the next one works', { skip }, async (t) => {
  const synthesizer = await engine(t);
  const workers = new Set<Worker>();
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (this: Worker, ...args: Parameters<Worker['postMessage']>) {
    workers.add(this);
    return post.apply(this, args);
  };
  t.teardown(() => (Worker.prototype.postMessage = post));
  const text = 'This sentence is cut by a crash. '.repeat(30);
  const failing = collect(synthesizer.synthesize({ text, dialect: 'en-us' }, 8000));
  const refused = t.rejects(failing, { code: 'SPEECH_ENGINE_FAILED', retryable: true });
  await new Promise((resolve) => setImmediate(resolve));
  for (const worker of [...workers]) await worker.terminate();
  await refused;
  t.ok(length(await collect(synthesizer.synthesize({ text: 'yes', dialect: 'en-us' }, 8000))) > 500);
});

t.test('close ends what runs, twice is once, and afterwards nothing is spoken', { skip }, async (t) => {
  const synthesizer = await engine(t);
  const running = collect(synthesizer.synthesize({ text: 'one two three', dialect: 'en-us' }, 8000));
  const refused = t.rejects(running, { code: 'SPEECH_CLOSED' });
  await synthesizer.close();
  await synthesizer.close();
  await refused;
  await t.rejects(collect(synthesizer.synthesize({ text: 'x', dialect: 'en-us' }, 8000)), {
    code: 'SPEECH_CLOSED',
  });
});

t.test('without the package the error names what to install', async (t) => {
  await t.rejects(createEspeakSynthesizer({ packageName: '@nobody/no-engine' }), {
    code: 'SPEECH_ENGINE_MISSING',
    message: /npm install @nobody\/no-engine/,
  });
});

t.test('silence inside a sound is kept, around it cut, whatever the chunks', async (t) => {
  const loud = (n: number): number[] => new Array<number>(n).fill(1000);
  const quiet = (n: number): number[] => new Array<number>(n).fill(0);
  const sound = Int16Array.from([...quiet(900), ...loud(300), ...quiet(700), ...loud(200), ...quiet(800)]);
  for (const size of [1, 70, 500, 5000]) {
    const trimmer = new SilenceTrimmer(160);
    const parts: number[] = [];
    for (let at = 0; at < sound.length; at += size) {
      parts.push(...trimmer.push(sound.subarray(at, at + size)));
    }
    parts.push(...trimmer.end());
    t.strictSame(
      parts,
      [...quiet(160), ...loud(300), ...quiet(700), ...loud(200), ...quiet(160)],
      `chunks of ${size}`,
    );
  }
});
