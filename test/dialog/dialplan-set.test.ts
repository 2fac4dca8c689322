import { t } from 'tap';
import { compileDialplanSet } from '../../src/dialog/dialplan-set.js';
import { checkRecordings, compilePromptManifest } from '../../src/dialog/prompt-manifest.js';

const good = 'name: good\ndialects: [en-gb]\nflows: { main: { nodes: { a: { type: hangup } } } }\n';
const faulty = 'name: faulty\ndialects: [en-gb]\nflows: { main: { nodes: { a: { type: hungup } } } }\n';

t.test('a faulty dialplan does not take the others with it, nor the rules', async (t) => {
  const set = compileDialplanSet({
    dialplans: [
      { file: 'good.yaml', text: good },
      { file: 'faulty.yaml', text: faulty },
    ],
    numbers: {
      file: 'numbers.yaml',
      text: 'numbers:\n  - { called: 1, dialplan: good }\n  - { called: 2, dialplan: faulty }\n',
    },
    manifest: undefined,
  });
  t.strictSame([...set.dialplans.keys()], ['good']);
  t.equal(set.rules?.length, 2);
  t.match(set.problems, [{ file: 'faulty.yaml', line: 3, message: /did you mean 'hangup'/ }]);
  t.equal(set.problems.length, 1, 'the rule for the faulty one is not told as well');
});

t.test('names are given once, and rules name what is there', async (t) => {
  const set = compileDialplanSet({
    dialplans: [
      { file: 'good.yaml', text: good },
      { file: 'copy.yaml', text: `# a copy\n${good}` },
    ],
    numbers: { file: 'numbers.yaml', text: 'numbers:\n  - { called: 1, dialplan: god }\n' },
    manifest: undefined,
  });
  t.match(set.problems, [
    { file: 'copy.yaml', line: 2, message: /'good' is already the name of good.yaml/ },
    { file: 'numbers.yaml', line: 2, message: /did you mean 'good'/ },
  ]);
  t.equal(set.rules, undefined);
});

t.test('the manifest: words by dialect, or a sound', async (t) => {
  const read = compilePromptManifest('prompts:\n  a: { cmn: 好, yue: 好 }\n  b: { sound: bell }\n', 'm.yaml');
  if (!read.ok) throw new Error('manifest');
  t.strictSame(read.manifest.get('a'), { kind: 'words', words: { cmn: '好', yue: '好' } });
  t.strictSame(read.manifest.get('b'), { kind: 'sound', description: 'bell' });
  const found = checkRecordings(
    read.manifest,
    ['cmn/a.wav', 'nan/a.wav', 'yue/b.wav', 'yue/c.wav', 'xx/a.wav'],
    'm.yaml',
  );
  t.match(
    found.map((p) => p.message),
    [
      /^nan\/a\.wav: add the words for 'nan' to 'a' in the manifest$/,
      /^yue\/c\.wav is not in the manifest; it has: a, b$/,
      /^xx\/a\.wav is in no dialect's folder; dialects are: cmn,/,
    ],
  );
  t.equal(found.length, 3, 'what is right is not told');
  const wrong = compilePromptManifest(
    'prompts:\n  A b: { sound: x }\n  c: { cnm: x }\n  d: { sound: x, cmn: y }\n  e: {}\n',
    'm.yaml',
  );
  t.match(wrong, { ok: false, problems: [{ line: 5, message: /this is empty/ }] });
  const more = compilePromptManifest(
    'prompts:\n  A b: { sound: x }\n  c: { cnm: x }\n  d: { sound: x, cmn: y }\n',
    'm.yaml',
  );
  t.match(more, {
    ok: false,
    problems: [
      { line: 2, message: /'A b' is no file name/ },
      { line: 3, message: /did you mean 'cmn'/ },
      { line: 4, message: /a sound has no words/ },
    ],
  });
});
