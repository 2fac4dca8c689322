import t from 'tap';
import { WorkQueue } from '../../../../src/speech/engines/phrasebook/work-queue.js';

/** A queue whose turns are taken by hand. */
function bench() {
  const turns: (() => void)[] = [];
  const done: string[] = [];
  const queue = new WorkQueue((step) => turns.push(step));
  const run = (): void => {
    for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) turn();
  };
  return { queue, turns, done, run, job: (name: string) => () => done.push(name) };
}

t.test('who is waited for comes first, learning last, and those alike in the order they came', async (t) => {
  const { queue, done, run, job } = bench();
  queue.put({}, 'background', job('lesson'));
  queue.put({}, 'early', job('pause 1'));
  queue.put({}, 'awaited', job('end 1'));
  queue.put({}, 'early', job('pause 2'));
  queue.put({}, 'awaited', job('end 2'));
  run();
  t.strictSame(done, ['end 1', 'end 2', 'pause 1', 'pause 2', 'lesson']);
});

t.test('one job at a turn: what comes between two is counted in', async (t) => {
  const { queue, turns, done, job } = bench();
  const [first, second, third] = [{}, {}, {}];
  queue.put(first, 'early', job('first'));
  queue.put(second, 'early', job('second'));
  queue.put(third, 'early', job('third'));
  t.equal(turns.length, 1);
  turns.shift()?.();
  t.strictSame(done, ['first']);
  queue.drop(second);
  queue.drop(first);
  queue.put({}, 'awaited', job('urgent'));
  t.equal(turns.length, 1, 'one turn is waited for at a time');
  while (turns.length > 0) turns.shift()?.();
  t.strictSame(done, ['first', 'urgent', 'third']);
});

t.test('an owner has one job, and the last one counts', async (t) => {
  const { queue, done, run, job } = bench();
  const owner = {};
  queue.put(owner, 'early', job('pause'));
  queue.put({}, 'early', job('other'));
  queue.put(owner, 'awaited', job('end'));
  run();
  t.strictSame(done, ['end', 'other']);
  queue.put(owner, 'early', job('again'));
  run();
  t.strictSame(done, ['end', 'other', 'again'], 'it wakes again after it was empty');
});
