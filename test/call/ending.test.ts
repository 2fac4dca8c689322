import t from 'tap';
import { endingOfDial } from '../../src/call/ending.js';
import { q850Table, statusTable } from '../../src/sip/cause-table.js';
import { failureOf } from '../../src/sip/dial-failure.js';
import { q850Text } from '../../src/store/cause-names.js';
import { explainEnd } from '../../src/store/end-reason-text.js';
import { sampleRecord } from '../store-contract/sample-record.js';

/** What the record of a call to somebody says who answered so, and its paragraph. */
function ended(status: number | null, reason?: string) {
  const { reason: endReason, ...ending } = endingOfDial(failureOf({ status, reason, rang: true }));
  const record = sampleRecord({
    direction: 'outbound',
    answeredAtMs: null,
    path: [],
    turns: [],
    endReason,
    ...ending,
  });
  return { record, text: explainEnd(record) };
}

t.test('every final status of a call out becomes an end reason, and a paragraph in words', async (t) => {
  for (const [status, q850Cause, outcome] of statusTable) {
    const { record, text } = ended(status);
    const endReason = outcome === 'noAnswer' ? 'timeout' : 'rejected';
    t.match(record, { endReason, sipStatus: status, q850Cause, detail: /\w/ }, String(status));
    if (endReason === 'rejected') t.match(text, new RegExp(`refused by the other side with ${status} [A-Z]`));
    else t.match(text, /given up .* because an answer did not come in time: the callee did not answer\./);
    t.notMatch(text, /undefined|null|NaN/);
  }
});

t.test('every Q.850 cause has words, and decides where it says something', async (t) => {
  for (const [cause, outcome] of q850Table) {
    t.match(q850Text(cause), new RegExp(`^[a-z].* \\(Q\\.850 cause ${cause}\\)$`));
    const { record } = ended(503, `Q.850;cause=${cause};text="x"`);
    t.match(record, {
      endReason: outcome === 'noAnswer' ? 'timeout' : 'rejected',
      sipStatus: 503,
      q850Cause: cause,
    });
  }
});

t.test('without a status nobody refused: it failed on the way', async (t) => {
  const { record, text } = ended(null);
  t.match(record, { endReason: 'error', sipStatus: null, q850Cause: 41 });
  t.match(text, /failed after .*: the other side fell silent\. The cause given was: a temporary failure/);
});
