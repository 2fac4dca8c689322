import { t } from 'tap';
import { FuzzySounds } from '../../src/dialect/fuzzy-sounds.js';

const words = ['停电', '缴费', '电费', '电表', '水管', '漏水', '电'];
const sichuan = [
  { a: 'n', b: 'l', cost: 0.1 },
  { a: 'f', b: 'h', cost: 0.2 },
  { a: 'zh', b: 'z', cost: 0.15 },
];

t.test('a word written with other characters of its sound is found', async (t) => {
  const sounds = new FuzzySounds(words, []);
  t.equal(sounds.respelled('我要交店费'), '我要交电费');
  t.equal(sounds.respelled('亭店了'), '停电了');
});

t.test('sounds that the dialect confuses count as far as its table says', async (t) => {
  t.equal(new FuzzySounds(words, sichuan).respelled('水管弄水漏水'), undefined);
  t.equal(new FuzzySounds(words, sichuan).respelled('屋头耨水'), '屋头漏水', 'n for l');
  t.equal(new FuzzySounds(words, []).respelled('屋头耨水'), undefined, 'not where nobody confuses them');
  t.equal(
    new FuzzySounds(words, sichuan).respelled('查电会'),
    undefined,
    'f and h, and another final, are too far',
  );
});

t.test('nothing is changed that is written right, has one syllable, or is no Chinese', async (t) => {
  const sounds = new FuzzySounds(words, sichuan);
  for (const text of ['停电了', '店', 'my bill', '', '一二三'])
    t.equal(sounds.respelled(text), undefined, text);
});
