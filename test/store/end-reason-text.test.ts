import { t } from 'tap';
import type { CallRecord, EndReason } from '../../src/store/call-record.js';
import { describeEnd, durationText, explainEnd, transferText } from '../../src/store/end-reason-text.js';
import { sampleRecord, sampleTransfer, sampleTurn } from '../store-contract/sample-record.js';

/** A call of 10.5 s that never got as far as a node. */
const bare = (changes: Partial<CallRecord>): CallRecord =>
  sampleRecord({ path: [], turns: [], answeredAtMs: sampleRecord().receivedAtMs, ...changes });

t.test('every way to end has words of its own, inbound and outbound', async (t) => {
  const reasons: EndReason[] = [
    'cancelled',
    'rejected',
    'replaced',
    'local-bye',
    'remote-bye',
    'error',
    'timeout',
  ];
  for (const direction of ['inbound', 'outbound'] as const) {
    const texts = reasons.map((endReason) => describeEnd(bare({ direction, endReason })));
    t.equal(new Set(texts).size, reasons.length);
    for (const [i, text] of texts.entries()) {
      t.notMatch(text, new RegExp(`${reasons[i]}|undefined|null`), text);
      t.match(explainEnd(bare({ direction, endReason: reasons[i] ?? 'error' })), /^The call (from|to) .*\.$/);
    }
  }
});

t.test('every transfer of a call is told with whom, how, and how it ended', async (t) => {
  const transfers = [
    sampleTransfer({ by: 'refer', outcome: 'refused', sipStatus: 603, answeredMs: null }),
    sampleTransfer({ outcome: 'noAnswer', sipStatus: null, answeredMs: null, detail: 'after 20 s.' }),
    sampleTransfer({ node: null }),
  ];
  t.equal(
    explainEnd(bare({ transfers })),
    'The call from +442079460123 to 1000 was ended by the caller, who hung up after 10.5 s. ' +
      'It was transferred to +442079460999 by handing the telephone on (REFER): it was refused (603 Decline). ' +
      'It was transferred to +442079460999 by bridging: nobody answered: after 20 s. ' +
      'An operator transferred it to +442079460999 by bridging: it was answered, and they were connected for 2.4 s.',
  );
});

t.test('what a transfer ended with is not told twice', async (t) => {
  const told = (changes: object) => transferText(sampleTransfer({ answeredMs: null, ...changes }));
  const detail = 'nobody answered within 30 s';
  t.equal(told({ outcome: 'noAnswer', sipStatus: 487, detail }), detail, 'the 487 answers our own CANCEL');
  t.equal(
    told({ outcome: 'noAnswer', sipStatus: 480, detail: 'the callee did not answer' }),
    'nobody answered (480 Temporarily Unavailable): the callee did not answer',
  );
  t.equal(told({ outcome: 'cancelled', sipStatus: null }), 'the call ended first');
});

t.test('who ended the talk of two people is told where it is known', async (t) => {
  const transfer = sampleTransfer();
  const path = ['main.welcome', transfer.node ?? ''];
  const told = (changes: Partial<CallRecord>) =>
    explainEnd(bare({ path, transfers: [transfer], ...changes }));
  const theirs = /connected for 2\.4 s, until the other side hung up\./;
  t.match(told({ endReason: 'local-bye' }), theirs, 'the dialplan went on to its end');
  t.match(told({ path: [...path, 'main.after'] }), theirs, 'the caller hung up later');
  t.match(told({ transfers: [transfer, sampleTransfer({ outcome: 'busy' })] }), theirs);
  const open = /connected for 2\.4 s\./;
  t.match(told({}), open, 'the caller hung up');
  t.match(told({ endReason: 'local-bye', detail: 'an operator hung up' }), open);
  t.match(told({ endReason: 'timeout' }), open);
});

t.test('why a call ended is told in whole sentences', async (t) => {
  const from = 'The call from +442079460123 to 1000';
  const cases: [Partial<CallRecord>, string][] = [
    [{}, `${from} was ended by the caller, who hung up after 10.5 s.`],
    [{ endReason: 'local-bye' }, `${from} was ended by the bot after 10.5 s: the dialplan was at its end.`],
    [
      { endReason: 'local-bye', detail: 'an operator ended it.' },
      `${from} was ended from our side after 10.5 s: an operator ended it.`,
    ],
    [
      { endReason: 'rejected', sipStatus: 404, answeredAtMs: null, detail: 'no rule fits', q850Cause: 1 },
      `${from} was refused with 404 Not Found: no rule fits.`,
    ],
    [{ endReason: 'rejected', sipStatus: 799, answeredAtMs: null }, `${from} was refused with 799.`],
    [
      { endReason: 'cancelled', answeredAtMs: null },
      `${from} ended before it was answered: the caller gave up after 10.5 s.`,
    ],
    [
      { endReason: 'timeout', detail: 'the longest call duration was reached' },
      `${from} was ended after 10.5 s, because its time ran out: the longest call duration was reached.`,
    ],
    [{ endReason: 'error' }, `${from} failed after 10.5 s; the log of that time has the code.`],
    [
      { callingNumber: '', endReason: 'replaced' },
      'The call from an unknown number to 1000 was ended after 10.5 s, because another call took its place.',
    ],
    [
      { direction: 'outbound', endReason: 'rejected', sipStatus: 486, answeredAtMs: null },
      'The call to 1000 was refused by the other side with 486 Busy Here.',
    ],
    [
      { direction: 'outbound', endReason: 'timeout', answeredAtMs: null },
      'The call to 1000 was given up after 10.5 s, because an answer did not come in time.',
    ],
    [
      { endReason: 'error', detail: 'x', q850Cause: 38 },
      `${from} failed after 10.5 s: x. The cause given was: the network is out of order (Q.850 cause 38).`,
    ],
    [
      { q850Cause: 126 },
      `${from} was ended by the caller, who hung up after 10.5 s. The cause given was: Q.850 cause 126.`,
    ],
  ];
  for (const [changes, text] of cases) t.equal(explainEnd(bare(changes)), text);
});

t.test('where it was is told, and that the caller was not understood', async (t) => {
  t.match(explainEnd(sampleRecord()), / It was in node 'confirm' of dialplan 'clinic' then\.$/);
  t.match(explainEnd(sampleRecord({ turns: [sampleTurn({ outcome: 'noMatch' })] })), /was not understood\.$/);
  t.match(explainEnd(sampleRecord({ turns: [sampleTurn({ outcome: 'noInput' })] })), /was not answered\.$/);
});

t.test('durations are told as people do', async (t) => {
  t.strictSame([0, -5, 7.4, 999.4, 1000, 59_999, 60_000, 200_000, 3_600_000, 7_380_000].map(durationText), [
    '0 ms',
    '0 ms',
    '7 ms',
    '999 ms',
    '1.0 s',
    '59.9 s',
    '1 min 0 s',
    '3 min 20 s',
    '1 h 0 min',
    '2 h 3 min',
  ]);
});
