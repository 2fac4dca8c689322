import t from 'tap';
import { RecentSentences } from '../../src/speech/recent-sentences.js';

t.test('what was asked for longest ago is given up first', async (t) => {
  const recent = new RecentSentences(40);
  recent.keep('a', new Int16Array(8));
  recent.keep('b', new Int16Array(8));
  t.ok(recent.get('a'));
  recent.keep('c', new Int16Array(8));
  t.ok(recent.get('a'), 'asked for just now');
  t.equal(recent.get('b'), undefined);
  t.ok(recent.get('c'));
});

t.test('a sentence larger than the memory is not kept and costs nothing', async (t) => {
  const recent = new RecentSentences(40);
  recent.keep('a', new Int16Array(8));
  recent.keep('huge', new Int16Array(100));
  t.equal(recent.get('huge'), undefined);
  t.ok(recent.get('a'));
});

t.test('the same sentence counts once', async (t) => {
  const recent = new RecentSentences(40);
  for (let i = 0; i < 10; i += 1) recent.keep('a', new Int16Array(8));
  recent.keep('b', new Int16Array(8));
  t.ok(recent.get('a'));
});
