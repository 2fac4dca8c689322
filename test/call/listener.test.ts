import t from 'tap';
import { Listener } from '../../src/call/listener.js';
import { FakeRecognizer, heard, type FakeRecognizerStream } from './fakes.js';

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
    .on('speechStarted', (carried) => events.push(carried ? 'carried' : 'started'))
    .on('interim', ({ alternatives }) => events.push(`${alternatives[0]?.text ?? 'nothing'}?`))
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

t.test('who speaks when the ear is opened is heard from his first word', async (t) => {
  const { listener, events, caller, streams } = setUp();
  caller.silent(30);
  caller.speaks(60);
  listener.arm(phrases, ['en-gb']);
  t.same(events, ['carried']);
  t.equal(streams[0]?.frames.at(-1), caller.frames, 'up to the latest frame');
  const first = streams[0]?.frames[0] ?? 0;
  t.ok(first <= 31 - 10, `from frame ${first}, before the speech at 31`);
  caller.silent(40);
  t.same(events, ['carried', 'ended']);
});

t.test('who speaks in the first frame of the call is heard whole', async (t) => {
  const { listener, events, caller, streams } = setUp();
  caller.speaks(20);
  listener.arm(phrases, ['en-gb']);
  t.same(events, ['carried']);
  t.same(
    streams[0]?.frames,
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
});

t.test('what begins before the line is known is told as doubtful, later speech is not', async (t) => {
  const { listener, caller } = setUp();
  const doubts: boolean[] = [];
  listener.on('speechStarted', (_, doubtful) => doubts.push(doubtful));
  listener.arm(phrases, ['en-gb']);
  caller.silent(5);
  caller.speaks(20);
  t.same(doubts, [true]);
  caller.silent(40);
  listener.drop();
  caller.speaks(20);
  t.same(doubts, [true, false]);
});

t.test('what was said while the dialog was deciding counts for the next question', async (t) => {
  const { listener, events, caller, streams } = setUp();
  listener.arm(phrases, ['en-gb']);
  caller.silent(30);
  listener.disarm();
  caller.speaks(30);
  caller.silent(40);
  listener.arm(phrases, ['en-gb']);
  t.same(events, ['carried', 'ended']);
  const frames = streams[0]?.frames ?? [];
  t.ok((frames[0] ?? 99) <= 31 - 10 && (frames.at(-1) ?? 0) >= 60, 'all of it');
  listener.finish();
  streams[0]?.answer(heard('yes', 'yes'));
  t.same(events, ['carried', 'ended', 'yes']);
});

t.test('not where it must not count, nor what was said to somebody else, nor long ago', async (t) => {
  for (const what of ['mustHear', 'elsewhere', 'longAgo'] as const) {
    const { listener, events, caller } = setUp();
    caller.silent(30);
    caller.speaks(30);
    caller.silent(what === 'longAgo' ? 220 : 40);
    if (what === 'elsewhere') listener.forget();
    listener.arm(phrases, ['en-gb'], { carry: what !== 'mustHear' });
    t.same(events, [], what);
  }
});

t.test('the rest of what was said in an old turn is not heard in the new one', async (t) => {
  const { listener, events, caller, streams } = setUp();
  listener.arm(phrases, ['en-gb']);
  caller.silent(30);
  caller.speaks(20);
  listener.disarm();
  listener.arm(phrases, ['en-gb']);
  t.equal(streams.length, 1, 'a key answered while he spoke: that speech is over with its turn');
  caller.speaks(20);
  caller.silent(40);
  t.same(events, ['started']);
  caller.speaks(20);
  t.same(events, ['started', 'started']);
  const used = streams[0]?.frames.at(-1) ?? 0;
  t.ok((streams[1]?.frames[0] ?? 0) > used, 'no frame is given twice');
});

t.test('who goes on while the recognizer works is heard in the next turn', async (t) => {
  const { listener, events, caller, streams } = setUp();
  listener.arm(phrases, ['en-gb']);
  caller.silent(30);
  caller.speaks(20);
  caller.silent(40);
  listener.finish();
  const used = caller.frames;
  caller.speaks(20);
  t.same(events, ['started', 'ended']);
  streams[0]?.answer(heard('yes', 'yes'));
  t.same(events, ['started', 'ended', 'yes', 'carried']);
  t.ok((streams[1]?.frames[0] ?? 0) > used - 15);
  t.equal(streams[1]?.frames.at(-1), caller.frames);
});

/** A recognizer that says something while the caller pauses. */
function interimSetUp() {
  const recognizer = new FakeRecognizer();
  (recognizer.capabilities as { interim: boolean }).interim = true;
  return setUp(recognizer);
}

/** An interim result that rests on all that was written so far, less `lateFrames`. */
function emit(stream: FakeRecognizerStream | undefined, phrase: string, lateFrames = 0): void {
  const audioMs = ((stream?.frames.length ?? 0) - lateFrames) * 20;
  stream?.emitInterim({ ...heard(phrase, phrase), audioMs });
}

const menu = ['pay', 'pay my bill', 'opening hours'].map((text) => ({ id: text, text, dialect: 'en-gb' }));

t.test('a phrase that is whole and sure ends at once, and its interim result is the answer', async (t) => {
  const { listener, events, caller, streams } = interimSetUp();
  listener.on('speechEnded', () => listener.finish());
  listener.arm(menu, ['en-gb']);
  caller.silent(30);
  caller.speaks(40);
  caller.silent(8);
  emit(streams[0], 'opening hours');
  t.same(events, ['started', 'opening hours?']);
  caller.silent(4);
  t.same(events, ['started', 'opening hours?', 'ended', 'opening hours'], 'after 240 ms of silence');
  t.equal(streams[0]?.finishes, 0, 'the engine need not be asked again');
  t.equal(streams[0]?.closed, true);
});

t.test('a phrase that a longer one begins with is given time for the rest', async (t) => {
  const { listener, events, caller, streams } = interimSetUp();
  listener.arm(menu, ['en-gb']);
  caller.silent(30);
  caller.speaks(20);
  caller.silent(8);
  emit(streams[0], 'pay');
  caller.silent(8);
  caller.speaks(30);
  t.same(events, ['started', 'pay?'], 'a pause of 320 ms inside the phrase ends nothing');
  caller.silent(8);
  emit(streams[0], 'pay my bill');
  caller.silent(4);
  t.same(events, ['started', 'pay?', 'pay my bill?', 'ended']);
});

t.test('what was understood in a pause is not all when the caller speaks on', async (t) => {
  const { listener, events, caller, streams } = interimSetUp();
  listener.arm(menu, ['en-gb']);
  caller.silent(30);
  caller.speaks(40);
  caller.silent(8);
  emit(streams[0], 'opening hours');
  caller.speaks(10);
  caller.silent(14);
  t.same(events, ['started', 'opening hours?'], 'it no longer covers what he said');
  caller.silent(14);
  t.same(events, ['started', 'opening hours?', 'ended']);
  listener.finish();
  t.equal(streams[0]?.finishes, 1, 'the engine decides');
});

t.test('a result about a pause that is over is not taken for what was said since', async (t) => {
  const { listener, events, caller, streams } = interimSetUp();
  listener.arm(menu, ['en-gb']);
  caller.silent(30);
  caller.speaks(40);
  caller.silent(10);
  caller.speaks(20);
  caller.silent(4);
  emit(streams[0], 'opening hours', 24);
  caller.silent(10);
  t.same(events, ['started', 'opening hours?'], 'it came late');
  caller.silent(12);
  t.same(events.at(-1), 'ended');
});

t.test('a click after the words ends nothing and delays nothing', async (t) => {
  const { listener, events, caller, streams } = interimSetUp();
  listener.arm(menu, ['en-gb']);
  caller.silent(30);
  caller.speaks(40);
  caller.silent(8);
  emit(streams[0], 'opening hours');
  caller.speaks(1);
  caller.silent(12);
  t.same(events, ['started', 'opening hours?', 'ended']);
});

t.test('an engine that does not tell what it rests on is thought to lag', async (t) => {
  const { listener, events, caller, streams } = interimSetUp();
  listener.arm(menu, ['en-gb']);
  caller.silent(30);
  caller.speaks(40);
  caller.silent(8);
  streams[0]?.emitInterim(heard('opening hours', 'opening hours'));
  caller.silent(8);
  t.same(events, ['started', 'opening hours?']);
  streams[0]?.emitInterim(heard('opening hours', 'opening hours'));
  caller.silent(1);
  t.same(events, ['started', 'opening hours?', 'opening hours?', 'ended']);
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
