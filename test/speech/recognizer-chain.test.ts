import t from 'tap';
import { broken, frame, house, listen, microtasks, pair } from './chain-house.js';
import { heard, ScriptedRecognizer } from './scripted-recognizer.js';

t.test('the last 10 s are replayed, not more', async (t) => {
  const { first, second } = pair();
  const { chain } = house(t, [first, second]);
  const { stream } = listen(chain);
  for (let i = 0; i < 600; i++) stream.write(frame(i));
  first.last.tell('error', broken('gone'));
  t.equal(second.last.written.length, 80_000);
  t.equal(second.last.written[0], 100);
  t.equal(second.last.written.at(-1), 599);
});

t.test('an engine that throws while it is written to has failed', async (t) => {
  const { first, second } = pair();
  const { chain } = house(t, [first, second]);
  const { stream } = listen(chain);
  first.last.writeFailure = broken('thrown');
  stream.write(frame(1));
  stream.write(frame(2));
  t.strictSame(second.last.written, [...frame(1), ...frame(2)]);
});

t.test('after close() nothing is told and nothing is left', async (t) => {
  const { first, second } = pair();
  const { chain, clock } = house(t, [first, second]);
  const { stream, told } = listen(chain);
  stream.finish();
  stream.close();
  stream.close();
  first.last.tell('final', heard('pay'));
  clock.advance(10_000);
  await microtasks();
  t.strictSame(told, []);
  t.equal(second.listenings.length, 0);
  t.equal(clock.pendingTimers, 0);
  t.equal(first.last.closed, 1);
});

t.test('engines are asked by dialect: who knows it first, then who knows a relative', async (t) => {
  const mandarin = new ScriptedRecognizer('mandarin', { dialects: ['cmn'] });
  const cantonese = new ScriptedRecognizer('cantonese', { dialects: ['yue'] });
  const english = new ScriptedRecognizer('english', { dialects: ['en-gb'] });
  const { chain } = house(t, [english, mandarin, cantonese]);
  listen(chain, ['yue']);
  t.equal(cantonese.listenings.length, 1);
  cantonese.last.tell('error', broken('gone'));
  t.equal(english.listenings.length, 0, 'it would write nonsense');
  const before = mandarin.listenings.length;
  listen(chain, ['cmn-sichuan']);
  t.equal(mandarin.listenings.length, before + 1);
  t.strictSame([...chain.capabilities.dialects].sort(), ['cmn', 'en-gb', 'yue']);
});

t.test(
  'phrases are made ready at every engine that may be asked; it fails only where all fail',
  async (t) => {
    const { first, second } = pair();
    const { chain } = house(t, [first, second]);
    const phrases = [{ id: 'pay', text: 'pay', dialect: 'en-gb' }];
    first.prepareFailure = broken('no');
    await chain.prepare(phrases);
    t.strictSame(second.prepared, [phrases]);
    second.prepareFailure = broken('no');
    await t.rejects(chain.prepare(phrases));
  },
);

t.test('closing closes every engine, one that hangs is not waited for', async (t) => {
  const { first, second } = pair();
  first.close = () => new Promise(() => undefined);
  const { chain, clock } = house(t, [first, second]);
  const closed = chain.close();
  await microtasks();
  clock.advance(2000);
  await closed;
  t.equal(second.closed, 1);
});

t.test('all are left alone: one is tried all the same, as soon as a second is over', async (t) => {
  const { first, second } = pair();
  const { chain, clock } = house(t, [first, second], { failuresToOpen: 1, openMs: 60_000 });
  const gone = listen(chain);
  first.last.tell('error', broken('gone'));
  second.last.tell('error', broken('gone'));
  gone.stream.finish();
  await microtasks();
  const early = listen(chain);
  early.stream.finish();
  await microtasks();
  t.strictSame(early.told, ['error SPEECH_NO_RECOGNIZER']);
  t.notOk(chain.hears(['en-gb']));
  clock.advance(1000);
  const { stream, told } = listen(chain);
  stream.write(frame(1));
  stream.finish();
  t.strictSame(first.last.written, [...frame(1)]);
  first.last.tell('final', heard('pay'));
  t.strictSame(told, ['final pay']);
  t.ok(chain.hears(['en-gb']), 'it is back');
});
