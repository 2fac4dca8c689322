import t from 'tap';
import { TokenBucket } from '../../src/core/token-bucket.js';

t.test('gives a burst, then so many a second, and never more than a burst after a pause', (t) => {
  const bucket = new TokenBucket({ burst: 2, perSecond: 4 }, 1000);
  t.same(
    [1, 2, 3].map(() => bucket.take(1000)),
    [true, true, false],
  );
  t.notOk(bucket.take(1249));
  t.ok(bucket.take(1250));
  t.same(
    [1, 2, 3].map(() => bucket.take(60_000)),
    [true, true, false],
  );
  bucket.give(5, 60_000);
  t.same(
    [1, 2, 3].map(() => bucket.take(60_000)),
    [true, true, false],
    'what is given back, too',
  );
  t.end();
});
