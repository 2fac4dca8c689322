import { t } from 'tap';
import { heardInTurn } from '../../src/quality/turn-heard.js';
import type { TurnRecord } from '../../src/store/call-record.js';

const turn = (heardMs: number | null, changes: Partial<TurnRecord> = {}): TurnRecord => ({
  node: 'main.menu',
  said: ['请问'],
  outcome: 'noMatch',
  heard: null,
  confidence: null,
  dialect: 'cmn',
  startMs: 0,
  heardMs,
  bargedIn: false,
  ...changes,
});

const written = (lines: readonly object[]) =>
  lines.map((line) => JSON.stringify({ v: 1, ...line })).join('\n');

/** Two turns: the first understood, in the second something that fits nothing. */
const lines = [
  { atMs: 100, sample: 0, type: 'dialog', event: { type: 'start' } },
  { atMs: 900, sample: 6400, type: 'speechStarted' },
  { atMs: 2000, sample: 15_200, type: 'speechEnded' },
  { atMs: 2100, sample: 16_000, type: 'recognized', alternatives: [{ phraseId: 'bill', text: '查询电费' }] },
  { atMs: 2100.4, sample: 16_000, type: 'dialog', event: { type: 'input' } },
  { atMs: 3000, sample: 23_200, type: 'speechStarted' },
  { atMs: 3100, sample: 24_000, type: 'speechEnded' },
  { atMs: 4000, sample: 31_200, type: 'speechStarted' },
  { atMs: 5500, sample: 43_200, type: 'speechEnded' },
  { atMs: 5600, sample: 44_000, type: 'recognized', alternatives: [] },
  { atMs: 5600.2, sample: 44_000, type: 'dialog', event: { type: 'noMatch' } },
];

t.test(
  'a turn is found by its time: its last speech, from before the first voiced frame to the endpoint',
  async (t) => {
    t.strictSame(heardInTurn(written(lines), turn(5500)), {
      words: undefined,
      span: { from: 28_800, to: 43_200 },
    });
  },
);

t.test(
  'what an engine of open speech wrote is what was heard, a phrase of a closed set is not',
  async (t) => {
    const open = lines.map((line) =>
      line.atMs === 5600 ? { ...line, alternatives: [{ text: ' 帮我轧轧苗头 ' }] } : line,
    );
    t.match(heardInTurn(written(open), turn(5500)), { words: '帮我轧轧苗头' });
    t.match(heardInTurn(written(lines), turn(2000)), { words: undefined, span: { from: 4000, to: 15_200 } });
  },
);

t.test('a secret answer is told as one, and nothing of it', async (t) => {
  const secret = lines.map((line) => (line.atMs === 5600 ? { ...line, alternatives: undefined } : line));
  t.equal(heardInTurn(written(secret), turn(5500)), 'sensitive');
});

t.test('where nothing was said, or the journal does not know of it, the turn is silent', async (t) => {
  t.equal(heardInTurn(written(lines), turn(null)), 'silent');
  t.equal(heardInTurn(written(lines), turn(9000)), 'silent');
  t.equal(heardInTurn('', turn(5500)), 'silent');
  const keys = lines.filter(({ type }) => type === 'dialog');
  t.equal(heardInTurn(written(keys), turn(5500)), 'silent');
});

t.test('a line that a crash has cut costs that line', async (t) => {
  t.match(heardInTurn(`${written(lines)}\n{"v":1,"atMs":60`, turn(5500)), { span: { to: 43_200 } });
});
