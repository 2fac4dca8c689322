import t from 'tap';
import { ManualClock } from '../../src/core/clock.js';
import { within } from '../../src/core/deadline.js';

const late = (): Error => new Error('late');

t.test('what comes in time is passed on, and the timer is gone', async (t) => {
  const clock = new ManualClock();
  t.equal(await within(clock, 100, Promise.resolve(7), late), 7);
  await t.rejects(within(clock, 100, Promise.reject(new Error('own')), late), { message: 'own' });
  // Some libraries reject with plain text.
  const text = Promise.reject('text' as unknown as Error);
  await t.rejects(within(clock, 100, text, late), { message: 'text' });
  t.equal(clock.pendingTimers, 0);
});

t.test('what comes too late is dropped, its later rejection too', async (t) => {
  const clock = new ManualClock();
  let fail: (error: Error) => void = () => undefined;
  const slow = new Promise<number>((_resolve, reject) => (fail = reject));
  const limited = within(clock, 100, slow, late);
  clock.advance(99);
  const state = await Promise.race([limited.catch(() => 'over'), Promise.resolve('waiting')]);
  t.equal(state, 'waiting');
  clock.advance(1);
  await t.rejects(limited, { message: 'late' });
  // An unhandled rejection would end the test's process.
  fail(new Error('much later'));
  await new Promise((resolve) => setImmediate(resolve));
});
