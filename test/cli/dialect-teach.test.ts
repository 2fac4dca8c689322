import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { t } from 'tap';
import type { Test } from 'tap';
import { addDialectCommand } from '../../src/cli/dialect.js';
import type { TurnRecord } from '../../src/store/call-record.js';
import { readShippedSet } from '../../src/dialect-files.js';
import { databaseFile } from '../../src/store/data-folder.js';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { sampleRecord, sampleTurn } from '../store-contract/sample-record.js';
import { runCommand } from './run-command.js';

t.setTimeout(120_000);
t.afterEach(() => (process.exitCode = 0));

const dialplan = `
name: electricity
dialects: [cmn]
defaults: { noInputMs: 4000, retries: 0, wayOut: main.lost }
flows:
  main:
    nodes:
      menu:
        type: menu
        prompt: 请问您要办什么业务？
        choices:
          bill: { key: 1, phrases: [查询电费], goto: lost }
          outage: { key: 2, phrases: [停电报修], goto: lost }
      pin:
        type: digits
        prompt: 请输入密码。
        saveAs: pin
        minDigits: 4
        maxDigits: 4
        sensitive: true
        goto: lost
      lost: { type: hangup, prompt: 再见。 }
`;

const menuTurn = (changes: Partial<TurnRecord>): TurnRecord =>
  sampleTurn({
    node: 'main.menu',
    dialect: 'cmn',
    outcome: 'noMatch',
    heard: null,
    confidence: null,
    ...changes,
  });

/** A data folder with one call of four turns, of which an engine wrote the first and the last. */
async function keptCall(t: Test, last = '要停电报修') {
  const dir = t.testdir({
    'xiangyin.yaml': 'dialplans: { dir: dialplans }\nnumbers: numbers.yaml\n',
    'numbers.yaml': 'numbers:\n  - called: [5]\n    dialplan: electricity\n',
    dialplans: { 'electricity.yaml': dialplan },
    data: {},
  });
  const dataDir = join(dir, 'data');
  const record = sampleRecord({
    id: '20261121-013502-9f3c1a7e',
    dialplan: 'electricity',
    journal: 'calls/one.journal.jsonl',
    recording: null,
    turns: [
      menuTurn({ startMs: 0, heardMs: 2000 }),
      menuTurn({ startMs: 2000, heardMs: 4000, outcome: 'phrase', heard: '查询电费' }),
      menuTurn({ startMs: 4000, heardMs: 6000, node: 'main.pin' }),
      menuTurn({ startMs: 6000, heardMs: 8000 }),
    ],
  });
  const said = (text: string | undefined, atMs: number) => [
    { atMs: atMs - 1500, sample: 100, type: 'speechStarted' },
    { atMs: atMs - 100, sample: 9000, type: 'speechEnded' },
    {
      atMs: atMs - 10,
      sample: 9500,
      type: 'recognized',
      ...(text !== undefined && { alternatives: [{ text }] }),
    },
    { atMs, sample: 9500, type: 'dialog', event: { type: 'noMatch' } },
  ];
  const lines = [
    { atMs: 0, sample: 0, type: 'dialog', event: { type: 'start' } },
    ...said('侬帮我轧轧苗头看', 2000),
    ...said('查询电费', 4000),
    ...said(undefined, 6000),
    ...said(last, 8000),
  ];
  await mkdir(join(dataDir, 'calls'));
  await writeFile(
    join(dataDir, 'calls/one.journal.jsonl'),
    lines.map((line) => JSON.stringify(line)).join('\n'),
  );
  const store = await createSqliteStore({ file: databaseFile(dataDir) });
  await store.save(record);
  await store.close();
  const flags = ['--config', join(dir, 'xiangyin.yaml'), '--data-dir', dataDir];
  return (...line: string[]) => runCommand(t, addDialectCommand, ['dialect', ...line, ...flags]);
}

t.test('without a server it is kept in the data folder, listed, and taken back', async (t) => {
  const run = await keptCall(t);
  t.equal(await run('taught'), 'nothing is taught');
  const taught = await run(
    'teach',
    '20261121-0135',
    '1',
    '--means',
    'bill',
    '--dialect',
    'wuu',
    '--by',
    'ming',
  );
  t.match(
    taught,
    /"侬帮我轧轧苗头看" \(wuu\) means "查询电费"\nchecked: .*\nno server runs .*: it counts from the next start/,
  );
  const list = JSON.parse(await run('taught', '--json')) as { id: string }[];
  t.match(list, [
    { words: '侬帮我轧轧苗头看', dialect: 'wuu', taughtBy: 'ming', turn: 1, matches: 0, soundMs: null },
  ]);
  t.match(
    await run('taught'),
    /taught {3}by ming, .*, from turn 1 of call 20261121-013502-9f3c1a7e\n {2}matched {2}0 times/,
  );
  const { id = '' } = list[0] ?? {};
  t.match(await run('unteach', id), /taken back: .* means "查询电费" no more/);
  t.equal(await run('taught', '--json'), '[]');
});

t.test('what cannot be taught is refused with what can', async (t) => {
  const run = await keptCall(t);
  const refused = (turn: string, means: string, message: RegExp) =>
    t.rejects(run('teach', '20261121-0135', turn, '--means', means), { message });
  await refused('2', 'bill', /turn 2 was understood .*turns of this call to teach: 1, 3, 4/);
  await refused('3', 'bill', /turn 3 answered a question that is kept secret/);
  await refused('9', 'bill', /no turn 9: it has 1 to 4/);
  await refused(
    '1',
    'pizza',
    /'pizza' means nothing at main.menu. Choices there: bill, outage. Intents: bill-query/,
  );
  await refused('4', 'bill', /refused: the phrase "停电报修" of another choice is in it/);
  await t.rejects(run('teach', 'no-such', '1', '--means', 'bill'), { code: 'QUALITY_NO_SUCH_CALL' });
  await t.rejects(run('teach', '20261121-0135', '1', '--means', 'bill', '--dialect', 'xx'), {
    code: 'QUALITY_DIALECT_UNKNOWN',
  });
  await t.rejects(run('unteach', 'taught-0'), { code: 'QUALITY_NOT_TAUGHT' });
  t.equal(await run('taught'), 'nothing is taught');
});

t.test('a sentence of another intent is refused, and shown', async (t) => {
  const set = await readShippedSet('tuned', new Set(['pay-bill']));
  const other = set?.lines.find(({ intent, dialect }) => intent === 'pay-bill' && dialect === 'cmn');
  const run = await keptCall(t, other?.text);
  await t.rejects(run('teach', '20261121-0135', '4', '--means', 'complaint'), {
    code: 'QUALITY_REFUSED',
    message: /refused: .*sentences? that means? pay-bill would now be taken as complaint: "/,
  });
});
