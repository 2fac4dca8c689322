import t from 'tap';
import { speechError } from '../../src/speech/errors.js';
import { broken, frame, house, listen, microtasks, pair } from './chain-house.js';
import { heard, ScriptedRecognizer } from './scripted-recognizer.js';

t.test('a listening goes to the first engine alone', async (t) => {
  const { first, second } = pair();
  const { chain, clock, failures } = house(t, [first, second]);
  const { stream, told } = listen(chain);
  stream.write(frame(1));
  first.last.tell('interim', heard('pay'));
  stream.finish();
  first.last.tell('final', heard('pay my bill'));
  t.strictSame(told, ['interim pay', 'final pay my bill']);
  t.equal(second.listenings.length, 0);
  t.equal(clock.pendingTimers, 0, 'no deadline is left');
  t.strictSame(failures, []);
});

t.test('refused: the next engine hears everything from the first word', async (t) => {
  const { first, second } = pair(true);
  const { chain, failures, failovers, clock } = house(t, [first, second]);
  const { stream, told } = listen(chain);
  stream.write(frame(1));
  stream.write(frame(2));
  first.last.tell('error', broken('ECONNREFUSED'));
  stream.write(frame(3));
  stream.finish();
  t.strictSame(second.last.written, [...frame(1), ...frame(2), ...frame(3)]);
  t.equal(second.last.finished, 1);
  second.last.tell('final', heard('pay'));
  t.strictSame(told, ['final pay']);
  t.strictSame(
    failures.map(({ engine, kind, code }) => [engine, kind, code]),
    [['first', 'error', 'SPEECH_ENGINE_FAILED']],
  );
  t.strictSame(failovers, ['first>second']);
  t.equal(first.last.closed, 1);
  t.equal(clock.pendingTimers, 0);
});

t.test('refused at once, even by a throw: open() still returns a listening', async (t) => {
  const { first, second } = pair();
  first.openFailure = broken('thrown');
  const { chain } = house(t, [first, second]);
  const { stream, told } = listen(chain);
  stream.write(frame(1));
  stream.finish();
  second.last.tell('final', heard('pay'));
  t.strictSame(told, ['final pay']);
});

t.test(
  'accepted, then frozen before it is ready: the connect deadline moves on while the caller speaks',
  async (t) => {
    const { first, second } = pair(true);
    const { chain, clock, failures } = house(t, [first, second]);
    const { stream } = listen(chain);
    stream.write(frame(1));
    clock.advance(799);
    t.equal(second.listenings.length, 0);
    clock.advance(1);
    t.strictSame(second.last.written, [...frame(1)]);
    t.strictSame(
      failures.map(({ kind }) => kind),
      ['connect'],
    );
  },
);

t.test(
  'half-open: connected, takes sound, says nothing; after finish the next has all of it and the finish',
  async (t) => {
    const { first, second } = pair(true);
    const { chain, clock, failures } = house(t, [first, second]);
    const { stream, told } = listen(chain);
    first.last.tell('ready');
    stream.write(frame(1));
    stream.finish();
    clock.advance(599);
    t.equal(second.listenings.length, 0);
    clock.advance(1);
    t.strictSame(second.last.written, [...frame(1)]);
    t.equal(second.last.finished, 1);
    second.last.tell('final', heard('pay'));
    t.strictSame(told, ['final pay']);
    t.strictSame(
      failures.map(({ kind }) => kind),
      ['final'],
    );
  },
);

t.test('slow: a result that comes after its deadline is not heard', async (t) => {
  const { first, second } = pair();
  const { chain, clock } = house(t, [first, second]);
  const { stream, told } = listen(chain);
  stream.finish();
  clock.advance(600);
  first.last.tell('final', heard('late'));
  t.strictSame(told, []);
  second.last.tell('final', heard('in time'));
  first.last.tell('final', heard('later still'));
  first.last.tell('error', broken('at last'));
  t.strictSame(told, ['final in time']);
});

t.test(
  'no first result while the caller speaks: the next is asked, and blamed is who missed words',
  async (t) => {
    const { first, second } = pair();
    const { chain, clock, failures } = house(t, [first, second]);
    const { stream } = listen(chain);
    stream.write(frame(1));
    clock.advance(1500);
    t.equal(second.listenings.length, 1);
    t.strictSame(failures, [], 'it may be noise');
    second.last.tell('interim', heard('pay'));
    t.strictSame(
      failures.map(({ engine, kind }) => [engine, kind]),
      [['first', 'firstResult']],
    );
  },
);

t.test("noise that no engine hears words in is nobody's fault", async (t) => {
  const { first, second } = pair();
  const { chain, clock, failures } = house(t, [first, second], { failuresToOpen: 1, openMs: 5000 });
  const { stream, told } = listen(chain);
  clock.advance(1500);
  stream.finish();
  second.last.tell('final', heard());
  t.strictSame(told, ['final ']);
  t.strictSame(failures, []);
  t.equal(chain.states.get('first'), 'closed');
});

t.test('a stall in the middle: results stop while the caller speaks', async (t) => {
  const { first, second } = pair();
  const { chain, clock, failures } = house(t, [first, second]);
  const { stream, told } = listen(chain);
  stream.write(frame(1));
  first.last.tell('interim', heard('pay'));
  clock.advance(3999);
  first.last.tell('interim', heard('pay my'));
  clock.advance(3999);
  t.equal(second.listenings.length, 0);
  clock.advance(1);
  stream.finish();
  second.last.tell('final', heard('pay my bill'));
  t.strictSame(told, ['interim pay', 'interim pay my', 'final pay my bill']);
  t.strictSame(
    failures.map(({ kind }) => kind),
    ['betweenResults'],
  );
});

t.test('a stall with nobody to go to is waited out', async (t) => {
  const { first } = pair(true);
  const { chain, clock } = house(t, [first]);
  const { stream, told } = listen(chain);
  clock.advance(20_000);
  first.last.tell('ready');
  clock.advance(20_000);
  stream.finish();
  first.last.tell('final', heard('pay'));
  t.strictSame(told, ['final pay']);
});

t.test('garbage and a close in the middle go on at the next engine', async (t) => {
  for (const reason of ['a message that is no JSON', 'the connection was closed']) {
    const { first, second } = pair();
    const { chain } = house(t, [first, second]);
    const { stream, told } = listen(chain);
    stream.write(frame(1));
    first.last.tell('interim', heard('pa'));
    first.last.tell('error', broken(reason));
    stream.write(frame(2));
    stream.finish();
    t.strictSame(second.last.written, [...frame(1), ...frame(2)]);
    second.last.tell('final', heard('pay'));
    t.strictSame(told, ['interim pa', 'final pay'], reason);
  }
});

t.test('an engine that wants another rate gets that rate, and all of the sound', async (t) => {
  const { first, second } = pair();
  const wide = new ScriptedRecognizer('wide', { sampleRatesHz: [16_000] });
  const { chain } = house(t, [first, wide, second]);
  const { stream, told } = listen(chain);
  for (let i = 0; i < 50; i++) stream.write(frame(1000));
  first.last.tell('error', broken('gone'));
  for (let i = 0; i < 50; i++) stream.write(frame(1000));
  stream.finish();
  // The converter is loaded once per process.
  for (let i = 0; i < 10_000 && wide.last.finished === 0; i++) await microtasks();
  t.equal(wide.last.options.sampleRateHz, 16_000);
  t.equal(wide.last.written.length, 2 * 100 * 160);
  t.ok(Math.abs((wide.last.written[8000] ?? 0) - 1000) < 20, 'the same sound');
  wide.last.tell('final', heard('pay'));
  t.strictSame(told, ['final pay']);
});

t.test('an engine of another rate that throws while it is given what waited has failed', async (t) => {
  const { second } = pair();
  const wide = new ScriptedRecognizer('wide', { sampleRatesHz: [16_000] });
  wide.onOpen = (listening) => (listening.writeFailure = broken('thrown'));
  const { chain } = house(t, [wide, second]);
  const { stream, told } = listen(chain);
  for (let i = 0; i < 50; i++) stream.write(frame(1));
  stream.finish();
  for (let i = 0; i < 10_000 && second.listenings.length === 0; i++) await microtasks();
  t.equal(second.last.written.length, 50 * 160, 'the next hears everything');
  second.last.tell('final', heard('pay'));
  t.strictSame(told, ['final pay']);
});

t.test('an engine that does not work at our rate is passed over and not blamed', async (t) => {
  const { first, second } = pair();
  const { chain } = house(t, [first, second], { failuresToOpen: 1, openMs: 5000 });
  const { stream } = listen(chain);
  first.last.tell('error', speechError('SPEECH_RATE_UNSUPPORTED', { engine: 'first', sampleRateHz: 8000 }));
  stream.finish();
  second.last.tell('final', heard('pay'));
  t.equal(chain.states.get('first'), 'closed');
});

t.test('duplicate finals: one reaches the call', async (t) => {
  const { first, second } = pair();
  const { chain } = house(t, [first, second]);
  const { stream, told } = listen(chain);
  stream.finish();
  first.last.tell('final', heard('pay'));
  first.last.tell('final', heard('pay'));
  first.last.tell('final', heard('cancel'));
  first.last.tell('error', broken('after the end'));
  t.strictSame(told, ['final pay']);
});

t.test('out of order: an older interim, and one after the final, are dropped', async (t) => {
  const { first, second } = pair();
  const { chain } = house(t, [first, second]);
  const { stream, told } = listen(chain);
  first.last.tell('interim', heard('pay my', { audioMs: 600 }));
  first.last.tell('interim', heard('pay', { audioMs: 300 }));
  first.last.tell('interim', heard('pay my bill', { audioMs: 900 }));
  stream.finish();
  first.last.tell('final', heard('pay my bill'));
  first.last.tell('interim', heard('pay'));
  t.strictSame(told, ['interim pay my', 'interim pay my bill', 'final pay my bill']);
});

t.test(
  'a final before the caller has finished would lose the rest: the next engine hears it all',
  async (t) => {
    const { first, second } = pair();
    const { chain, failures } = house(t, [first, second]);
    const { stream, told } = listen(chain);
    stream.write(frame(1));
    first.last.tell('final', heard('pay'));
    stream.write(frame(2));
    stream.finish();
    second.last.tell('final', heard('pay my bill'));
    t.strictSame(told, ['final pay my bill']);
    t.strictSame(
      failures.map(({ code }) => code),
      ['EARLY_FINAL'],
    );
  },
);

t.test('429 again and again opens the breaker: calls go to the next without asking', async (t) => {
  const { first, second } = pair();
  first.onOpen = (listening) => queueMicrotask(() => listening.tell('error', broken('429')));
  const { chain, clock } = house(t, [first, second]);
  for (let i = 0; i < 5; i++) {
    const { stream, told } = listen(chain);
    await microtasks();
    stream.finish();
    second.last.tell('final', heard('pay'));
    t.strictSame(told, ['final pay']);
  }
  t.equal(first.listenings.length, 3, 'two calls did not ask');
  t.equal(chain.states.get('first'), 'open');
  first.onOpen = () => undefined;
  clock.advance(5000);
  const probe = listen(chain);
  const beside = listen(chain);
  t.equal(first.listenings.length, 4, 'one probe only');
  probe.stream.finish();
  first.last.tell('final', heard('pay'));
  beside.stream.finish();
  second.last.tell('final', heard('pay'));
  t.strictSame(probe.told, ['final pay']);
  t.strictSame(beside.told, ['final pay']);
  t.equal(chain.states.get('first'), 'closed');
});

t.test('a probe whose caller hangs up says nothing: the next call is the probe', async (t) => {
  const { first, second } = pair();
  const { chain, clock } = house(t, [first, second], { failuresToOpen: 1, openMs: 1000 });
  listen(chain);
  first.last.tell('error', broken('gone'));
  clock.advance(1000);
  const probe = listen(chain);
  probe.stream.close();
  listen(chain);
  t.equal(first.listenings.length, 3);
});

t.test('DNS gone everywhere: one error, after the caller has spoken out', async (t) => {
  const { first, second } = pair(true);
  const { chain, clock, failovers } = house(t, [first, second]);
  const { stream, told } = listen(chain);
  stream.write(frame(1));
  first.last.tell('error', broken('ENOTFOUND'));
  second.last.tell('error', broken('ENOTFOUND'));
  await microtasks();
  t.strictSame(told, [], 'nobody is interrupted');
  stream.write(frame(2));
  stream.finish();
  await microtasks();
  t.strictSame(told, ['error SPEECH_NO_RECOGNIZER']);
  t.strictSame(failovers, ['first>second', 'second>none']);
  t.equal(clock.pendingTimers, 0);
});

t.test('every engine frozen: the error comes when the last deadline is over', async (t) => {
  const { first, second } = pair();
  const { chain, clock } = house(t, [first, second]);
  const { stream, told } = listen(chain);
  stream.finish();
  clock.advance(1199);
  await microtasks();
  t.strictSame(told, []);
  clock.advance(1);
  await microtasks();
  t.strictSame(told, ['error SPEECH_NO_RECOGNIZER']);
});

t.test('nobody is there at all: one error', async (t) => {
  const { chain } = house(t, []);
  const { stream, told } = listen(chain);
  stream.write(frame(1));
  stream.finish();
  await microtasks();
  t.strictSame(told, ['error SPEECH_NO_RECOGNIZER']);
});
