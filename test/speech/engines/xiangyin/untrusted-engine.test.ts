import fc from 'fast-check';
import { t, type Test } from 'tap';
import { readEngineMessage } from '../../../../src/speech/engines/xiangyin/engine-message.js';
import { encodeAudio } from '../../../../src/speech/engines/xiangyin/protocol.js';
import { XiangyinEngine } from '../../../../src/speech/engines/xiangyin/xiangyin-engine.js';
import { heardOf, outcomeOf } from './listening-outcome.js';
import { ownHello, scriptedEngine, type Answer } from './scripted-engine.js';

/** What a secret of the caller's would look like: it must be in no error. */
const spoken = 'my number is 555 1234';

async function listenTo(t: Test, answer: Answer, finish = true) {
  const server = await scriptedEngine(t, answer);
  const engine = new XiangyinEngine({ name: 'house', url: server.url });
  t.teardown(() => engine.close());
  await engine.hello();
  const stream = engine.recognizer.open({
    sampleRateHz: 8000,
    phrases: [{ id: 'pay', text: 'pay', dialect: 'en-gb' }],
    dialects: ['en-gb'],
  });
  const later: string[] = [];
  const told = outcomeOf(stream, later);
  let message = '';
  stream.on('error', (error) => (message = error.message));
  stream.write(new Int16Array(800));
  if (finish) stream.finish();
  return { told: await told, later, message, engine };
}

/** Answers of an engine to `listen` that break a rule, and what the error says. */
const breaches: Record<string, [answer: (stream: number) => object | string | Uint8Array, says: RegExp]> = {
  'no JSON': [() => `{"type":"final","text":"${spoken}`, /a text frame is a JSON object/],
  'no object': [() => '[1, 2]', /a text frame is a JSON object with a 'type'/],
  'no type': [() => ({ stream: 1 }), /with a 'type'/],
  'half a sample': [() => Uint8Array.from([1, 0, 0, 0, 9]), /whole samples/],
  'no header': [() => Uint8Array.from([1]), /whole samples/],
  'a frame that is too large': [() => 'x'.repeat(300_000), /at most 262144 bytes/],
  'a stream that was never begun': [() => ({ type: 'end', stream: 77 }), /a stream that was begun/],
  'audio for one that was never begun': [() => encodeAudio(77, new Int16Array(2)), /a stream that was begun/],
  'audio for a listening': [(stream) => encodeAudio(stream, new Int16Array(2)), /gets no audio/],
  'a final without alternatives': [(stream) => ({ type: 'final', stream }), /'alternatives' is a list/],
  'an alternative without text': [
    (stream) => ({ type: 'final', stream, alternatives: [{ phraseId: 'pay' }] }),
    /'text' is a text/,
  ],
  'confidence in percent': [
    (stream) => ({ type: 'final', stream, alternatives: [{ text: spoken, confidence: 93 }] }),
    /'confidence' is a number from 0 to 1/,
  ],
  'a phrase of its own': [
    (stream) => ({ type: 'final', stream, alternatives: [{ text: spoken, phraseId: 'sell' }] }),
    /one of the phrases asked for/,
  ],
  'more audio than was sent': [
    (stream) => ({ type: 'final', stream, alternatives: [], audioMs: 60_000 }),
    /at most the audio that was sent/,
  ],
  'the words of a synthesizer': [(stream) => ({ type: 'begin', stream, sampleRateHz: 8000 }), /no 'begin'/],
  'a second hello': [() => ownHello, /'hello' comes once/],
};

for (const [name, [answer, says]] of Object.entries(breaches)) {
  t.test(`${name}: the listening ends with an error that says the rule, not the words`, async (t) => {
    const { told, later, message } = await listenTo(t, ({ type, stream }, send) => {
      if (type === 'finish') send(answer(stream));
    });
    t.equal(told.end, 'SPEECH_PROTOCOL_BROKEN');
    t.match(message, says);
    t.notMatch(message, spoken);
    t.strictSame(later, []);
  });
}

t.test('a final before the end of the audio is an error', async (t) => {
  const { told, message } = await listenTo(
    t,
    ({ type, stream }, send) => {
      if (type === 'listen') send({ type: 'final', stream, alternatives: [{ text: spoken }] });
    },
    false,
  );
  t.equal(told.end, 'SPEECH_PROTOCOL_BROKEN');
  t.match(message, /'final' comes after 'finish'/);
});

t.test("an engine's own words of an error are in no error of ours", async (t) => {
  const codes = {
    busy: 'SPEECH_ENGINE_BUSY',
    'rate-limited': 'SPEECH_ENGINE_BUSY',
    unauthorized: 'SPEECH_ENGINE_REFUSED',
    unsupported: 'SPEECH_REQUEST_REFUSED',
    failed: 'SPEECH_ENGINE_FAILED',
    'of a later version': 'SPEECH_ENGINE_FAILED',
    [spoken]: 'SPEECH_ENGINE_FAILED',
  };
  for (const [code, expected] of Object.entries(codes)) {
    const { told, message } = await listenTo(t, ({ type, stream }, send) => {
      if (type === 'finish') send({ type: 'error', stream, code, message: spoken });
    });
    t.equal(told.end, expected, code);
    t.notMatch(message, spoken);
  }
});

t.test('a flood of interims ends the listening, not the process', async (t) => {
  const { told, message } = await listenTo(
    t,
    ({ type, stream }, send) => {
      if (type !== 'listen') return;
      for (let n = 0; n < 1000; n++) send({ type: 'interim', stream, alternatives: [] });
    },
    false,
  );
  t.equal(told.end, 'SPEECH_PROTOCOL_BROKEN');
  t.match(message, /at most every 10 ms/);
  t.ok(told.interims.length < 200);
});

t.test('one stream that an engine spoils leaves the others alone', async (t) => {
  const server = await scriptedEngine(t, ({ type, stream }, send) => {
    if (type !== 'finish') return;
    send(stream === 1 ? { type: 'final', stream } : { type: 'final', stream, alternatives: [] });
  });
  const engine = new XiangyinEngine({ name: 'house', url: server.url });
  t.teardown(() => engine.close());
  await engine.hello();
  const open = () => engine.recognizer.open({ sampleRateHz: 8000, phrases: [], dialects: [] });
  const [spoilt, sound] = [open(), open()];
  const ends = Promise.all([outcomeOf(spoilt), outcomeOf(sound)]);
  spoilt.finish();
  sound.finish();
  t.strictSame(
    (await ends).map(({ end }) => end),
    ['SPEECH_PROTOCOL_BROKEN', 'final'],
  );
  t.equal(server.sockets.length, 1, 'on the same connection');
});

t.test('a sentence that breaks a rule rejects, whatever of it was heard', async (t) => {
  const samples = new Int16Array(80);
  const sentences: Record<string, [(stream: number) => readonly (object | Uint8Array)[], string]> = {
    'another rate': [(stream) => [{ type: 'begin', stream, sampleRateHz: 16_000 }], 'SPEECH_PROTOCOL_BROKEN'],
    'audio before begin': [(stream) => [encodeAudio(stream, samples)], 'SPEECH_PROTOCOL_BROKEN'],
    'end before begin': [(stream) => [{ type: 'end', stream }], 'SPEECH_PROTOCOL_BROKEN'],
    'begin twice': [
      (stream) => [1, 2].map(() => ({ type: 'begin', stream, sampleRateHz: 8000 })),
      'SPEECH_PROTOCOL_BROKEN',
    ],
    'a final': [(stream) => [{ type: 'final', stream, alternatives: [] }], 'SPEECH_PROTOCOL_BROKEN'],
    'no end of audio': [
      (stream) => [
        { type: 'begin', stream, sampleRateHz: 8000 },
        ...Array.from({ length: 100 }, () => encodeAudio(stream, new Int16Array(16_000))),
      ],
      'SPEECH_PROTOCOL_BROKEN',
    ],
    'nothing wrong': [
      (stream) => [
        { type: 'begin', stream, sampleRateHz: 8000 },
        encodeAudio(stream, samples),
        { type: 'words', stream, words: [{ text: 'hi', startMs: 0 }] },
        { type: 'end', stream },
      ],
      'end',
    ],
  };
  for (const [name, [answers, expected]] of Object.entries(sentences)) {
    const server = await scriptedEngine(t, ({ type, stream }, send) => {
      if (type === 'say') answers(stream).forEach(send);
    });
    const engine = new XiangyinEngine({ name: 'house', url: server.url });
    t.teardown(() => engine.close());
    const audio = engine.synthesizer.synthesize({ text: spoken, dialect: 'en-gb' }, 8000);
    t.equal((await heardOf(audio)).end, expected, name);
    t.equal(audio.words?.length, expected === 'end' ? 1 : 0);
  }
});

t.test('an engine that is none is told as such', async (t) => {
  const hellos: Record<string, [object | string, string]> = {
    'no hello': [{ type: 'final', stream: 1, alternatives: [] }, 'SPEECH_PROTOCOL_BROKEN'],
    'a later version': [{ ...ownHello, version: 2 }, 'SPEECH_PROTOCOL_BROKEN'],
    'nothing that it can do': [{ type: 'hello', version: 1, name: 'x' }, 'SPEECH_PROTOCOL_BROKEN'],
    'no rates': [{ ...ownHello, recognizer: { dialects: [] } }, 'SPEECH_PROTOCOL_BROKEN'],
    'a refusal': [{ type: 'error', code: 'busy' }, 'SPEECH_ENGINE_BUSY'],
  };
  for (const [name, [hello, code]] of Object.entries(hellos)) {
    const server = await scriptedEngine(t, () => undefined, hello);
    const engine = new XiangyinEngine({ name: 'house', url: server.url });
    t.teardown(() => engine.close());
    await t.rejects(engine.hello(), { code }, name);
  }
});

t.test('whatever an engine sends is read without an exception, and nothing of it is in a rule', async (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json({ maxDepth: 2 })), (text) => {
      const read = readEngineMessage(text);
      return ['message', 'unknown', 'breach'].includes(read.kind);
    }),
    { seed: 7, numRuns: 500 },
  );
  const field = fc.oneof(
    fc.constant(spoken),
    fc.integer(),
    fc.double(),
    fc.constant(null),
    fc.array(fc.object()),
  );
  const types = ['hello', 'interim', 'final', 'ready', 'begin', 'words', 'end', 'error', 'goaway'];
  const message = fc.record(
    {
      type: fc.constantFrom(...types),
      stream: fc.oneof(fc.constant(1), field),
      alternatives: fc.oneof(field, fc.array(fc.record({ text: field, confidence: field, words: field }))),
      recognizer: fc.oneof(field, fc.record({ sampleRatesHz: field, dialects: field })),
      sampleRateHz: field,
      words: field,
      code: field,
      name: field,
      version: field,
    },
    { requiredKeys: ['type'] },
  );
  fc.assert(
    fc.property(message, (sent) => {
      const read = readEngineMessage(JSON.stringify(sent));
      return read.kind !== 'unknown' && (read.kind === 'message' || !read.rule.includes(spoken));
    }),
    { seed: 7, numRuns: 500 },
  );
  t.equal(readEngineMessage('{"type":"of-a-later-version","stream":"x"}').kind, 'unknown');
});
