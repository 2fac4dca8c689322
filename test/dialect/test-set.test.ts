import { t } from 'tap';
import { readTestSet } from '../../src/dialect/test-set.js';

const intents = new Set(['bill-query', 'pay-bill', 'none']);

t.test('lines are read as they are written, and numbered as in the file', async (t) => {
  const source = [
    '{"text":"电费几多钱呀","dialect":"yue","intent":"bill-query","neutral":false}',
    '',
    '{"text":"一百二","dialect":"cmn-sichuan","slot":"amount","value":"120"}',
    '{"text":"查电费还有交水费","dialect":"cmn","intents":["bill-query","pay-bill"],"note":"whatever"}',
  ].join('\r\n');
  const { lines, problems } = readTestSet(`\ufeff${source}\n`, 'x.jsonl', intents);
  t.strictSame(problems, []);
  t.strictSame(lines, [
    { line: 1, text: '电费几多钱呀', dialect: 'yue', intent: 'bill-query', neutral: false },
    { line: 3, text: '一百二', dialect: 'cmn-sichuan', slot: 'amount', value: '120' },
    {
      line: 4,
      text: '查电费还有交水费',
      dialect: 'cmn',
      intent: 'bill-query',
      intents: ['bill-query', 'pay-bill'],
    },
  ]);
});

t.test('a bad line is told with its number and what is wrong, the others are read', async (t) => {
  const cases: [string, RegExp][] = [
    ['not json', /not JSON/],
    ['[1]', /one object/],
    ['{"dialect":"yue","intent":"none"}', /'text' is missing/],
    ['{"text":"x","intent":"none"}', /'dialect' is missing/],
    ['{"text":"x","dialect":"yeu","intent":"none"}', /'yeu' is no dialect/],
    ['{"text":"x","dialect":"yue","intent":"bill"}', /'bill' is no intent; there are: bill-query/],
    ['{"text":"x","dialect":"yue","intnet":"none"}', /nothing to test/],
    ['{"text":"x","dialect":"yue","intents":"none"}', /not a list/],
    ['{"text":"x","dialect":"yue","intent":"none","intents":["pay-bill"]}', /must hold/],
    ['{"text":"x","dialect":"yue","slot":"money","value":"1"}', /'money' is no slot; there are: digits/],
    ['{"text":"x","dialect":"yue","slot":"amount"}', /needs 'value'/],
    ['{"text":"x","dialect":"yue","slot":"amount","value":120}', /text in quotes/],
    ['{"text":"x","dialect":"yue","slot":"time","value":"3 pm"}', /'3 pm' is no time: write HH:MM/],
    ['{"text":"x","dialect":"yue","slot":"date","value":"13-01"}', /no date/],
    ['{"text":"x","dialect":"yue","intent":"none","value":"1"}', /without 'slot'/],
    ['{"text":"x","dialect":"yue","intent":"none","neutral":"no"}', /true or false/],
  ];
  const good = '{"text":"x","dialect":"yue","intent":"none"}';
  for (const [bad, message] of cases) {
    const { lines, problems } = readTestSet([good, bad, good].join('\n'), 'x.jsonl', intents);
    t.match(problems, [{ file: 'x.jsonl', line: 2, message }], bad);
    t.strictSame(
      lines.map(({ line }) => line),
      [1, 3],
    );
  }
});
