import t, { type Test } from 'tap';
import { TypedEmitter } from '../../src/core/typed-emitter.js';

class Bell extends TypedEmitter<{ ring: [times: number]; quiet: [] }> {
  ring(times: number): boolean {
    return this.emit('ring', times);
  }
}

/** What throwing listeners are reported to, for the time of a test. */
function reported(t: Test): [string, unknown][] {
  const errors: [string, unknown][] = [];
  const before = TypedEmitter.listenerError;
  TypedEmitter.listenerError = (event, error) => void errors.push([event, error]);
  t.teardown(() => (TypedEmitter.listenerError = before));
  return errors;
}

t.test(
  'listeners are called in order, with the arguments; emit tells whether anybody listened',
  async (t) => {
    const bell = new Bell();
    const heard: string[] = [];
    t.equal(bell.ring(1), false);
    bell.on('ring', (times) => heard.push(`a${times}`)).on('ring', (times) => heard.push(`b${times}`));
    t.equal(bell.ring(2), true);
    t.same(heard, ['a2', 'b2']);
    t.equal(bell.listenerCount('ring'), 2);
    t.equal(bell.listenerCount('quiet'), 0);
  },
);

t.test('a listener that throws or rejects is reported, and the next one is called', async (t) => {
  const errors = reported(t);
  const bell = new Bell();
  const heard: number[] = [];
  bell.on('ring', () => {
    throw new Error('thrown');
  });
  bell.on('ring', () => Promise.reject(new Error('rejected')));
  bell.on('ring', (times) => heard.push(times));
  t.equal(bell.ring(3), true);
  await Promise.resolve();
  await Promise.resolve();
  t.same(heard, [3]);
  t.same(
    errors.map(([event, error]) => [event, (error as Error).message]),
    [
      ['ring', 'thrown'],
      ['ring', 'rejected'],
    ],
  );
});

t.test('listeners that come and go during an emit do not disturb it', async (t) => {
  const bell = new Bell();
  const heard: string[] = [];
  const second = (): void => void heard.push('second');
  bell.on('ring', () => {
    heard.push('first');
    bell.off('ring', second);
    bell.on('ring', () => void heard.push('late'));
  });
  bell.on('ring', second);
  bell.ring(1);
  t.same(heard, ['first', 'second'], 'the walk goes on over the listeners of its beginning');
  heard.length = 0;
  bell.ring(1);
  t.same(heard, ['first', 'late']);
});

t.test('once is once, even when its listener emits again', async (t) => {
  const bell = new Bell();
  let calls = 0;
  bell.once('ring', () => {
    calls += 1;
    if (calls < 5) bell.ring(1);
  });
  bell.ring(1);
  bell.ring(1);
  t.equal(calls, 1);
  t.equal(bell.listenerCount('ring'), 0);
});

t.test('off takes the listener that was given, removeAllListeners every one', async (t) => {
  const bell = new Bell();
  const listener = (): void => void t.fail('was taken away');
  bell.on('ring', listener).off('ring', () => undefined);
  t.equal(bell.listenerCount('ring'), 1);
  bell.off('ring', listener).off('ring', listener);
  bell.on('ring', listener).removeAllListeners();
  t.equal(bell.ring(1), false);
});
