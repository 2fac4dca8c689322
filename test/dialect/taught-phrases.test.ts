import { t } from 'tap';
import { findWording, type TaughtWording } from '../../src/dialect/taught-phrases.js';

const menu = [
  { id: 'bill', text: '查询电费', dialect: 'cmn' },
  { id: 'outage', text: '停电报修', dialect: 'cmn' },
];
const taught: readonly TaughtWording[] = [
  { id: 'taught-1', words: '帮我轧轧苗头', phrases: [{ text: '查询电费', dialect: 'cmn' }] },
];
const found = (heard: string, phrases = menu, words = taught) => {
  const match = findWording(heard, phrases, words);
  return match && [match.wording.id, match.phrase.id];
};

t.test(
  'words that were taught are another wording of their phrase, alone and within a sentence',
  async (t) => {
    t.strictSame(found('帮我轧轧苗头'), ['taught-1', 'bill']);
    t.strictSame(found('幫我軋軋苗頭。'), ['taught-1', 'bill'], 'in either writing');
    t.strictSame(found('侬好，帮我轧轧苗头好伐'), ['taught-1', 'bill']);
    t.equal(found('帮我看看苗头'), undefined);
    t.equal(found(''), undefined);
  },
);

t.test('where the phrase is not listened for, they mean nothing', async (t) => {
  t.equal(found('帮我轧轧苗头', menu.slice(1)), undefined);
  t.equal(found('帮我轧轧苗头', [{ id: 'bill', text: '查询电费', dialect: 'yue' }]), undefined);
});

t.test('a phrase of the menu that is as long goes before', async (t) => {
  const long = [...menu, { id: 'repair', text: '停电了帮我报修', dialect: 'cmn' }];
  t.equal(found('帮我轧轧苗头，停电了帮我报修', long), undefined);
  t.strictSame(found('停电报修，帮我轧轧苗头', long), ['taught-1', 'bill']);
});

t.test('short words count only as the whole sentence', async (t) => {
  const short = [{ id: 'taught-2', words: '好额', phrases: [{ text: '停电报修', dialect: 'cmn' }] }];
  t.strictSame(found('好额', menu, short), ['taught-2', 'outage']);
  t.equal(found('好额好额我晓得', menu, short), undefined);
  const english = [{ id: 'bill', text: 'pay my bill', dialect: 'en-gb' }];
  const words = [
    { id: 'taught-3', words: 'Settle up', phrases: [{ text: 'pay my bill', dialect: 'en-gb' }] },
  ];
  t.strictSame(found('settle up!', english, words), ['taught-3', 'bill']);
  t.equal(found('please settle up', english, words), undefined);
});

t.test('words that were taught for two choices decide nothing between them', async (t) => {
  const both: readonly TaughtWording[] = [
    ...taught,
    { id: 'taught-2', words: '帮我轧轧苗头', phrases: [{ text: '停电报修', dialect: 'cmn' }] },
  ];
  t.equal(found('帮我轧轧苗头', menu, both), undefined);
});
