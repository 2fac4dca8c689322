import { t } from 'tap';
import { dialplanDefaults } from '../../src/dialog/read-node.js';
import { compileDialplan } from '../../src/dialog/compile-dialplan.js';
import { dialplanSchema } from '../../src/dialog/dialplan-schema.js';
import { compileNumberRules } from '../../src/dialog/number-rules.js';
import { compilePromptManifest } from '../../src/dialog/prompt-manifest.js';
import { projectFile } from './project-file.js';

const readme = projectFile('dialplans/README.md');

function yamlBlocks(text: string): string[] {
  return [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
}

t.test("the README's dialplan is right as it stands", async (t) => {
  const [first = ''] = yamlBlocks(readme);
  t.match(compileDialplan(first, 'README.md'), { ok: true, dialplan: { name: 'bakery' }, warnings: [] });
});

t.test("the README's parts are right in a dialplan around them", async (t) => {
  const indent = (text: string, by: number) => text.replace(/^(?=.)/gm, ' '.repeat(by));
  const node = (name: string, body: string) => `      ${name}:\n${indent(body, 8)}`;
  const [
    ,
    menu = '',
    digits = '',
    ask = '',
    branch = '',
    transfer = '',
    retry = '',
    intents = '',
    everywhere = '',
  ] = yamlBlocks(readme);
  const plan = `
name: parts
dialects: [cmn, yue, en-gb]
defaults:
  wayOut: reception
  dialect: en-gb
${intents}
${everywhere}
variables: { meterNumber: '', topic: '', price: '' }
flows:
  main:
    nodes:
${node('a', menu)}
${node('sugar', digits)}
${node('how-much', ask)}
${node('confirm', branch)}
${node('connect', transfer)}
${node('cantonese', `type: menu\nprompt: { cmn: 好, yue: 好, en-gb: Yes? }\nchoices: { a: { key: 1, goto: reception } }\n${retry}`)}
      new-meter: { type: goto, goto: cantonese }
      old-meter: { type: goto, goto: connect }
      anything-else: { type: goto, goto: how-much }
      engaged: { type: goto, goto: reception }
      declined: { type: goto, goto: reception }
      nobody-there: { type: goto, goto: reception }
      no-way: { type: goto, goto: reception }
  reception: { nodes: { end: { type: hangup } } }
`;
  const result = compileDialplan(plan, 'README.md');
  // Only the words in the other dialects are missing in these parts.
  const other = (result.ok ? [] : result.problems).filter(
    (p) => !/has no words for|cannot say/.test(p.message),
  );
  t.strictSame(
    other.map((p) => p.message),
    [],
  );
  t.equal(yamlBlocks(readme).length, 9);
});

t.test('every key of the language and every default is in the README', async (t) => {
  const keys = new Set(keysOf(dialplanSchema));
  t.ok(keys.size > 30, `${String(keys.size)} keys`);
  t.strictSame(
    [...keys].filter((key) => !new RegExp(`\\b${key}\\b`).test(readme)),
    [],
  );
  for (const value of [
    dialplanDefaults.noInputMs,
    dialplanDefaults.interDigitTimeoutMs,
    dialplanDefaults.retries,
  ]) {
    t.match(readme, new RegExp(`\\| ${String(value)} \\|`));
  }
});

function keysOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties } = schema as { properties?: Record<string, unknown> };
  return [...Object.keys(properties ?? {}), ...Object.values(schema).flatMap(keysOf)];
}

t.test('the examples of sip-config and audio-prompts are right', async (t) => {
  const dialplans = new Map([
    ['north', ['en-gb']],
    ['hotline', ['cmn', 'yue']],
    ['inside', ['en-gb']],
  ]);
  const [rules = ''] = yamlBlocks(projectFile('sip-config/README.md'));
  t.match(compileNumberRules(rules, 'README.md', { dialplans }), {
    ok: true,
    warnings: [],
  });
  const [manifest = ''] = yamlBlocks(projectFile('audio-prompts/README.md'));
  t.match(compilePromptManifest(manifest, 'README.md'), { ok: true, warnings: [] });
});
