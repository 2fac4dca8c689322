import t, { type Test } from 'tap';
import { ManualClock } from '../../src/core/clock.js';
import { errorCode } from '../../src/core/errors.js';
import { engineFailed, speechFailover, type EngineFailed } from '../../src/speech/channels.js';
import { speechError } from '../../src/speech/errors.js';
import type { SynthesisRequest } from '../../src/speech/synthesizer.js';
import { SynthesizerChain } from '../../src/speech/synthesizer-chain.js';
import { ScriptedSynthesizer } from './scripted-synthesizer.js';

const text = 'We are open Monday to Friday. On Saturday until noon. We are closed on Sunday.';
const broken = (reason: string) => speechError('SPEECH_ENGINE_FAILED', { engine: 'first', reason });
/** Everything that waits for nothing but promises has happened. */
const settled = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};

function house(t: Test, engines: ScriptedSynthesizer[], breaker = { failuresToOpen: 3, openMs: 5000 }) {
  const clock = new ManualClock();
  const chain = new SynthesizerChain({
    engines: engines.map((engine) => ({ engine })),
    deadlines: { firstAudioMs: 400, betweenChunksMs: 300 },
    breaker,
    clock,
  });
  const failures: string[] = [];
  const failovers: string[] = [];
  const ends = [
    engineFailed.subscribe(({ engine, kind }: EngineFailed) => failures.push(`${engine} ${kind}`)),
    speechFailover.subscribe(({ from, to }) => failovers.push(`${from}>${to ?? 'none'}`)),
  ];
  t.teardown(() => ends.forEach((end) => end()));
  const speak = (request: Partial<SynthesisRequest> = {}, signal?: AbortSignal) => {
    const audio = chain.synthesize({ text, dialect: 'en-gb', ...request }, 8000, signal);
    const got = { samples: [] as number[], end: '' };
    const reading = (async () => {
      for await (const chunk of audio) got.samples.push(...chunk);
    })().then(
      () => (got.end = 'done'),
      (error: unknown) => (got.end = errorCode(error)),
    );
    return { audio, got, reading };
  };
  return { clock, chain, failures, failovers, speak };
}

const two = () => ({ first: new ScriptedSynthesizer('first'), second: new ScriptedSynthesizer('second') });
const msOf = (samples: readonly number[], value: number): number =>
  samples.filter((sample) => sample === value).length / 8;

t.test('a sentence comes from the first engine, which is named', async (t) => {
  const { first, second } = two();
  const { speak, clock, failures } = house(t, [first, second]);
  const { got, audio, reading } = speak();
  await settled();
  first.last.push(100);
  first.last.push(100);
  first.last.end();
  await reading;
  t.equal(got.end, 'done');
  t.equal(msOf(got.samples, 1), 200);
  t.equal(audio.spokenBy, 'first');
  t.equal(second.sentences.length, 0);
  t.strictSame(failures, []);
  t.equal(clock.pendingTimers, 0);
});

for (const [fault, play] of [
  ['refused', (engine: ScriptedSynthesizer) => engine.last.fail(broken('ECONNREFUSED'))],
  ['429', (engine: ScriptedSynthesizer) => engine.last.fail(broken('429'))],
  ['DNS gone', (engine: ScriptedSynthesizer) => engine.last.fail(broken('ENOTFOUND'))],
  ['garbage', (engine: ScriptedSynthesizer) => engine.last.fail(broken('no message of ours'))],
  ['closed without a sound', (engine: ScriptedSynthesizer) => engine.last.end()],
] as const) {
  t.test(`${fault}: the next engine says the whole sentence`, async (t) => {
    const { first, second } = two();
    const { speak, failovers, clock } = house(t, [first, second]);
    const { got, audio, reading } = speak();
    await settled();
    play(first);
    await settled();
    t.equal(second.last.request.text, text);
    second.last.push(100, 2);
    second.last.end();
    await reading;
    t.equal(got.end, 'done');
    t.equal(msOf(got.samples, 2), 100);
    t.equal(audio.spokenBy, 'second');
    t.strictSame(failovers, ['first>second']);
    t.equal(clock.pendingTimers, 0);
  });
}

t.test('an engine that throws when asked has failed', async (t) => {
  const { first, second } = two();
  first.onAsked = () => {
    throw broken('thrown');
  };
  const { speak } = house(t, [first, second]);
  const { got, reading } = speak();
  await settled();
  second.last.push(100, 2);
  second.last.end();
  await reading;
  t.equal(got.end, 'done');
});

for (const fault of ['accepted, then frozen', 'half-open', 'a slow first byte']) {
  t.test(
    `${fault}: after the deadline the next engine speaks, and what comes late is not heard`,
    async (t) => {
      const { first, second } = two();
      const { speak, clock, failures } = house(t, [first, second]);
      const { got, reading } = speak();
      await settled();
      clock.advance(399);
      await settled();
      t.equal(second.sentences.length, 0);
      clock.advance(1);
      await settled();
      t.equal(second.sentences.length, 1);
      t.equal(first.last.signal?.aborted, true, 'it is told that nobody waits');
      first.last.push(500);
      second.last.push(100, 2);
      second.last.end();
      await reading;
      t.equal(msOf(got.samples, 1), 0);
      t.equal(msOf(got.samples, 2), 100);
      t.strictSame(failures, ['first firstAudio']);
      t.equal(clock.pendingTimers, 0);
    },
  );
}

t.test(
  'a stall in the middle of a sentence: the next goes on from the last clause that was certainly reached',
  async (t) => {
    const { first, second } = two();
    const { speak, clock, failures } = house(t, [first, second]);
    const { got, audio, reading } = speak();
    await settled();
    // "We are open Monday to Friday." takes less than 5 s even slowly, the second sentence is under way.
    for (let i = 0; i < 50; i++) first.last.push(100);
    await settled();
    clock.advance(300);
    await settled();
    t.equal(second.last.request.text, 'On Saturday until noon. We are closed on Sunday.');
    second.last.push(100, 2);
    second.last.end();
    await reading;
    t.equal(msOf(got.samples, 1), 5000, 'what was made is heard');
    t.equal(msOf(got.samples, 2), 100);
    t.equal(audio.spokenBy, undefined, 'nobody may keep it as the work of one');
    t.strictSame(failures, ['first betweenChunks']);
  },
);

t.test('an engine that tells when its words begin is gone on from the broken word', async (t) => {
  const { first, second } = two();
  const { speak, clock } = house(t, [first, second]);
  const { reading } = speak({ text: 'Press one for sales' });
  await settled();
  first.last.words = [
    { text: 'Press', startMs: 0 },
    { text: 'one', startMs: 300 },
    { text: 'for', startMs: 700 },
    { text: 'sales', startMs: 900 },
  ];
  first.last.push(800);
  await settled();
  clock.advance(300);
  await settled();
  t.equal(second.last.request.text, 'for sales');
  second.last.push(100, 2);
  second.last.end();
  await reading;
});

t.test('who takes the sound slowly does not make the engine late', async (t) => {
  const { first, second } = two();
  const { chain, clock, failures } = house(t, [first, second]);
  const audio = chain.synthesize({ text, dialect: 'en-gb' }, 8000)[Symbol.asyncIterator]();
  const chunk = audio.next();
  await settled();
  first.last.push(100);
  await chunk;
  clock.advance(60_000);
  const next = audio.next();
  await settled();
  first.last.push(100);
  t.equal((await next).done, false);
  t.strictSame(failures, []);
  await audio.return?.();
  t.equal(first.last.signal?.aborted, true);
});

t.test('wrong rate: sound of another rate than asked for is converted, none that is no rate', async (t) => {
  const { first, second } = two();
  const { speak } = house(t, [first, second]);
  const { got, reading } = speak();
  await settled();
  first.last.sampleRateHz = 16_000;
  first.last.push(1000, 1000);
  first.last.end();
  await reading;
  t.equal(got.samples.length, 8000, 'one second stays one second');
  t.ok(Math.abs((got.samples[4000] ?? 0) - 1000) < 20);
  const refused = speak();
  await settled();
  first.last.sampleRateHz = 7;
  first.last.push(1000);
  await settled();
  second.last.push(100, 2);
  second.last.end();
  await refused.reading;
  t.equal(msOf(refused.got.samples, 2), 100);
});

t.test('an engine that has only another rate is asked for that', async (t) => {
  const wide = new ScriptedSynthesizer('wide', { sampleRatesHz: [16_000, 24_000] });
  const { speak } = house(t, [wide]);
  const { got, reading } = speak();
  await settled();
  t.equal(wide.last.sampleRateHz, 16_000);
  wide.last.push(500, 1000);
  wide.last.end();
  await reading;
  t.equal(got.samples.length, 4000);
});

t.test('every engine gone: it rejects once, and the sound so far was heard', async (t) => {
  const { first, second } = two();
  const { speak, clock, failovers } = house(t, [first, second]);
  const { got, reading } = speak();
  await settled();
  first.last.push(100);
  await settled();
  first.last.fail(broken('gone'));
  await settled();
  clock.advance(400);
  await reading;
  t.equal(got.end, 'SPEECH_NO_SYNTHESIZER');
  t.equal(msOf(got.samples, 1), 100);
  t.strictSame(failovers, ['first>second', 'second>none']);
  t.equal(clock.pendingTimers, 0);
});

t.test('an engine that fails again and again is left alone, then tried once', async (t) => {
  const { first, second } = two();
  first.onAsked = (sentence) => sentence.fail(broken('429'));
  second.onAsked = (sentence) => {
    sentence.push(100, 2);
    sentence.end();
  };
  const { speak, clock, chain } = house(t, [first, second]);
  for (let i = 0; i < 5; i++) t.equal(await speak().reading, 'done');
  t.equal(first.sentences.length, 3);
  t.equal(chain.states.get('first'), 'open');
  clock.advance(5000);
  first.onAsked = (sentence) => {
    sentence.push(100);
    sentence.end();
  };
  await speak().reading;
  t.equal(chain.states.get('first'), 'closed');
});

t.test('a listener who leaves ends the work and blames nobody', async (t) => {
  const { first, second } = two();
  const { speak, clock, failures, chain } = house(t, [first, second], { failuresToOpen: 1, openMs: 1000 });
  const abort = new AbortController();
  const { got, reading } = speak({}, abort.signal);
  await settled();
  abort.abort();
  t.equal(first.last.signal?.aborted, true);
  first.last.end();
  await reading;
  t.equal(got.end, 'done');
  t.strictSame(failures, []);
  t.equal(chain.states.get('first'), 'closed');
  t.equal(second.sentences.length, 0);
  t.equal(clock.pendingTimers, 0);
});

t.test('an engine that never ends is ended', async (t) => {
  const { first, second } = two();
  const { speak, failures } = house(t, [first, second]);
  const { reading } = speak();
  await settled();
  for (let i = 0; i < 130; i++) first.last.push(1000);
  await settled();
  second.last.push(100, 2);
  second.last.end();
  await reading;
  t.strictSame(failures, ['first error']);
});

t.test('an accent that no engine has a voice for is spoken in the nearest that one has', async (t) => {
  const { first } = two();
  const { speak } = house(t, [first]);
  const { got, reading } = speak({ dialect: 'en-in' });
  await settled();
  t.equal(first.last.request.dialect, 'en-gb');
  first.last.push(100);
  first.last.end();
  await reading;
  t.equal(got.end, 'done');
});

t.test('what is made ahead may wait behind what somebody waits for', async (t) => {
  const { first, second } = two();
  const { speak, clock } = house(t, [first, second]);
  const { reading } = speak({ background: true });
  await settled();
  clock.advance(9999);
  await settled();
  t.equal(second.sentences.length, 0);
  first.last.push(100);
  first.last.end();
  t.equal(await reading, 'done');
});

t.test('all are left alone: one is tried all the same, as soon as a second is over', async (t) => {
  const { first, second } = two();
  const { speak, clock } = house(t, [first, second], { failuresToOpen: 1, openMs: 60_000 });
  for (const engine of [first, second]) engine.onAsked = (sentence) => sentence.fail(broken('gone'));
  t.equal(await speak().reading, 'SPEECH_NO_SYNTHESIZER');
  t.equal(await speak().reading, 'SPEECH_NO_SYNTHESIZER');
  t.equal(first.sentences.length, 1);
  clock.advance(1000);
  second.onAsked = (sentence) => {
    sentence.push(100, 2);
    sentence.end();
  };
  t.equal(await speak().reading, 'done');
});
