import { t, type Test } from 'tap';
import { tone } from '../../../../src/audio/tone.js';
import { ManualClock, systemClock, type Clock } from '../../../../src/core/clock.js';
import {
  XiangyinEngine,
  type XiangyinEngineOptions,
} from '../../../../src/speech/engines/xiangyin/xiangyin-engine.js';
import type { RecognizeOptions } from '../../../../src/speech/recognizer.js';
import { FaultEngine, type FaultEngineOptions } from '../../fault-engine.js';
import { eventually } from '../../../server/house.js';
import { heardOf, outcomeOf } from './listening-outcome.js';
import { ownHello, scriptedEngine } from './scripted-engine.js';

const limitMs = 20_000;
const sound = tone({ frequenciesHz: [400], durationMs: 700, sampleRateHz: 8000 });
const menu: RecognizeOptions = {
  sampleRateHz: 8000,
  phrases: [
    { id: 'pay', text: 'pay my bill', dialect: 'en-gb' },
    { id: 'hours', text: 'opening hours', dialect: 'en-gb' },
  ],
  dialects: ['en-gb'],
};

async function faulty(t: Test, options: FaultEngineOptions = {}): Promise<FaultEngine> {
  const engine = await FaultEngine.start(options);
  t.teardown(() => engine.close());
  return engine;
}

function client(t: Test, url: string, options: Partial<XiangyinEngineOptions> = {}): XiangyinEngine {
  const engine = new XiangyinEngine({ name: 'house', url, ...options });
  t.teardown(() => engine.close());
  return engine;
}

function speakInto(engine: XiangyinEngine, options = menu) {
  const stream = engine.recognizer.open(options);
  const later: string[] = [];
  const told = outcomeOf(stream, later);
  for (let at = 0; at < sound.length; at += 160) stream.write(sound.subarray(at, at + 160));
  return { stream, told, later };
}

t.test('a listening tells that it hears, what it hears, and one final', async (t) => {
  const server = await faulty(t);
  const engine = client(t, server.url);
  // Nothing is connected yet: what is said meanwhile is kept.
  const { stream, told } = speakInto(engine);
  stream.finish();
  const { ready, interims, final } = await told;
  t.equal(ready, 1);
  t.equal(interims.length, 3, 'one for each 200 ms of 700');
  t.strictSame(final?.alternatives, [
    { phraseId: 'pay', text: 'pay my bill', dialect: 'en-gb', confidence: 0.9 },
  ]);
  t.equal(final?.audioMs, 700, 'no sample was lost');
  t.equal(server.streams, 0);
});

t.test('a sentence comes at the rate asked for, and ends', async (t) => {
  const server = await faulty(t);
  const engine = client(t, server.url);
  await engine.hello();
  t.strictSame(engine.synthesizer.capabilities.dialects, ['en-gb', 'en-us', 'cmn', 'yue']);
  const audio = engine.synthesizer.synthesize({ text: 'hello', dialect: 'en-gb' }, 16_000);
  t.equal(audio.sampleRateHz, 16_000);
  t.strictSame(await heardOf(audio), { end: 'end', samples: 16 * 60 * 5 });
});

t.test('what nobody wants any more is cancelled at the engine', async (t) => {
  const server = await faulty(t, { fault: 'stall' });
  const engine = client(t, server.url);
  const { stream, told } = speakInto(engine);
  stream.on('ready', () => stream.close());
  const aborting = new AbortController();
  const audio = engine.synthesizer.synthesize({ text: 'hello', dialect: 'en-gb' }, 8000, aborting.signal);
  let samples = 0;
  for await (const chunk of audio) {
    samples += chunk.length;
    aborting.abort();
  }
  t.equal(samples, 800, 'the first chunk, and an end without an error');
  await eventually(() => (server.begun === 2 && server.streams === 0 ? true : undefined), limitMs);
  t.equal(await Promise.race([told.then(({ end }) => end), 'nothing was told']), 'nothing was told');
});

t.test('every fault of an engine ends a stream with its typed error, and nothing after it', async (t) => {
  const expected = {
    refuse: ['SPEECH_ENGINE_UNREACHABLE', 'SPEECH_ENGINE_UNREACHABLE'],
    acceptThenFreeze: ['SPEECH_ENGINE_UNREACHABLE', 'SPEECH_ENGINE_UNREACHABLE'],
    halfOpen: ['SPEECH_ENGINE_LOST', 'SPEECH_ENGINE_LOST'],
    garbage: ['SPEECH_PROTOCOL_BROKEN', 'SPEECH_PROTOCOL_BROKEN'],
    close: ['SPEECH_ENGINE_LOST', 'SPEECH_ENGINE_LOST'],
    wrongRate: ['SPEECH_PROTOCOL_BROKEN', 'SPEECH_PROTOCOL_BROKEN'],
    duplicateFinals: ['final', 'end'],
    outOfOrder: ['SPEECH_PROTOCOL_BROKEN', 'SPEECH_PROTOCOL_BROKEN'],
    tooManyRequests: ['SPEECH_ENGINE_BUSY', 'SPEECH_ENGINE_BUSY'],
    dnsGone: ['SPEECH_ENGINE_UNREACHABLE', 'SPEECH_ENGINE_UNREACHABLE'],
    // Deadlines are not the engine's business: they are the failover's.
    slowFirstByte: ['final', 'end'],
  } as const;
  for (const [fault, [listening, sentence]] of Object.entries(expected)) {
    await t.test(fault, async (t) => {
      const server = await faulty(t, { fault: fault as keyof typeof expected, slowMs: 50 });
      const clock = new ManualClock();
      const engine = client(t, server.url, { clock });
      const { stream, told, later } = speakInto(engine);
      // A final that comes early is only early while the caller speaks.
      if (fault !== 'outOfOrder') stream.finish();
      const heard = heardOf(engine.synthesizer.synthesize({ text: 'hello', dialect: 'en-gb' }, 8000));
      let passing = true;
      // Limits pass while the sockets do what they do; nobody waits for a real second.
      const passed = (async () => {
        while (passing) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          clock.advance(100);
        }
      })();
      t.equal((await told).end, listening);
      t.equal((await heard).end, sentence);
      passing = false;
      await passed;
      t.strictSame(later, []);
      await engine.close();
      t.equal(clock.pendingTimers, 0, 'no timer is left');
      await eventually(() => (server.connections === 0 || fault === 'halfOpen' ? true : undefined), limitMs);
    });
  }
});

t.test('an engine that is back is used again', async (t) => {
  const server = await faulty(t);
  const engine = client(t, server.url, { clock: quick(50) });
  await engine.hello();
  await server.fail('refuse');
  const { told } = speakInto(engine);
  t.match((await told).end, /^SPEECH_ENGINE_/);
  await server.fail(undefined);
  await eventually(() => engine.hello().catch(() => undefined), limitMs);
  const { stream, told: again } = speakInto(engine);
  stream.finish();
  t.equal((await again).end, 'final');
});

t.test('a connection that freezes is given up, with all its streams', async (t) => {
  const server = await faulty(t);
  const clock = new ManualClock();
  const engine = client(t, server.url, { clock, pingAfterMs: 1000, pongLimitMs: 500 });
  await engine.hello();
  await server.fail('halfOpen');
  const { told } = speakInto(engine);
  clock.advance(999);
  clock.advance(1);
  clock.advance(499);
  t.equal(await Promise.race([told.then(({ end }) => end), 'not yet']), 'not yet');
  // What came before the ping counts as life: at most two rounds.
  clock.advance(2000);
  t.equal((await told).end, 'SPEECH_ENGINE_LOST');
});

t.test('a stream that was given up without an answer makes the connection prove that it lives', async (t) => {
  const server = await faulty(t);
  const clock = new ManualClock();
  const engine = client(t, server.url, { clock, pingAfterMs: 60_000, pongLimitMs: 500 });
  await engine.hello();
  const sound = speakInto(engine);
  await new Promise<void>((resolve) => sound.stream.on('ready', resolve));
  await server.fail('halfOpen');
  // A second caller gets no word, and a failover gives up.
  speakInto(engine).stream.close();
  clock.advance(499);
  t.equal(await Promise.race([sound.told.then(({ end }) => end), 'not yet']), 'not yet');
  clock.advance(1);
  t.equal((await sound.told).end, 'SPEECH_ENGINE_LOST');
});

t.test('connections that nobody needs any more end', async (t) => {
  const server = await faulty(t, { maxStreams: 1 });
  const clock = new ManualClock();
  const engine = client(t, server.url, { clock, pingAfterMs: 1e9 });
  const callers = [1, 2, 3, 4].map(() => speakInto(engine));
  await eventually(() => (server.connections === 6 ? true : undefined), limitMs);
  for (const { stream } of callers) stream.finish();
  for (const { told } of callers) await told;
  clock.advance(30_000);
  await eventually(() => (server.connections === 2 ? true : undefined), limitMs);
  const { stream, told } = speakInto(engine);
  stream.finish();
  t.equal((await told).end, 'final');
});

t.test(
  'one stream a connection: more callers have more connections, made before they are needed',
  async (t) => {
    const server = await faulty(t, { maxStreams: 1 });
    const engine = client(t, server.url);
    engine.start();
    await eventually(() => (server.connections === 2 ? true : undefined), limitMs);
    const callers = [1, 2, 3, 4, 5].map(() => speakInto(engine));
    await eventually(() => (server.streams === 5 ? true : undefined), limitMs);
    await eventually(() => (server.connections === 7 ? true : undefined), limitMs);
    for (const { stream } of callers) stream.finish();
    for (const { told } of callers) t.equal((await told).end, 'final');
  },
);

t.test('more streams than the connections carry are refused at once', async (t) => {
  const server = await faulty(t, { maxStreams: 1 });
  const engine = client(t, server.url, { maxConnections: 2 });
  const callers = [1, 2].map(() => speakInto(engine));
  await eventually(() => (server.streams === 2 ? true : undefined), limitMs);
  const { told } = speakInto(engine);
  t.equal((await told).end, 'SPEECH_ENGINE_BUSY');
  for (const { stream } of callers) stream.finish();
  for (const caller of callers) t.equal((await caller.told).end, 'final');
});

t.test('an engine that goes away finishes what it has, and new streams go elsewhere', async (t) => {
  const server = await faulty(t);
  const engine = client(t, server.url, { clock: quick(20) });
  const before = speakInto(engine);
  await eventually(() => (server.streams === 1 ? true : undefined), limitMs);
  server.goAway();
  await engine.hello();
  await eventually(() => (server.connected >= 2 ? true : undefined), limitMs);
  const after = speakInto(engine);
  for (const { stream, told } of [before, after]) {
    stream.finish();
    t.equal((await told).end, 'final');
  }
  await eventually(() => (server.connections === 1 ? true : undefined), limitMs);
});

t.test('a token is brought, and a wrong one is told as such', async (t) => {
  const server = await faulty(t, { token: 'sesame' });
  t.equal((await client(t, server.url, { token: 'sesame' }).hello()).name, 'fault-engine');
  await t.rejects(client(t, server.url, { token: 'open' }).hello(), {
    code: 'SPEECH_ENGINE_REFUSED',
    retryable: false,
    message: /check its token/,
  });
});

t.test("dialects go over in the engine's codes and come back as ours", async (t) => {
  const server = await scriptedEngine(
    t,
    (message, send) => {
      const { stream } = message;
      if (message.type === 'listen') send({ type: 'ready', stream });
      if (message.type === 'finish') {
        const alternatives = [
          { text: '交費', dialect: 'zh-HK', confidence: 0.7 },
          { text: '交肺', dialect: 'zh-XX', confidence: 0.2 },
        ];
        send({ type: 'final', stream, alternatives, dialects: [{ dialect: 'zh-HK', score: 0.8 }] });
      }
    },
    { ...ownHello, recognizer: { ...ownHello.recognizer, dialects: ['zh-HK', 'zh-CN'] } },
  );
  const engine = client(t, server.url, {
    dialects: { yue: 'zh-HK', cmn: 'zh-CN', nan: 'nan-TW' },
    voices: { yue: 'kafai' },
  });
  await engine.hello();
  t.strictSame(engine.recognizer.capabilities.dialects, ['yue', 'cmn'], 'those that the engine has');
  const { stream, told } = speakInto(engine, {
    ...menu,
    dialects: ['yue', 'en-gb'],
    phrases: [
      { id: 'pay', text: '交費', dialect: 'yue' },
      { id: 'pay', text: 'pay', dialect: 'en-gb' },
    ],
    maxAlternatives: 2,
  });
  stream.finish();
  const { final } = await told;
  const [listen] = server.asked;
  t.match(listen, { dialects: ['zh-HK'], phrases: [{ id: 'pay', text: '交費', dialect: 'zh-HK' }] });
  t.strictSame(
    final?.alternatives.map(({ dialect }) => dialect),
    ['yue', undefined],
  );
  t.strictSame(final?.dialects, [{ dialect: 'yue', score: 0.8 }]);
  void heardOf(engine.synthesizer.synthesize({ text: '你好', dialect: 'yue' }, 8000));
  await eventually(() => server.asked.find(({ type }) => type === 'say'), limitMs);
  t.match(server.asked.at(-1), { dialect: 'zh-HK', voice: 'kafai' });
  const foreign = engine.synthesizer.synthesize({ text: 'hello', dialect: 'en-gb' }, 8000);
  t.equal((await heardOf(foreign)).end, 'SPEECH_NO_VOICE');
});

t.test('phrases are prepared where the engine wants it, and its refusal is told', async (t) => {
  let refuse = false;
  const server = await scriptedEngine(t, ({ type, stream }, send) => {
    if (type !== 'prepare') return;
    send(refuse ? { type: 'error', stream, code: 'too-large' } : { type: 'ready', stream });
  });
  const engine = client(t, server.url);
  await engine.recognizer.prepare(menu.phrases);
  t.match(server.asked, [{ type: 'prepare', phrases: menu.phrases }]);
  refuse = true;
  await t.rejects(engine.recognizer.prepare(menu.phrases), { code: 'SPEECH_REQUEST_REFUSED' });
  const plain = await faulty(t);
  await client(t, plain.url).recognizer.prepare(menu.phrases);
  t.equal(plain.begun, 0, 'one that does not want it is not asked');
});

t.test('an engine that never answers a prepare has its stream back for others', async (t) => {
  const server = await scriptedEngine(t, () => undefined);
  const clock = new ManualClock();
  const engine = client(t, server.url, { clock, pingAfterMs: 60_000 });
  const prepared = engine.recognizer.prepare(menu.phrases);
  await eventually(() => server.asked[0], limitMs);
  clock.advance(10_000);
  await t.rejects(prepared, { code: 'SPEECH_ENGINE_FAILED' });
  const given = await eventually(() => server.asked[1], limitMs);
  t.match(given, { type: 'cancel', stream: server.asked[0]?.stream });
});

t.test('closing fails what goes on, and leaves nothing', async (t) => {
  const server = await faulty(t, { fault: 'stall' });
  const clock = new ManualClock();
  const engine = client(t, server.url, { clock });
  await engine.hello();
  const { told } = speakInto(engine);
  const heard = heardOf(engine.synthesizer.synthesize({ text: 'hello', dialect: 'en-gb' }, 8000));
  await eventually(() => (server.streams === 2 ? true : undefined), limitMs);
  await engine.close();
  await engine.close();
  t.equal((await told).end, 'SPEECH_CLOSED');
  t.equal((await heard).end, 'SPEECH_CLOSED');
  t.equal((await speakInto(engine).told).end, 'SPEECH_CLOSED', 'and what is opened later');
  t.equal(clock.pendingTimers, 0);
  await eventually(() => (server.connections === 0 ? true : undefined), limitMs);
});

/** The system's clock, some times as fast: backoffs need not be waited for. */
function quick(times: number): Clock {
  return { ...systemClock, after: (delayMs, fn) => systemClock.after(delayMs / times, fn) };
}
