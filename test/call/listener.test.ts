import t from 'tap';
import { Listener } from '../../src/call/listener.js';
import { FakeRecognizer, heard } from './fakes.js';

const phrases = [{ id: 'yes', text: 'yes', dialect: 'en-gb' }];

/** Speaks and is silent by the frame; the first sample of each frame is its number. */
function speaker(listener: Listener) {
  let frames = 0;
  const push = (count: number, level: number): void => {
    for (let i = 0; i < count; i += 1) {
      const frame = Int16Array.from({ length: 160 }, (_, at) => Math.round(level * Math.sin(at / 3)));
      frames += 1;
      frame[0] = frames;
      listener.frame(frame);
    }
  };
  return {
    silent: (count: number) => push(count, 10),
    speaks: (count: number) => push(count, 8000),
    get frames() {
      return frames;
    },
  };
}

function setUp(recognizer: FakeRecognizer | undefined = new FakeRecognizer()) {
  const listener = new Listener(recognizer);
  const events: string[] = [];
  listener
    .on('speechStarted', () => events.push('started'))
    .on('speechEnded', () => events.push('ended'))
    .on('recognized', ({ alternatives }) => events.push(alternatives[0]?.text ?? 'nothing'))
    .on('failed', (error) => events.push(error.message));
  return { listener, events, caller: speaker(listener), streams: recognizer?.streams ?? [] };
}

t.test('speech is given to the recognizer with what came before it, from begin to end', async (t) => {
  const { listener, events, caller, streams } = setUp();
  listener.arm(phrases, ['en-gb']);
  caller.silent(30);
  t.same(events, [], 'silence opens nothing');
  t.equal(streams.length, 0);
  caller.speaks(40);
  t.same(events, ['started']);
  const [stream] = streams;
  t.match(stream?.options, { sampleRateHz: 8000, phrases, dialects: ['en-gb'] });
  const first = stream?.frames[0] ?? 0;
  t.ok(first <= 31 - 10, `begins with frame ${first}, well before the speech at 31`);
  t.same(
    stream?.frames,
    Array.from({ length: caller.frames - first + 1 }, (_, i) => first + i),
    'no frame is missing, none is there twice',
  );
  caller.silent(25);
  t.same(events, ['started', 'ended']);
  listener.finish();
  t.equal(stream?.finishes, 1);
  stream?.answer(heard('yes', 'yes'));
  t.same(events, ['started', 'ended', 'yes']);
  t.equal(stream?.closed, true, 'a stream that has answered is closed');
});

t.test('what is said while nobody wants to know goes nowhere', async (t) => {
  const { listener, events, caller, streams } = setUp();
  caller.silent(30);
  caller.speaks(20);
  caller.silent(40);
  listener.arm([], []);
  caller.speaks(20);
  t.same(events, []);
  t.equal(streams.length, 0);
});

t.test('who speaks when the ear is opened has begun to speak now', async (t) => {
  const { listener, events, caller, streams } = setUp();
  caller.silent(30);
  caller.speaks(20);
  listener.arm(phrases, ['en-gb']);
  t.same(events, ['started']);
  t.equal(streams[0]?.frames.at(-1), caller.frames, 'up to the latest frame');
  t.equal(streams[0]?.frames.length, 15, 'the last 300 ms');
  caller.silent(40);
  t.same(events, ['started', 'ended']);
});

t.test('a dropped speech gives no result, and the next one is heard', async (t) => {
  const { listener, events, caller, streams } = setUp();
  listener.arm(phrases, ['en-gb']);
  caller.silent(30);
  caller.speaks(20);
  listener.drop();
  t.equal(streams[0]?.closed, true);
  streams[0]?.answer(heard('yes', 'too late'));
  caller.silent(40);
  t.same(events, ['started'], 'its end is not told either');
  caller.speaks(20);
  t.same(events, ['started', 'started']);
  t.equal(streams.length, 2);
});

t.test('disarming closes the stream, and a result under way is dropped', async (t) => {
  const { listener, events, caller, streams } = setUp();
  listener.arm(phrases, ['en-gb']);
  caller.silent(30);
  caller.speaks(20);
  caller.silent(40);
  listener.finish();
  listener.disarm();
  listener.disarm();
  streams[0]?.answer(heard('yes', 'too late'));
  t.same(events, ['started', 'ended']);
  caller.speaks(20);
  t.equal(streams.length, 1);
});

t.test('an engine that fails is told once, and the ear stays open', async (t) => {
  const { listener, events, caller, streams } = setUp();
  listener.arm(phrases, ['en-gb']);
  caller.silent(30);
  caller.speaks(20);
  streams[0]?.fail(new Error('broken'));
  streams[0]?.fail(new Error('again'));
  t.same(events, ['started', 'broken']);
  caller.silent(40);
  caller.speaks(20);
  t.same(events, ['started', 'broken', 'started']);
});

t.test('after the end nothing is heard any more', async (t) => {
  const { listener, events, caller, streams } = setUp();
  listener.arm(phrases, ['en-gb']);
  caller.silent(30);
  caller.speaks(20);
  listener.close();
  t.equal(streams[0]?.closed, true);
  caller.silent(40);
  listener.arm(phrases, ['en-gb']);
  caller.speaks(20);
  t.same(events, ['started']);
  t.equal(streams.length, 1);
});

t.test('without a recognizer a call goes by keys', async (t) => {
  const listener = new Listener(undefined);
  const caller = speaker(listener);
  listener.on('speechStarted', () => void t.fail('nobody can recognize it'));
  listener.arm(phrases, ['en-gb']);
  caller.silent(30);
  caller.speaks(20);
  listener.finish();
  listener.close();
});
