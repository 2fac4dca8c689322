import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { InviteFacts } from '../../src/sip/admission.js';
import { isAnonymous } from '../../src/sip/anonymous-caller.js';
import { compileCallerRules } from '../../src/sip/caller-rules.js';
import { Callers } from '../../src/sip/callers.js';

const invite = (changes: Partial<InviteFacts> = {}): InviteFacts => ({
  identity: { kind: 'stranger' },
  sourceAddress: '198.51.100.9',
  userAgent: '',
  hasContact: true,
  hasForeignBody: false,
  calledNumber: '1001',
  callingNumber: '+442079460001',
  isAnonymous: false,
  ...changes,
});

const text = `
callers:
  - action: allow
    calling: '+442079460007'
  - action: favour
    calling: ['+44161*', '+44113?']
    trunk: carrier-a
  - action: block
    calling: '+442079460*'
    reason: sells insurance
  - action: block
    address: [203.0.113.0/24, '2001:db8::/32']
    status: 403
  - action: block
    anonymous: true
    status: 404
`;

const problemsOf = (source: string): readonly string[] =>
  compileCallerRules(source, 'callers.yaml').problems.map(
    ({ severity, line, message }) => `${line} ${severity} ${message}`,
  );

t.test('the first rule that fits decides: by number, pattern, address, trunk, or no name', async (t) => {
  const file = join(t.testdir({ 'callers.yaml': text }), 'callers.yaml');
  const callers = new Callers(file);
  t.same(await callers.loadOrFail(), { problems: [], errors: 0 });
  const refusal = (changes: Partial<InviteFacts>) => callers.step.check(invite(changes));
  t.match(refusal({}), {
    status: 603,
    reason: /^the rule in line 8 of .*callers\.yaml blocks this caller: sells insurance$/,
  });
  t.notMatch(refusal({})?.reason, /2079460001/, 'no number in the reason');
  t.equal(refusal({ callingNumber: '+442079460007' }), undefined, 'an exception above the rule');
  t.equal(refusal({ callingNumber: '+33123' }), undefined);
  t.match(refusal({ callingNumber: '1', sourceAddress: '203.0.113.77' }), { status: 403, reason: /line 11/ });
  t.match(refusal({ callingNumber: '1', sourceAddress: '2001:db8::5' }), { status: 403 });
  t.match(refusal({ callingNumber: '1', isAnonymous: true }), { status: 404, reason: /line 14/ });
  const byTrunk = { identity: { kind: 'trunk', trunk: 'carrier-a' } } as const;
  t.ok(callers.isFavoured(invite({ callingNumber: '+441619', ...byTrunk })));
  t.ok(callers.isFavoured(invite({ callingNumber: '+441139', ...byTrunk })));
  t.notOk(callers.isFavoured(invite({ callingNumber: '+441619' })), 'a stranger only claims that number');
});

t.test('a reload takes a good file and leaves the rules as they are for a bad one', async (t) => {
  const file = join(t.testdir({}), 'callers.yaml');
  const callers = new Callers(file);
  t.same(await callers.loadOrFail(), { problems: [], errors: 0 }, 'the file may be absent');
  await writeFile(file, text);
  await callers.load();
  t.match(callers.step.check(invite()), { status: 603 });
  await writeFile(file, 'callers:\n  - action: blok\n    calling: "1"\n');
  const report = await callers.load();
  t.equal(report.errors, 1);
  t.match(report.problems[0], /callers\.yaml:2:.*'blok' is not an action.*block/);
  t.match(callers.step.check(invite()), { status: 603 });
  await t.rejects(new Callers(file).loadOrFail(), { code: 'SIP_CALLERS_BROKEN', message: /callers\.yaml:2/ });
});

t.test('what is wrong is told with its line', async (t) => {
  t.match(problemsOf('callers:\n  - action: block\n'), [/^2 error a rule needs 'calling'/]);
  t.match(problemsOf('callers:\n  - action: favour\n    trunk: a\n    status: 603\n'), [
    /^4 error only 'block'/,
  ]);
  t.match(problemsOf('callers:\n  - action: block\n    address: 10.0.0.1/8\n'), [
    /^3 error '10\.0\.0\.1\/8' is no address/,
  ]);
  t.match(problemsOf('callers:\n  - action: block\n    calling: 1\n    status: 500\n'), [
    /^4 error '500' is not a status/,
  ]);
  t.match(problemsOf('callers:\n  - action: favour\n    calling: 1\n'), [/^2 warning anybody can claim/]);
  t.same(problemsOf('# nothing yet\n'), []);
});

t.test('a trunk that there is not is warned of, once the trunks are known', async (t) => {
  const rules =
    'callers:\n  - { action: block, calling: 1 }\n  - action: favour\n    trunk: [carier-a, carrier-b]\n';
  t.same(problemsOf(rules), []);
  const file = join(t.testdir({ 'callers.yaml': rules }), 'callers.yaml');
  let names = ['carrier-a', 'carrier-b'];
  const callers = new Callers(file, () => names);
  t.match(await callers.loadOrFail(), {
    errors: 0,
    problems: [
      /:4:.* warning: there is no trunk 'carier-a': nobody fits this rule; did you mean 'carrier-a'\?/,
    ],
  });
  names = [];
  t.equal((await callers.load()).problems.length, 2, 'a reload asks again');
});

t.test('a list of ten thousand numbers costs a call next to nothing', async (t) => {
  const numbers = Array.from({ length: 10_000 }, (_, i) => `      - '+44${i}'`).join('\n');
  const result = compileCallerRules(
    `callers:\n  - action: block\n    calling:\n${numbers}\n`,
    'callers.yaml',
  );
  if (!result.ok) throw new Error('the list was refused');
  const began = process.cpuUsage();
  for (let i = 0; i < 10_000; i++) result.rules[0]?.fits(invite({ callingNumber: `+4${i}` }));
  const { user } = process.cpuUsage(began);
  t.ok(user < 500_000, `${user} us for ten thousand calls`);
});

t.test('callers who want not to be known are found by From and Privacy', async (t) => {
  const of = (headers: Readonly<Record<string, string>>) =>
    isAnonymous({
      get: (name: string) => headers[name] ?? '',
      has: (name: string) => name in headers,
    } as never);
  t.ok(of({ From: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1' }));
  t.ok(of({ From: '<sip:Restricted@10.0.0.1>;tag=1' }));
  t.ok(of({ From: '<sip:10.0.0.1>;tag=1' }));
  t.ok(of({ From: '<sip:+4420@h>;tag=1', Privacy: 'id;critical' }));
  t.notOk(of({ From: '<sip:+4420@h>;tag=1', Privacy: 'none' }));
  t.notOk(of({ From: '"anonymous" <sip:+4420@h>;tag=1' }));
  t.notOk(of({ From: 'sip:bob@h;tag=1' }));
});
