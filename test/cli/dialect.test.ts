import { join } from 'node:path';
import { t } from 'tap';
import { addDialectCommand } from '../../src/cli/dialect.js';
import { runCommand } from './run-command.js';

t.afterEach(() => void (process.exitCode = 0));

const run = (...line: string[]) => runCommand(t, addDialectCommand, ['dialect', ...line]);

// Each evaluation reads all words; a busy machine takes its time.
t.setTimeout(180_000);

t.test('list and show tell what there is of each dialect', async (t) => {
  t.match(
    await run('list'),
    /^yue +open +heard by +\d+, spoken by \d +\d+ words +\d+ examples {2}Cantonese, 广东话$/m,
  );
  const all = JSON.parse(await run('list', '--json')) as { id: string; fallback: string[] }[];
  t.match(
    all.find(({ id }) => id === 'hsn'),
    { language: 'hsn', fallback: ['cmn-hunan', 'cmn'], words: Number, examples: Number, slots: true },
  );
  t.match(await run('show', 'cmn-sichuan'), /falls back {2}cmn$/m);
  const wu = await run('show', 'wuu');
  t.match(wu, /autonomy {4}keys: is led by keys or to a person/);
  t.match(wu, /azure +hears it as wuu-CN, not measured, keys; speaks it as wuu-CN, wuu-CN-XiaotongNeural/);
  t.match(wu, /dashscope +hears it, errors 25.5 % at the worst, confirm/);
  t.match(JSON.parse(await run('show', 'en-gb', '--json')), { id: 'en-gb', name: 'English, Britain' });
  await t.rejects(run('show', 'klingon'), { code: 'CLI_NO_SUCH_DIALECT', message: /there are: cmn, cmn-/ });
});

t.test('evaluate --set: figures of a set, and what was understood wrongly', async (t) => {
  const dir = t.testdir({
    'set.jsonl': [
      '{"text":"电费几多钱呀","dialect":"yue","intent":"bill-query","neutral":false}',
      '{"text":"一百二","dialect":"cmn-sichuan","slot":"amount","value":"120"}',
      '{"text":"我家停电了","dialect":"cmn","intent":"none","neutral":true}',
    ].join('\n'),
  });
  const file = join(dir, 'set.jsonl');
  const figures = JSON.parse(await run('evaluate', '--json', '--set', file));
  t.match(figures, {
    set: file,
    lines: 3,
    intentAccuracy: 0.5,
    slotAccuracy: 1,
    switchedOnNeutral: 0,
    perDialect: { yue: { lines: 1, intentAccuracy: 1 }, cmn: { intentAccuracy: 0 } },
  });
  t.notOk('errors' in figures);
  const [error] = JSON.parse(await run('evaluate', '--json', '--errors', '--set', file)).errors;
  t.match(error, { line: 3, kind: 'intent', expected: 'none', got: /^report-outage/ });
  t.match(await run('evaluate', '--errors', '--set', file), /set\.jsonl:3: cmn intent: '我家停电了' is none/);
  t.equal(process.exitCode, 0);
});

t.test('evaluate --set: a bad line is named, nothing is evaluated, and it exits 1', async (t) => {
  const dir = t.testdir({ 'bad.jsonl': '{"text":"x","dialect":"yue","intent":"none"}\n{"text":"x"}\n' });
  const told = t.capture(console, 'error');
  t.equal(await run('evaluate', '--json', '--set', join(dir, 'bad.jsonl')), '');
  told.restore();
  t.match(told.args().join('\n'), /bad\.jsonl:2: 'dialect' is missing/);
  t.equal(process.exitCode, 1);
  await t.rejects(run('evaluate', '--set', join(dir, 'none.jsonl')), { code: 'CLI_TEST_SET_UNREADABLE' });
});

t.test('evaluate: the shipped sets, with what each may be believed', async (t) => {
  const figures = JSON.parse(await run('evaluate', '--json'));
  t.match(figures.splits.tuned, { use: /flatters/, lines: Number, perDialect: { yue: {}, wuu: {} } });
  t.equal(figures.utterances >= figures.splits.tuned.lines, true);
  const top = figures.splits[figures.split];
  t.equal(top.intentAccuracy, figures.intentAccuracy, 'the figures on top are those of the named split');
  if ('held-out' in figures.splits)
    t.match(figures, { split: 'held-out', splits: { 'held-out': { use: /never/ } } });
});
