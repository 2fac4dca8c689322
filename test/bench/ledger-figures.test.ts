import { t } from 'tap';
import type { CallRecord } from '../../src/store/call-record.js';
import { sampleLedger, sampleRecord, sampleTurn } from '../store-contract/sample-record.js';
import { compare, ledgerFigures, type HeardTurn, type LedgerCall } from './ledger-figures.js';

const heard = (changes: Partial<HeardTurn> = {}): HeardTurn => ({
  by: 'keys',
  beganMs: 3000,
  endedMs: 3000,
  answerMs: 3240,
  silentMs: undefined,
  lateMs: 0.5,
  ...changes,
});
const call = (...turns: HeardTurn[]): LedgerCall => ({ sipCallId: 'a@x', turns });
const record = (...turns: CallRecord['turns']): CallRecord => sampleRecord({ sipCallId: 'a@x', turns });

t.test('a turn is found by its time and kind, and once', async (t) => {
  const ledger = sampleLedger();
  const kept = record(
    sampleTurn({ heardMs: 1000, ledger }),
    sampleTurn({ heardMs: 3002, ledger: sampleLedger({ from: 'speech' }) }),
    sampleTurn({ heardMs: 3003, ledger }),
  );
  const { compared, unmatched } = compare(call(heard(), heard()), kept);
  t.equal(compared.length, 1);
  t.equal(unmatched, 1);
  t.equal(compared[0]?.ledger, ledger);
  // 244 of parts against 240.
  t.ok(Math.abs((compared[0]?.diffMs ?? 0) - 4) < 1e-6);
  t.same(compare(call(heard()), undefined), { compared: [], unmatched: 1, late: 0 });
});

t.test('within 20 ms is a share that is cut off, never rounded up', async (t) => {
  const turns = Array.from({ length: 1000 }, (_, i) =>
    heard({ endedMs: 10_000 * i, beganMs: 10_000 * i, answerMs: 10_000 * i + (i < 11 ? 300 : 244) }),
  );
  const kept = record(
    ...turns.map(({ endedMs }) => sampleTurn({ heardMs: endedMs + 2, ledger: sampleLedger() })),
  );
  const figures = ledgerFigures([call(...turns)], new Map([['a@x', kept]]));
  t.equal(figures.within20ms, 0.989);
  t.equal(figures.turns, 1000);
  t.equal(figures.worstMs, -56);
  t.equal(figures.medianDiffMs, 0);
});

t.test('turns in which the caller itself was late are left out and counted', async (t) => {
  const kept = record(sampleTurn({ heardMs: 3002, ledger: sampleLedger() }));
  const figures = ledgerFigures([call(heard({ lateMs: 7 }))], new Map([['a@x', kept]]));
  t.match(figures, { turns: 0, callerLate: 1, unmatched: 0, within20ms: 0 });
});

t.test('an interruption is compared from its begin to the silence', async (t) => {
  const ledger = sampleLedger({ bargeIn: { wholeMs: 131.5, detectionMs: 110, stopMs: 21.5 } });
  const kept = record(sampleTurn({ heardMs: 3002, ledger }));
  const figures = ledgerFigures([call(heard({ silentMs: 3100 }))], new Map([['a@x', kept]]));
  t.match(figures, { bargeIns: 1, bargeInWithin20ms: 0, bargeInWorstMs: 31.5 });
});
