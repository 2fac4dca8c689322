import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { t } from 'tap';
import { compileDialplan } from '../../src/dialog/compile-dialplan.js';
import { projectFile } from './project-file.js';

const folder = 'test/fixtures/dialplans';
const files = readdirSync(fileURLToPath(new URL(`../../../${folder}`, import.meta.url))).filter((name) =>
  name.endsWith('.yaml'),
);

/** What a fixture's comments promise: by line, severity and a part of the message. */
function promised(text: string): { line: number; severity: string; part: string }[] {
  return text.split('\n').flatMap((source, index) => {
    const comment = / # ((?:error|warning): .*)$/.exec(source)?.[1];
    return (comment?.split(' && ') ?? []).map((each) => {
      const [, severity = '', part = ''] = /^(error|warning): (.*)$/.exec(each) ?? [];
      return { line: index + 1, severity, part: part.trim() };
    });
  });
}

t.ok(files.length >= 8, 'the fixtures were found');

for (const file of files) {
  t.test(`${file}: every fault is told in its line with what to write instead`, async (t) => {
    const text = projectFile(`${folder}/${file}`);
    const result = compileDialplan(text, file);
    t.notOk(result.ok);
    const problems = result.ok ? [] : [...result.problems];
    for (const { line, severity, part } of promised(text)) {
      const index = problems.findIndex(
        (p) => p.line === line && p.severity === severity && p.message.includes(part),
      );
      t.ok(index >= 0, `line ${String(line)}: ${part}`);
      if (index >= 0) problems.splice(index, 1);
    }
    const rest = problems.map((p) => `${String(p.line)}:${String(p.column)} ${p.severity}: ${p.message}`);
    t.strictSame(rest, [], 'and nothing else is found');
    t.ok(!result.ok && result.problems.every((p) => p.file === file && p.column >= 1));
  });
}
