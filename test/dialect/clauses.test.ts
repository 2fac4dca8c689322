import { t } from 'tap';
import { ClauseCutter, type SentenceWords } from '../../src/dialect/clauses.js';

const chinese: SentenceWords = {
  joiners: ['另外', '还有', '顺便'],
  mistakes: ['我说错了', '哦不', '不是|我要'],
  denials: ['不', '不对', '唔系'],
  contrasts: ['不是…而是', '不是…是', '唔系…系'],
};
const english: SentenceWords = {
  joiners: ['and also', 'also', 'and'],
  mistakes: ['no wait', 'i mean'],
  denials: ['no', 'sorry'],
  contrasts: ["don't want to…i want to"],
};
const cmn = new ClauseCutter('cmn', [chinese]);
const en = new ClauseCutter('en-gb', [english]);

t.test('what was taken back goes, what replaces it stays', async (t) => {
  const cases: [ClauseCutter, string, string][] = [
    [cmn, '交电费，不，查电费', '查电费'],
    [cmn, '我要交电费，不对，是查电费', '是查电费'],
    [cmn, '停电了哦不是跳闸了', '是跳闸了'],
    [cmn, '交水费我说错了交电费', '交电费'],
    [cmn, '我要交水费不是我要交电费', '我要交电费'],
    [cmn, '交水费，我說錯了，交電費', '交電費'],
    [cmn, '我不是要交费，是要查账单', '要查账单'],
    [cmn, '我唔系查数，系要交钱', '要交钱'],
    [en, 'Pay my bill, no, report a fault', 'report a fault'],
    [en, 'pay my bill no wait check my balance', 'check my balance'],
    [en, "I don't want to pay, I want to complain", 'complain'],
  ];
  for (const [cutter, said, meant] of cases) t.equal(cutter.withoutTakenBack(said), meant, said);
});

t.test('words that only look like a correction take nothing back', async (t) => {
  for (const said of [
    '账单不对',
    '是不是停电了',
    '这个月是不是我要交电费',
    '家里没电，是不是欠费了',
    '不，我要查电费',
    '不对，不是这个',
    '交电费，不对',
    '我说错了',
  ]) {
    t.equal(cmn.withoutTakenBack(said), said);
  }
  for (const said of ['no', 'no, my power is out', 'there is no power', 'I know the meaning', 'sorry']) {
    t.equal(en.withoutTakenBack(said), said);
  }
});

t.test(
  'every way to part a sentence in two, where no word is cut and each half is long enough',
  async (t) => {
    t.strictSame([...cmn.halves('查电费改地址')], [['查电费', '改地址']]);
    t.strictSame([...cmn.halves('电费，多少')], []);
    t.equal([...cmn.halves('电'.repeat(31))].length, 0, 'a story is not searched');
    t.strictSame(
      [...en.halves('pay bill report fault now')],
      [
        ['pay bill', 'report fault now'],
        ['pay bill report', 'fault now'],
      ],
    );
  },
);

t.test('wishes are parted where a further one is joined, not inside a word', async (t) => {
  t.strictSame(cmn.wishes('查一下电费，另外我家停电了'), ['查一下电费，', '我家停电了']);
  t.strictSame(cmn.wishes('交水费还有改地址顺便查余额'), ['交水费', '改地址', '查余额']);
  t.strictSame(cmn.wishes('另外查电费'), ['另外查电费'], 'nothing stands before it');
  t.strictSame(en.wishes('my power is out and also I want to pay'), ['my power is out', 'I want to pay']);
  t.strictSame(en.wishes('candles and sand'), ['candles', 'sand']);
  t.strictSame(en.wishes('the sand'), ['the sand']);
});
