import { join } from 'node:path';
import { t, type Test } from 'tap';
import { systemClock } from '../../src/core/clock.js';
import { compileDialplan } from '../../src/dialog/compile-dialplan.js';
import { Teaching } from '../../src/quality/teaching.js';
import type { WordsReport } from '../../src/quality/words-check.js';
import type { TurnRecord } from '../../src/store/call-record.js';
import type { TaughtEntry } from '../../src/store/taught.js';
import { sampleRecord, sampleTurn } from '../store-contract/sample-record.js';

const compiled = compileDialplan(
  `
name: electricity
dialects: [cmn]
intents: hotline
defaults: { noInputMs: 4000, retries: 0, wayOut: main.lost }
flows:
  main:
    nodes:
      menu:
        type: menu
        prompt: 请问您要办什么业务？
        noInput: { reprompts: [没有听到。] }
        noMatch: { reprompts: [没听明白。] }
        choices:
          bill: { key: 1, phrases: [查询电费], intent: bill-query, goto: lost }
          outage: { key: 2, phrases: [停电报修], intent: report-outage, goto: lost }
      lost: { type: hangup, prompt: 再见。 }
`,
  'electricity.yaml',
);
if (!compiled.ok) throw new Error('the dialplan of this test does not compile');
const { dialplan } = compiled;

/** The regression set finds nothing against it, and surely took the sentence for something else before. */
const taken: WordsReport = {
  sentences: 3,
  rightBefore: 3,
  rightAfter: 3,
  stolen: [],
  found: true,
  known: false,
  otherwise: 'report-outage',
};

/** A call of one turn, of which an engine of open speech wrote `words`; what teaching it rejects with, or keeps. */
async function taught(
  t: Test,
  words: string,
  means: string,
  changes: Partial<TurnRecord> = {},
  report: WordsReport = taken,
) {
  const lines = [
    { atMs: 0, sample: 0, type: 'dialog', event: { type: 'start' } },
    { atMs: 500, sample: 100, type: 'speechStarted' },
    { atMs: 1900, sample: 9000, type: 'speechEnded' },
    { atMs: 1990, sample: 9500, type: 'recognized', alternatives: [{ text: words }] },
    { atMs: 2000, sample: 9500, type: 'dialog', event: { type: 'input' } },
  ];
  const dataDir = t.testdir({ 'one.jsonl': lines.map((line) => JSON.stringify(line)).join('\n') });
  const turn = sampleTurn({
    node: 'main.menu',
    dialect: 'cmn',
    outcome: 'phrase',
    heard: words,
    heardMs: 2000,
    ...changes,
  });
  const record = sampleRecord({ dialplan: 'electricity', journal: join('.', 'one.jsonl'), turns: [turn] });
  const kept: TaughtEntry[] = [];
  const teaching = new Teaching({
    calls: { find: () => Promise.resolve(record) },
    taught: {
      teach: (entry) => Promise.resolve(void kept.push(entry)),
      list: () => Promise.resolve(kept),
      unteach: () => Promise.resolve(false),
      matched: () => Promise.resolve(),
      forgetSounds: () => Promise.resolve(0),
    },
    dataDir,
    dialplans: () => [dialplan],
    intents: () => Promise.resolve(new Set(['bill-query', 'report-outage'])),
    callerKey: () => Promise.resolve(undefined),
    checkSentence: () => Promise.resolve(report),
    checkSound: () => Promise.reject(new Error('nothing is cut where words were written')),
    changed: () => Promise.resolve(),
    newId: () => 'taught-1',
    clock: systemClock,
  });
  const code = await teaching.teach({ call: record.id, turn: 1, means, by: 'ming' }).then(
    () => undefined,
    (error: unknown) => (error as { code?: string }).code,
  );
  return { code, kept };
}

t.test('what was taken for something else is taught, however sure the examples were of that', async (t) => {
  const { code, kept } = await taught(t, '侬帮我轧轧苗头看', 'bill');
  t.equal(code, undefined);
  t.match(kept, [{ words: '侬帮我轧轧苗头看', intent: 'bill-query', phrases: [{ text: '查询电费' }] }]);
});

t.test('what nobody understood is not, if the examples are sure of something else now', async (t) => {
  const { code, kept } = await taught(t, '侬帮我轧轧苗头看', 'bill', { outcome: 'noMatch', heard: null });
  t.equal(code, 'QUALITY_REFUSED');
  t.strictSame(kept, []);
});

t.test(
  'what is misunderstood is checked against the regression set and the phrases as others are',
  async (t) => {
    const stolen = [{ text: '停电了', intent: 'report-outage' }];
    t.match(await taught(t, '侬帮我轧轧苗头看', 'bill', {}, { ...taken, stolen }), {
      code: 'QUALITY_REFUSED',
      kept: [],
    });
    t.match(await taught(t, '我要停电报修', 'bill'), { code: 'QUALITY_REFUSED', kept: [] });
    t.match(await taught(t, '侬帮我轧轧苗头看', 'bill', {}, { ...taken, found: false }), {
      code: 'QUALITY_REFUSED',
      kept: [],
    });
  },
);

t.test('what was understood as what it means is not taught, by its phrase or by the examples', async (t) => {
  t.match(await taught(t, '我要查询电费', 'bill'), { code: 'QUALITY_TURN_UNDERSTOOD', kept: [] });
  const { otherwise: _, ...known } = { ...taken, known: true };
  t.match(await taught(t, '电费几多钱', 'bill', {}, known), { code: 'QUALITY_TURN_UNDERSTOOD', kept: [] });
});

t.test('a turn that was answered by keys, or not at all, teaches nothing', async (t) => {
  t.match(await taught(t, '', 'bill', { outcome: 'keys', heard: '2' }), { code: 'QUALITY_TURN_KEYED' });
  t.match(await taught(t, '', 'bill', { outcome: 'noInput', heard: null }), { code: 'QUALITY_TURN_SILENT' });
});
