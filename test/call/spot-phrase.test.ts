import { t } from 'tap';
import { spotPhrase } from '../../src/call/spot-phrase.js';

const phrases = [
  { id: 'bill', text: '电费几多', dialect: 'yue' },
  { id: 'outage', text: '停电', dialect: 'yue' },
  { id: 'no', text: 'no', dialect: 'en-gb' },
  { id: 'bill', text: 'my bill', dialect: 'en-gb' },
  { id: 'person', text: 'a person', dialect: 'en-gb' },
  { id: 'ok', text: '好', dialect: 'cmn' },
];
const spot = (text: string) =>
  spotPhrase({ phraseId: undefined, text, dialect: undefined, confidence: 0.8 }, phrases)?.phraseId;

t.test('a phrase is found in a sentence, whatever commas and spaces the engine writes', async (t) => {
  t.equal(spot('唔该，我想问下 电费 几多 呀？'), 'bill');
  t.equal(spot('I want to know MY  BILL, please.'), 'bill');
  t.equal(spot('No!'), 'no');
  t.strictSame(
    spotPhrase({ phraseId: undefined, text: '停电喇', dialect: 'yue', confidence: 0.8 }, phrases),
    {
      phraseId: 'outage',
      text: '停电喇',
      dialect: 'yue',
      confidence: 0.8,
    },
  );
});

t.test('a word is not found inside another, nor one character inside a sentence', async (t) => {
  t.equal(spot('I know'), undefined);
  t.equal(spot('好热'), undefined);
  t.equal(spot('好'), 'ok');
  t.equal(spot(''), undefined);
  t.equal(spot('…'), undefined);
});

t.test('the longest phrase wins; two choices alike are a doubt', async (t) => {
  t.equal(spot('停电，电费几多'), 'bill');
  t.equal(
    spotPhrase({ phraseId: undefined, text: '停电交费', dialect: 'yue', confidence: 1 }, [
      { id: 'outage', text: '停电', dialect: 'yue' },
      { id: 'pay', text: '交费', dialect: 'yue' },
    ]),
    undefined,
  );
});
