import { t } from 'tap';
import { ClauseCutter, type SentenceWords } from '../../src/dialect/clauses.js';

const chinese: SentenceWords = {
  joiners: ['另外', '还有', '顺便', '再|查'],
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

const places = (cutter: ClauseCutter, text: string, kept?: [number, number][]) =>
  [...cutter.cuts(text, kept)].map(({ before, after, joiner, paused }) =>
    [before, joiner === '' ? '' : `(${joiner})`, paused ? '(pause)' : '', after].filter(Boolean).join('/'),
  );

t.test('every place may part a sentence, if each side is long enough and no word is cut', async (t) => {
  t.strictSame(places(cmn, '查电费改地址'), ['查电/费改地址', '查电费/改地址', '查电费改/地址']);
  t.strictSame(
    places(cmn, '查电费改地址', [
      [1, 3],
      [4, 6],
    ]),
    ['查电费/改地址', '查电费改/地址'],
  );
  t.strictSame(places(cmn, '电费'), []);
  t.strictSame(places(en, 'pay bill report'), ['pay /bill report', 'pay bill /report']);
});

t.test('a word that joins, and a pause, belong to neither side and are told', async (t) => {
  t.ok(places(cmn, '查电费另外我家停电').includes('查电费/(另外)/我家停电'));
  t.notOk(places(cmn, '查电费另外我家停电').some((place) => place.startsWith('查电费另/')));
  t.ok(places(cmn, '查電費，另外停電了').includes('查電費，/(另外)/(pause)/停電了'), 'as it was written');
  t.ok(places(cmn, '查电费，停电了').includes('查电费，/(pause)/停电了'));
  t.ok(places(cmn, '交水费再查电费').includes('交水费/(再查)/查电费'), 'the verb stays with its wish');
  t.ok(places(en, 'no power and also my bill').includes('no power /(and also)/ my bill'));
  t.strictSame(places(en, 'candles sand'), ['candles /sand'], 'not inside a word');
  t.strictSame(
    places(cmn, '另外查电费').filter((place) => place.includes('(')),
    [],
    'nothing stands before it',
  );
});
