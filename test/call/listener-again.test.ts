import { t } from 'tap';
import { openListening } from '../../src/call/hearing.js';
import { Listener } from '../../src/call/listener.js';
import type { CollectAction, OpenSpeech } from '../../src/dialog/action.js';
import { FakeRecognizer, heard } from './fakes.js';

/** Hears whatever is said. */
function openRecognizer(): FakeRecognizer {
  const recognizer = new FakeRecognizer();
  Object.assign(recognizer.capabilities, { openSpeech: true });
  return recognizer;
}

function say(listener: Listener, frames: number, level: number): void {
  for (let i = 0; i < frames; i += 1)
    listener.frame(Int16Array.from({ length: 160 }, (_, at) => Math.round(level * Math.sin(at / 3))));
}

/** A caller has said something, and it was recognized. */
function afterSpeech(recognizer: FakeRecognizer): Listener {
  const listener = new Listener(recognizer);
  listener.arm([], ['cmn'], { open: true });
  say(listener, 30, 10);
  say(listener, 40, 8000);
  say(listener, 60, 10);
  listener.finish();
  recognizer.streams[0]?.answer(heard('x', 'first'));
  return listener;
}

t.test(
  'what was said is given to the recognizer once more, in the dialects that are asked for',
  async (t) => {
    const recognizer = openRecognizer();
    const listener = afterSpeech(recognizer);
    t.teardown(() => listener.close());
    const told: string[] = [];
    listener.on('recognized', ({ alternatives }) => told.push(alternatives[0]?.text ?? ''));
    t.equal(listener.again([], ['yue', 'cmn']), true);
    const [first, second] = recognizer.streams;
    t.strictSame(second?.options.dialects, ['yue', 'cmn']);
    t.equal(second?.finishes, 1);
    t.strictSame(second?.frames, first?.frames, 'all of it');
    second?.answer(heard('x', 'again'));
    t.strictSame(told, ['again']);
    t.equal(listener.again([], ['cmn']), false, 'only once');
  },
);

t.test('nothing is kept for an engine of closed sets, nor after the question is over', async (t) => {
  const closed = new FakeRecognizer();
  const phrases = [{ id: 'x', text: 'x', dialect: 'en-gb' }];
  const listener = new Listener(closed);
  t.teardown(() => listener.close());
  listener.arm(phrases, ['en-gb']);
  say(listener, 40, 8000);
  say(listener, 60, 10);
  listener.finish();
  closed.streams[0]?.answer(heard('x', 'x'));
  t.equal(listener.again(phrases, ['en-gb']), false);
  const over = afterSpeech(openRecognizer());
  over.disarm();
  t.equal(over.again([], ['yue']), false);
  over.close();
});

t.test('a question tells engines of open speech what form its answer has', async (t) => {
  const speech: OpenSpeech = {
    autonomy: 'open',
    set: undefined,
    intents: [],
    replies: [],
    slot: { type: 'digits', minDigits: 3, maxDigits: 8, min: undefined, max: undefined },
    confirming: undefined,
    spoken: ['cmn'],
    expected: true,
  };
  const collect: CollectAction = {
    type: 'collect',
    node: 'a.b',
    phrases: [],
    keys: undefined,
    noInputMs: 1000,
    interDigitTimeoutMs: 1000,
    sensitive: false,
  };
  t.strictSame(openListening(collect), {});
  t.match(openListening({ ...collect, speech }), {
    open: true,
    grammar: { kind: 'digits', minLength: 3, maxLength: 8 },
  });
  const anything = { kind: 'open' };
  t.same(
    openListening({ ...collect, speech: { ...speech, confirming: { value: '123' } } }).grammar,
    anything,
  );
  t.same(openListening({ ...collect, speech: { ...speech, slot: undefined } }).grammar, anything);
});
