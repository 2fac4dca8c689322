import { readFile } from 'node:fs/promises';
import { t } from 'tap';
import { systemClock } from '../../../../src/core/clock.js';
import {
  promiseIds,
  testEngine,
  type ConformanceOptions,
} from '../../../../src/speech/engines/xiangyin/conformance/conformance.js';
import { speak } from '../../../../src/speech/engines/xiangyin/reference-tones.js';
import { startReferenceServer } from '../../../../src/speech/engines/xiangyin/reference-server.js';
import { bentEngine, type Bend, type Wire } from './bent-engine.js';

// What must come has long to come: this machine may be busy. What must not is waited for shortly, and the tests wait side
// by side.
t.jobs = 6;

const limitMs = 20_000;

function tried(url: string, options: Partial<ConformanceOptions> = {}) {
  return testEngine({
    url,
    limitMs,
    quietMs: 60,
    atOnceMs: limitMs,
    clock: systemClock,
    text: 'pay',
    ...options,
  });
}

t.test('the reference engine keeps every promise', async (t) => {
  const server = await startReferenceServer(0, 'sesame');
  t.teardown(() => server.close());
  const told: string[] = [];
  const report = await tried(server.url, { token: 'sesame', onTried: ({ id }) => told.push(id) });
  t.strictSame(
    report.promises.filter(({ outcome }) => outcome === 'broken'),
    [],
  );
  t.ok(report.ok);
  t.equal(report.engine, 'reference');
  t.strictSame(
    report.promises.filter(({ outcome }) => outcome === 'not tried').map(({ id }) => id),
    ['prepare'],
    'but for what it does not claim',
  );
  t.strictSame(
    told,
    report.promises.map(({ id }) => id),
  );
  t.match(
    report.promises.find(({ id }) => id === 'final')?.detail,
    /the phrase$/,
    'it understood its own voice',
  );
  for (const figure of ['readyMs', 'firstInterimMs', 'finalMs', 'firstChunkMs', 'pingMs']) {
    t.ok((report.measuredMs[figure] ?? -1) >= 0, figure);
  }
});

t.test('the reference server has less than 100 lines', async (t) => {
  const text = await readFile('src/speech/engines/xiangyin/reference-server.ts', 'utf8');
  t.ok(text.trimEnd().split('\n').length < 100);
});

t.test('one half alone can be tried', async (t) => {
  const server = await startReferenceServer(0);
  t.teardown(() => server.close());
  const report = await tried(server.url, { roles: ['synthesizer'] });
  t.ok(report.ok);
  const ids = report.promises.map(({ id }) => id);
  t.ok(ids.includes('sentence'));
  t.notOk(ids.includes('final'));
});

const half = (role: string) => (message: Wire) => {
  if (message.type !== 'hello') return [message];
  const { [role]: _left, ...rest } = message;
  return [rest];
};

t.test('a recognizer alone is tried with a recording, or with what can be tried without', async (t) => {
  const url = await bentEngine(t, { answers: half('synthesizer') });
  const silent = await tried(url, { only: ['interim', 'final'] });
  t.match(silent.promises.find(({ id }) => id === 'interim')?.detail, /give a recording with --wav/);
  t.ok(silent.ok);
  const recording = { samples: speak('pay', 16_000), sampleRateHz: 16_000 };
  const heard = await tried(url, { only: ['interim', 'final'], recording });
  t.equal(heard.promises.find(({ id }) => id === 'interim')?.outcome, 'kept');
  t.match(
    heard.promises.find(({ id }) => id === 'final')?.detail,
    /the phrase$/,
    'at the rate of the engine',
  );
});

const again = (type: string) => (message: Wire) => (message.type === type ? [message, message] : [message]);
const without = (type: string) => (message: Wire) => (message.type === type ? [] : [message]);
const change = (type: string, more: object) => (message: Wire) =>
  message.type === type ? [{ ...message, ...more }] : [message];

/** Engines with one fault each, and the promise that it breaks. */
const broken: Record<string, [promise: string, bend: Bend, options?: Partial<ConformanceOptions>]> = {
  'no hello': ['hello', { answers: without('hello') }],
  'an answer before hello': [
    'hello',
    { answers: (m) => (m.type === 'hello' ? [{ type: 'end', stream: 1 }, m] : [m]) },
  ],
  'a hello without dialects': [
    'hello',
    { answers: change('hello', { recognizer: { sampleRatesHz: [8000] } }) },
  ],
  'another version': ['hello', { answers: change('hello', { version: 9 }) }],
  'not the half that is wanted': ['hello', { answers: half('recognizer') }, { roles: ['recognizer'] }],
  'no pong': ['pings', { noPong: true }],
  'an error for what it does not know': [
    'unknown-types',
    {
      asks: (m, toClient) => {
        if (m.type?.startsWith('x-') === true) toClient({ type: 'error', code: 'bad-request' });
        return m;
      },
    },
  ],
  'an error for what has crossed': [
    'crossed-messages',
    {
      asks: (m, toClient) => {
        if (m.type === 'cancel') toClient({ type: 'error', stream: m.stream ?? 0, code: 'bad-request' });
        return m;
      },
    },
  ],
  'silence for a wrong listen': [
    'wrong-listen',
    { asks: (m) => (m.type === 'listen' && !('sampleRateHz' in m) ? undefined : m) },
  ],
  'another code for a wrong listen': [
    'wrong-listen',
    { answers: (m) => (m.code === 'bad-request' ? [{ ...m, code: 'failed' }] : [m]) },
  ],
  'silence for a wrong say': ['wrong-say', { asks: (m) => (m['text'] === 7 ? undefined : m) }],
  'a death by garbage': ['garbage', { garbage: (_socket, close) => close() }],
  'only one stream at a time': ['at-once', { answers: (m) => ((m.stream ?? 0) > 1 ? [] : [m]) }],
  'the numbers of streams mixed up': [
    'at-once',
    { answers: (m) => (m.type === 'final' && m.stream === 2 ? [{ ...m, stream: 1 }] : [m]) },
  ],
  'no ready': ['ready', { answers: without('ready') }],
  'no interim': ['interim', { answers: without('interim') }],
  'a final before finish': [
    'final',
    { answers: (m) => (m.type === 'interim' ? [{ ...m, type: 'final' }] : [m]) },
  ],
  'no final': ['final', { answers: without('final') }],
  'a phrase of its own': [
    'final',
    { answers: change('final', { alternatives: [{ text: 'x', phraseId: 'mine' }] }) },
  ],
  'more audio than there was': ['final', { answers: change('final', { audioMs: 90_000 }) }],
  'two finals': ['after-final', { answers: again('final') }],
  'an interim after the final': [
    'after-final',
    { answers: (m) => (m.type === 'final' ? [m, { ...m, type: 'interim' }] : [m]) },
  ],
  'a final for a cancelled listening': [
    'cancel-listening',
    {
      asks: (m, toClient) => {
        if (m.type === 'cancel') toClient({ type: 'final', stream: m.stream ?? 0, alternatives: [] });
        return m;
      },
    },
  ],
  'no final without audio': ['no-audio', { deaf: true, answers: without('final') }],
  'any rate is taken': [
    'odd-rate-listen',
    { asks: (m) => (m['sampleRateHz'] === 12_345 ? { ...m, sampleRateHz: 8000 } : m) },
  ],
  'one of its rates is dumb': [
    'every-rate-listen',
    { asks: (m) => (m.type === 'listen' && m['sampleRateHz'] === 16_000 ? undefined : m) },
  ],
  'prepare without an answer': [
    'prepare',
    {
      answers: (m) =>
        m.type === 'hello' ? [{ ...m, recognizer: { ...(m['recognizer'] as object), prepares: true } }] : [m],
    },
  ],
  'no begin': ['sentence', { answers: without('begin') }],
  'no end': ['sentence', { answers: without('end') }],
  'two ends': ['sentence', { answers: again('end') }],
  'another rate than was asked for': ['sentence', { answers: change('begin', { sampleRateHz: 22_050 }) }],
  'no audio': ['audible', { audio: () => undefined }],
  'nothing but silence': [
    'audible',
    { audio: (frame) => Buffer.concat([frame.subarray(0, 4), Buffer.alloc(320)]) },
  ],
  'the samples of another rate': [
    'rate-kept',
    {
      asks: (m) => (m.type === 'say' && m['sampleRateHz'] === 16_000 ? { ...m, sampleRateHz: 8000 } : m),
      answers: change('begin', {}),
    },
  ],
  'a sentence that cannot be cancelled': [
    'cancel-sentence',
    {
      asks: (m, toClient) => {
        const late = (): void => toClient({ type: 'words', stream: m.stream ?? 0, words: [] });
        if (m.type === 'cancel') for (let n = 1; n < 40; n++) setTimeout(late, n * 10);
        return m;
      },
    },
  ],
  'an empty text without an end': ['no-text', { asks: (m) => (m['text'] === '' ? undefined : m) }],
  'any rate is spoken': [
    'odd-rate-say',
    { asks: (m) => (m.type === 'say' && m['sampleRateHz'] === 12_345 ? { ...m, sampleRateHz: 8000 } : m) },
  ],
  'any dialect is spoken': [
    'odd-dialect-say',
    { asks: (m) => (m['dialect'] === 'x-nowhere' ? { ...m, dialect: 'cmn' } : m) },
  ],
  'confidence in percent': [
    'readable',
    { answers: change('final', { alternatives: [{ text: 'pay', confidence: 93 }] }) },
  ],
  'half a sample': ['readable', { audio: (frame) => frame.subarray(0, frame.length - 1) }],
};

for (const [fault, [promise, bend, options]] of Object.entries(broken)) {
  t.test(`${fault}: the broken promise is found, with what to do`, async (t) => {
    const url = await bentEngine(t, bend);
    // A short limit can only find more than there is: that what is kept is found kept, the other tests say.
    const only = promise === 'readable' ? ['final', 'sentence'] : [promise];
    const report = await tried(url, { limitMs: 1500, only, ...options });
    const found = report.promises.find(({ id }) => id === promise);
    t.equal(found?.outcome, 'broken');
    t.match(found?.advice, /\w+ \w+/);
    t.ok(found?.detail);
    t.notOk(report.ok);
  });
}

t.test('every promise is broken by some engine of this test', async (t) => {
  const covered = Object.values(broken).map(([promise]) => promise);
  t.strictSame(
    promiseIds.filter((id) => !covered.includes(id)),
    [],
  );
});
