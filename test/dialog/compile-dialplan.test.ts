import fc from 'fast-check';
import { t } from 'tap';
import { compileDialplan } from '../../src/dialog/compile-dialplan.js';
import { renderProblem } from '../../src/dialog/problem.js';
import { compilePromptManifest } from '../../src/dialog/prompt-manifest.js';
import { compiled, projectFile, shippedDialplan } from './project-file.js';

const small = (nodes: string, head = 'dialects: [en-gb]') =>
  `name: small\n${head}\nflows:\n  main:\n    nodes:\n${nodes}`;

t.test('the shipped dialplans have neither errors nor warnings', async (t) => {
  for (const name of ['clinic', 'hotline']) {
    const manifest = compilePromptManifest(projectFile('audio-prompts/manifest.yaml'), 'manifest.yaml');
    if (!manifest.ok) throw new Error('manifest');
    const result = compileDialplan(projectFile(`dialplans/${name}.yaml`), name, {
      manifest: manifest.manifest,
    });
    t.ok(result.ok, name);
    t.strictSame(result.ok && result.warnings, []);
  }
});

t.test('the version is of the text, and changes with it', async (t) => {
  const text = small('      a: { type: hangup }\n');
  const one = compiled(text);
  t.match(one.version, /^[0-9a-f]{12}$/);
  t.equal(compiled(text).version, one.version);
  t.not(compiled(`${text}# one more comment\n`).version, one.version);
});

t.test('a compiled dialplan is plain data', async (t) => {
  const plan = shippedDialplan('hotline');
  t.strictSame(JSON.parse(JSON.stringify(plan)), JSON.parse(JSON.stringify(structuredClone(plan))));
  const kept = JSON.parse(JSON.stringify(plan)) as typeof plan;
  t.strictSame(Object.keys(kept.nodes), Object.keys(plan.nodes));
});

t.test('targets: a node of the flow, another flow, a node of another flow', async (t) => {
  const plan = compiled(`
name: targets
dialects: [en-gb]
flows:
  one:
    nodes:
      a: { type: goto, goto: b }
      b: { type: goto, goto: two }
  two:
    start: second
    nodes:
      first: { type: hangup }
      second: { type: goto, goto: two.first }
`);
  t.match(plan.nodes, {
    'one.a': { next: 'one.b' },
    'one.b': { next: 'two.second' },
    'two.second': { next: 'two.first' },
  });
  t.equal(plan.start, 'one.a');
});

t.test('numbers that are no numbers stay as written', async (t) => {
  const plan = compiled(
    small('      a: { type: set, variables: { n: 007, m: +44, k: 12 }, goto: hangup }\n'),
  );
  t.match(plan.nodes['main.a'], {
    assignments: [
      { variable: 'n', value: [{ text: '007' }] },
      { variable: 'm', value: [{ text: '+44' }] },
      { variable: 'k', value: [{ text: '12' }] },
    ],
  });
});

t.test('without any dialect the file is refused, and says what to add', async (t) => {
  const result = compileDialplan(small('      a: { type: hangup }\n', 'title: x'), 'x.yaml');
  t.match(result, { ok: false, problems: [{ line: 1, message: /add 'dialects: \[en-gb\]'/ }] });
});

t.test('a prompt that no node says is a warning, and the dialplan is used', async (t) => {
  const text = small('      a: { type: hangup }\n', 'dialects: [en-gb]\nprompts:\n  left-over: Never said.');
  const result = compileDialplan(text, 'x.yaml');
  t.match(result, {
    ok: true,
    warnings: [{ severity: 'warning', line: 4, column: 3, message: /no node says the prompt 'left-over'/ }],
  });
});

t.test('recordings have their words from the manifest, and must be in it', async (t) => {
  const manifest = compilePromptManifest(
    'prompts:\n  thanks: { cmn: 谢谢。, yue: 多谢。 }\n  ding: { sound: a bell }\n',
    'm.yaml',
  );
  if (!manifest.ok) throw new Error('manifest');
  const options = { manifest: manifest.manifest };
  const plan = compiled(
    small(
      '      a: { type: hangup, prompt: [{ file: thanks }, { file: ding }] }\n',
      'dialects: [cmn-sichuan, yue]',
    ),
    options,
  );
  t.match(plan.nodes['main.a'], {
    prompts: [
      {
        byDialect: {
          cmn: { recorded: 'thanks', words: [{ text: '谢谢。' }] },
          yue: { recorded: 'thanks', words: [{ text: '多谢。' }] },
        },
      },
      { byDialect: { 'cmn-sichuan': { recorded: 'ding', words: [] } } },
    ],
  });
  const wrong = compileDialplan(
    small('      a: { type: hangup, prompt: { file: thank } }\n'),
    'x.yaml',
    options,
  );
  t.match(wrong, { ok: false, problems: [{ line: 6, message: /has no 'thank'; did you mean 'thanks'\?/ }] });
});

t.test('choices from everywhere are in each menu, give way to its own, and can be left out', async (t) => {
  const plan = compiled(`
name: everywhere
dialects: [en-gb]
defaults: { wayOut: main.end }
everywhere:
  operator: { key: 0, phrases: [operator], goto: main.end }
  repeat: { key: '*', goto: again }
flows:
  main:
    nodes:
      one: { type: menu, prompt: One?, choices: { a: { key: 1, goto: two }, operator: { key: 5, goto: two } } }
      two: { type: digits, prompt: Two?, saveAs: n, maxDigits: 3, goto: three }
      three: { type: menu, prompt: Three?, everywhere: false, choices: { a: { key: 1, goto: end } } }
      end: { type: hangup }
`);
  const ids = (name: string) => {
    const node = plan.nodes[name];
    return node !== undefined && 'choices' in node
      ? node.choices.map((c) => `${c.id}:${c.key ?? ''}:${c.next}`)
      : [];
  };
  t.strictSame(ids('main.one'), ['a:1:main.two', 'operator:5:main.two', 'repeat:*:again']);
  t.strictSame(ids('main.two'), ['operator::main.end'], 'while digits are collected only what can be said');
  t.strictSame(ids('main.three'), ['a:1:main.end']);
});

t.test('a problem is shown with its line and a caret under the place', async (t) => {
  const text = '名称: 你好 {{x}}\nb';
  const problem = {
    severity: 'error',
    file: 'f.yaml',
    line: 1,
    column: 5,
    message: 'wrong',
    path: '',
  } as const;
  t.equal(renderProblem(problem, text), 'f.yaml:1:5 error: wrong\n  1 | 名称: 你好 {{x}}\n    |       ^');
  t.equal(renderProblem({ ...problem, line: 9 }, text), 'f.yaml:9:5 error: wrong');
});

t.test('no text whatever makes the compiler throw', async (t) => {
  const clinic = projectFile('dialplans/clinic.yaml');
  fc.assert(
    fc.property(fc.nat(clinic.length), fc.nat(40), fc.string({ maxLength: 12 }), (at, cut, put) => {
      const result = compileDialplan(clinic.slice(0, at) + put + clinic.slice(at + cut), 'x.yaml');
      const problems = result.ok ? result.warnings : result.problems;
      return (result.ok || problems.length > 0) && problems.every((p) => p.line >= 1 && p.column >= 1);
    }),
    { numRuns: 150 },
  );
  for (const text of [
    '',
    'null',
    '[]',
    '1',
    'name: x',
    '"',
    'a: &a [*a]',
    '\0',
    'flows: {main: {nodes: {a: null}}}',
  ]) {
    t.notOk(compileDialplan(text, 'x.yaml').ok, JSON.stringify(text));
  }
});

t.test('any plain value where prompts, conditions and phrases stand is told, never thrown', async (t) => {
  const value = fc.jsonValue({ maxDepth: 3 });
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(value, value, value, value, (prompt, condition, phrases, set) => {
        const plan = {
          name: 'x',
          dialects: ['en-gb'],
          prompts: { p: prompt },
          flows: {
            main: {
              nodes: {
                a: { type: 'say', prompt, goto: 'b' },
                b: { type: 'branch', cases: [{ if: condition, goto: 'c' }], else: 'c' },
                c: {
                  type: 'menu',
                  prompt: 'Yes?',
                  choices: { k: { key: 1, phrases, set, goto: 'hangup' } },
                  noInput: { goto: 'hangup' },
                  noMatch: { goto: 'hangup' },
                },
              },
            },
          },
        };
        const result = compileDialplan(JSON.stringify(plan), 'x.yaml');
        return result.ok || result.problems.length > 0;
      }),
      { numRuns: 300 },
    );
  });
});

t.test(
  'how a question may be interrupted, and whether keys count ahead: of the node, else of the defaults',
  async (t) => {
    const plan = compiled(
      small(
        `      a: { type: menu, prompt: A?, choices: { x: { key: 1, goto: b } } }
      b: { type: menu, prompt: B?, bargeIn: none, typeAhead: true, choices: { x: { key: 1, goto: hangup } } }
`,
        'dialects: [en-gb]\ndefaults: { bargeIn: phrase, typeAhead: false, wayOut: hangup }',
      ),
    );
    t.match(plan.nodes['main.a'], { bargeIn: 'phrase', typeAhead: false });
    t.match(plan.nodes['main.b'], { bargeIn: 'none' });
    t.notOk('typeAhead' in (plan.nodes['main.b'] ?? {}));
  },
);
