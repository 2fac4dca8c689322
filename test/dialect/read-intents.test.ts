import { t } from 'tap';
import { readIntentExamples, readIntents } from '../../src/dialect/read-intents.js';

const known = new Set(['pay-bill', 'none']);

const right = `language: yue
concepts:
  pay: 交 畀钱
sentenceWords:
  joiners: 同埋, 仲有
  contrasts: 唔系…系
examples:
  pay-bill: |
    交电费
    # a line that begins with a number sign is said by nobody, but is one

    畀钱
dialects:
  cmn-sichuan:
    none: |
      摆龙门阵
`;

t.test('sentences, concepts and words that cut come with their dialect', async (t) => {
  const { examples, problems } = readIntentExamples(right, 'yue.yaml', known);
  t.strictSame(problems, []);
  t.match(examples, {
    language: 'yue',
    concepts: [{ name: 'pay', words: ['交', '畀钱'] }],
    sentenceWords: { joiners: ['同埋', '仲有'], mistakes: [], contrasts: ['唔系…系'] },
    examples: [
      { intent: 'pay-bill', dialect: 'yue', texts: ['交电费', /number sign/, '畀钱'] },
      { intent: 'none', dialect: 'cmn-sichuan', texts: ['摆龙门阵'] },
    ],
  });
});

t.test('every mistake is told with its line and what to write', async (t) => {
  const told = (source: string) =>
    readIntentExamples(source, 'x.yaml', known).problems.map(({ file, line, message }) => {
      t.equal(file, 'x.yaml');
      return `${String(line)}: ${message}`;
    });
  const cases: [string, RegExp][] = [
    [right.replace('pay-bill: |', 'paybill: |'), /^8: 'paybill' is no intent; there are: pay-bill, none/],
    [right.replace('    畀钱\n', '    交电费\n'), /^12: '交电费' stands already in line 9/],
    [right.replace('cmn-sichuan', 'cmn-sichuam'), /^14: 'cmn-sichuam' is no dialect/],
    [right.replace('language: yue', 'language: yeu'), /^1: 'yeu' is no language/],
    [right.replace('language: yue', '# nothing'), /^1: the language is missing/],
    [right.replace('交 畀钱', '交 交'), /^3: '交' stands here twice/],
    [right.replace('pay: 交 畀钱', 'pay: 交\n  cash: 畀钱 交'), /^4: '交' stands in 'pay' already/],
    [right.replace('唔系…系', '唔系系'), /^6: a contrast is two words with … between/],
    [right.replace('joiners', 'joins'), /^5: unknown key 'joins'; allowed here: joiners, /],
    [right.replace('concepts:', 'concept:'), /^2: unknown key 'concept'; allowed here: language, concepts, /],
    [right.replace('none: |', 'none:'), /^15: 'none' needs its sentences: write \|/],
    [right.replace('examples:\n', 'examples: nothing\nx:\n'), /^7: the examples: a map is expected/],
    [right.replace('examples:', ' examples:'), /^\d+: this is not YAML/],
  ];
  for (const [source, expected] of cases) t.match(told(source)[0], expected, String(expected));
});

t.test('the list of intents has a meaning for each', async (t) => {
  const { intents } = readIntents('intents:\n  yes: agrees\n  no: does not\n', 'h.yaml');
  t.strictSame(
    [...(intents ?? [])],
    [
      ['yes', 'agrees'],
      ['no', 'does not'],
    ],
  );
  t.match(readIntents('intents:\n  yes:\n', 'h.yaml').problems, [{ line: 2, message: /'yes' needs a text/ }]);
  t.match(readIntents('intent:\n  yes: agrees\n', 'h.yaml').problems, [
    { line: 1, message: /unknown key/ },
    {},
  ]);
  t.match(readIntents('', 'h.yaml').problems.length, 2);
});
