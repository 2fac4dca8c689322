import t from 'tap';
import { digitsHeard } from '../../src/dialect/digit-words.js';
import { syllables } from '../../src/dialect/syllables.js';

t.test('syllables are counted in any writing', async (t) => {
  for (const [text, expected] of [
    ['', 0],
    ['我要交电费', 5],
    ['唔该，我想问下', 6],
    ['I want to pay', 4],
    ['pay', 1],
    ['hello', 2],
    ['line', 1],
    ['12', 2],
    ['可以pay吗', 4],
    ['prescription', 3],
  ] as const) {
    t.equal(syllables(text), expected, text);
  }
  t.ok(syllables('أريد أن أدفع') >= 4);
});

t.test('digits are counted as figures and as words', async (t) => {
  t.equal(digitsHeard('1 2 three', 'en-gb'), 3);
  t.equal(digitsHeard('oh four oh', 'en-gb'), 3);
  t.equal(digitsHeard('幺三八', 'cmn-sichuan'), 3);
  t.equal(digitsHeard('我的号码是一二', 'yue'), 2);
  t.equal(digitsHeard('zwo eins', 'de-de'), 2);
  t.equal(digitsHeard('nothing of it', 'en-gb'), 0);
});
