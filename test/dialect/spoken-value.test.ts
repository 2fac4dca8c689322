import { t } from 'tap';
import { spokenValue } from '../../src/dialect/spoken-value.js';

t.test('amounts are numbers in Chinese writing, and as the country writes them elsewhere', async (t) => {
  const said = Object.fromEntries(
    [
      '0',
      '5',
      '10',
      '12',
      '20',
      '105',
      '110',
      '120',
      '200',
      '1000',
      '1205',
      '2000',
      '10000',
      '20500',
      '10012',
    ]
      .concat(['1230000', '100000001', '120.5', '0.05'])
      .map((value) => [value, spokenValue('amount', value, 'yue')]),
  );
  t.strictSame(said, {
    '0': '零',
    '5': '五',
    '10': '十',
    '12': '十二',
    '20': '二十',
    '105': '一百零五',
    '110': '一百一十',
    '120': '一百二十',
    '200': '二百',
    '1000': '一千',
    '1205': '一千二百零五',
    '2000': '两千',
    '10000': '一万',
    '20500': '两万零五百',
    '10012': '一万零一十二',
    '1230000': '一百二十三万',
    '100000001': '一亿零一',
    '120.5': '一百二十点五',
    '0.05': '零点零五',
  });
  t.equal(spokenValue('amount', '120.5', 'de-de'), '120,5');
  t.equal(spokenValue('amount', '120.5', 'en-gb'), '120.5');
});

t.test('days and dates are in the words of the dialect', async (t) => {
  t.equal(spokenValue('date', 'tomorrow', 'yue'), '听日');
  t.equal(spokenValue('date', 'yesterday', 'cmn-sichuan'), '昨天');
  t.equal(spokenValue('date', 'today', 'gan'), '今天', 'as Mandarin where nothing else is known');
  t.equal(spokenValue('date', '11-24', 'cmn'), '十一月二十四号');
  t.equal(spokenValue('date', '03-01', 'en-us'), '1 March');
  t.equal(spokenValue('date', '03-01', 'es-mx'), '1 de marzo');
  t.equal(spokenValue('date', '03-01', 'de-at'), '1. März');
  t.equal(spokenValue('date', 'day-after-tomorrow', 'fr-ch'), 'après-demain');
});

t.test('times are hours and minutes', async (t) => {
  t.equal(spokenValue('time', '02:00', 'cmn'), '两点整');
  t.equal(spokenValue('time', '15:05', 'yue'), '十五点零五分');
  t.equal(spokenValue('time', '15:05', 'en-gb'), '15:05');
});

t.test('what is no value is said as it is', async (t) => {
  for (const type of ['amount', 'date', 'time'] as const) {
    t.equal(spokenValue(type, 'nonsense', 'cmn'), 'nonsense');
    t.equal(spokenValue(type, '', 'en-gb'), '');
  }
});
