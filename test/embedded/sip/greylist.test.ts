import t from 'tap';
import { Greylist } from '../../../src/embedded/sip/greylist.js';

t.test('a request that comes again after T1 is a repetition; at once, or after 32 s, it is not', (t) => {
  const list = new Greylist(7);
  t.equal(list.isRepetition('a', 0), false, 'never seen');
  t.equal(list.isRepetition('a', 149), false, 'nobody waits so short');
  t.equal(list.isRepetition('a', 500), true);
  t.equal(list.isRepetition('a', 1500), true, 'the next one too, if that was not let through');
  t.equal(list.isRepetition('b', 500), false, 'another');
  t.equal(list.isRepetition('b', 33_000), false, 'its sender has given up');
  t.equal(list.isRepetition('b', 33_500), true);
  t.end();
});

t.test('a packet that was let through once is not let through again by being sent for ever', (t) => {
  const list = new Greylist(7);
  list.isRepetition('torture', 0);
  t.equal(list.isRepetition('torture', 500), true);
  list.letThrough('torture', 500);
  for (let ms = 560; ms < 32_000; ms += 60) t.equal(list.isRepetition('torture', ms), false);
  t.end();
});

t.test('5,000 others a second push out less than a quarter of those who wait for T1', (t) => {
  const list = new Greylist(7);
  let known = 0;
  for (let caller = 0; caller < 200; caller++) {
    list.isRepetition(`caller ${caller}`, caller * 1000);
    for (let i = 0; i < 2500; i++) list.isRepetition(`junk ${caller} ${i}`, caller * 1000 + i / 5);
    if (list.isRepetition(`caller ${caller}`, caller * 1000 + 500)) known++;
  }
  t.ok(known > 150, `${known} of 200`);
  t.end();
});
