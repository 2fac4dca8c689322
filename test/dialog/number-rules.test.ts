import fc from 'fast-check';
import { t } from 'tap';
import { globCovers, globMatches } from '../../src/dialog/glob.js';
import { compileNumberRules, findDialplan, type NumberRules } from '../../src/dialog/number-rules.js';
import { projectFile } from './project-file.js';

function rules(text: string): NumberRules {
  const result = compileNumberRules(text, 'numbers.yaml');
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.rules;
}

const several = rules(`
numbers:
  - { called: '+4420*', calling: '+44161*', dialplan: north }
  - { called: '+4420*', trunk: carrier-b, dialplan: second }
  - { called: ['+4420*', 0207123], dialplan: london }
  - { called: 10??, dialplan: inside, dialect: yue }
  - { called: '*', trunk: [carrier-a, lab-*], dialplan: rest }
`);

t.test('the first rule that fits counts: called, calling and trunk together', async (t) => {
  const find = (called: string, calling = '', trunk?: string) =>
    findDialplan(several, { called, calling, trunk })?.dialplan;
  t.equal(find('+442079460000', '+441614960000'), 'north');
  t.equal(find('+442079460000', '+442079460001', 'carrier-b'), 'second');
  t.equal(find('+442079460000', '+442079460001', 'carrier-a'), 'london');
  t.equal(find('0207123'), 'london', 'a number with a leading zero is no number');
  t.equal(find('207123'), undefined);
  t.equal(find('1007'), 'inside');
  t.equal(find('100'), undefined);
  t.equal(find('10077', '', 'carrier-a'), 'rest');
  t.equal(find('10077', '', 'lab-7'), 'rest');
  t.equal(find('10077', '', undefined), undefined, 'a rule for a trunk takes no call without one');
  t.match(findDialplan(several, { called: '1001', calling: '', trunk: undefined }), {
    dialect: 'yue',
    line: 6,
  });
});

t.test('the shipped numbers lead to the shipped dialplans', async (t) => {
  const shipped = rules(projectFile('sip-config/numbers.yaml'));
  const find = (called: string) =>
    findDialplan(shipped, { called, calling: 'x', trunk: undefined })?.dialplan;
  t.strictSame(['1001', 'clinic', 'Clinic', '1002', 'hotline', '1003'].map(find), [
    'clinic',
    'clinic',
    'clinic',
    'hotline',
    'hotline',
    undefined,
  ]);
});

t.test('problems name the line, and what to write', async (t) => {
  const dialplans = new Map([['clinic', ['en-gb']]]);
  const problems = (text: string) => {
    const result = compileNumberRules(text, 'numbers.yaml', { dialplans });
    return (result.ok ? result.warnings : result.problems).map(
      (p) => `${String(p.line)}:${p.severity}: ${p.message}`,
    );
  };
  t.match(problems('numbers:\n  - { called: 1, dialplan: clinc }'), [
    /^2:error: there is no dialplan 'clinc'; did you mean 'clinic'\?/,
  ]);
  t.match(problems('numbers:\n  - called: 1\n    dialplan: clinic\n    dialect: cmn'), [
    /^4:error: 'clinic' does not speak 'cmn': write one of en-gb/,
  ]);
  t.match(problems('numbers:\n  - { caled: 1, dialplan: clinic }'), [
    /^2:error: a rule needs 'called'/,
    /^2:error: unknown key 'caled' in a rule; did you mean 'called'\?/,
  ]);
  t.match(
    problems('numbers:\n  - { called: 10*, dialplan: clinic }\n  - { called: 1001, dialplan: clinic }'),
    [/^3:warning: the rule in line 2 already takes these calls/],
  );
  t.match(problems('numbers:\n  - { called: { a: b }, dialplan: clinic }'), [
    /^2:error: a map stands where a number/,
  ]);
  t.match(problems('numers: []'), [/needs 'numbers'/, /did you mean 'numbers'/]);
  t.strictSame(
    problems(
      'numbers:\n  - { called: 1001, calling: 5, dialplan: clinic }\n  - { called: 10*, dialplan: clinic }',
    ),
    [],
  );
});

t.test('patterns: * is any characters, ? is one', async (t) => {
  t.ok(globMatches('*', ''));
  t.ok(globMatches('a*c?', 'abbcd'));
  t.ok(globMatches('**1', '001'));
  t.notOk(globMatches('?', ''));
  t.notOk(globMatches('a.c', 'abc'), 'a point is a point');
  t.notOk(globMatches('1', '11'));
  t.ok(globMatches(`${'*a'.repeat(40)}b`, 'a'.repeat(2000)) === false, 'and no pattern is slow');
});

t.test('a pattern that covers another fits everything that the other fits', async (t) => {
  const pattern = fc.stringMatching(/^[12*?]{0,5}$/);
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(pattern, pattern, fc.stringMatching(/^[12]{0,6}$/), (outer, inner, text) => {
        fc.pre(globCovers(outer, inner) && globMatches(inner, text));
        return globMatches(outer, text);
      }),
      { numRuns: 500 },
    );
  });
});
