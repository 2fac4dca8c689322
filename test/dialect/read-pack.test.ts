import { t } from 'tap';
import { readPack } from '../../src/dialect/read-pack.js';

t.test('a pack is read, with what is left out empty', async (t) => {
  const { pack, problems } = readPack(
    'dialect: yue\nwords:\n  - { word: 几多, means: 多少, tells: weak, example: 几多钱 => 多少钱 }\n',
    'yue.yaml',
  );
  t.strictSame(problems, []);
  t.equal(pack?.dialect, 'yue');
  t.match(pack?.words[0], {
    word: '几多',
    spellings: [],
    tells: 'weak',
    example: { text: '几多钱', canonical: '多少钱' },
  });
  t.strictSame(pack?.replies.yes, []);
  t.strictSame(pack?.fillers, []);
});

t.test('each problem of a pack is told with its line and what to write', async (t) => {
  const told = (text: string) =>
    readPack(text, 'x.yaml').problems.map(({ line, message }) => `${String(line)}: ${message}`);
  t.match(told('dialect: yue\nwords:\n  - { word: 几多 }\n'), [
    /^3: a word needs 'means'/,
    /^3: .*'example'/,
  ]);
  t.match(told('dialect: yue\n\nturnfinal: [呀]\n'), [/^3: unknown key 'turnfinal'.*turnFinal/]);
  t.match(told('dialect: kanton\n'), [/^1: 'kanton' is no dialect/]);
  t.match(told('dialect: yue\nwords:\n  - { word: 几多, means: 多少, example: 多少钱 => 多少钱 }\n'), [
    /^3: the example of '几多' does not hold the word/,
  ]);
  const twice = `  - { word: 几多, means: 多少, example: 几多钱 => 多少钱 }\n`;
  t.match(told(`dialect: yue\nwords:\n${twice}${twice}`), [/^4: '几多' stands already in line 3/]);
  t.match(told('dialect: yue\nwords: [{ word: 几多, means: 多少, tells: much, example: 几多 => 多少 }]\n'), [
    /^2: .*nothing, weak or strong/,
  ]);
  t.match(told('dialect: yue\nreplies: { yes: [系\n'), [/not YAML/]);
  t.match(told('dialect: yue\nwords:\n  - { word: 几多, means: 多少, example: 几多钱 }\n'), [
    /^3: .*dialect sentence => standard sentence/,
  ]);
});
