import t from 'tap';
import { q850Table, statusTable } from '../../src/sip/cause-table.js';
import { failureOf, worthiest } from '../../src/sip/dial-failure.js';
import { q850FromStatus } from '../../src/sip/end-cause.js';
import type { LegFailed } from '../../src/sip/invite-leg.js';

const leg = (status: number | null, reason?: string, rang = true): LegFailed => ({
  dialog: undefined,
  status,
  reason,
  contacts: [],
  rang,
});

t.test('every final status from 300 to 699 has an outcome, a cause and a sentence', async (t) => {
  for (let status = 300; status < 700; status++) {
    const failure = failureOf(leg(status));
    t.match(
      failure,
      { outcome: /^(busy|refused|noAnswer|failed)$/, sipStatus: status, detail: /\w/ },
      String(status),
    );
    t.ok(failure.q850Cause !== null && failure.q850Cause >= 1 && failure.q850Cause <= 127);
  }
});

t.test('the tables are in order, without doubles, and hold what RFC 3398 says', async (t) => {
  for (const table of [statusTable.map(([status]) => status), q850Table.map(([cause]) => cause)]) {
    t.strictSame(
      table,
      [...new Set(table)].sort((a, b) => a - b),
    );
  }
  // RFC 3398 §8.2.6.1, whole.
  const rfc3398 =
    '400 41, 401 21, 402 21, 403 21, 404 1, 405 63, 406 79, 407 21, 408 102, 410 22, 413 127, 414 127, 415 79, 416 127, ' +
    '420 127, 421 127, 423 127, 480 18, 481 41, 482 25, 483 25, 484 28, 485 1, 486 17, 500 41, 501 79, 502 38, 503 41, ' +
    '504 102, 505 127, 513 127, 600 17, 603 21, 604 1';
  for (const pair of rfc3398.split(', ')) {
    const [status = 0, cause] = pair.split(' ').map(Number);
    t.equal(q850FromStatus(status), cause, pair);
  }
});

t.test('busy, refused and no answer are told apart by the status', async (t) => {
  const outcomes = (...statuses: number[]) => [
    ...new Set(statuses.map((status) => failureOf(leg(status)).outcome)),
  ];
  t.strictSame(outcomes(486, 600), ['busy']);
  t.strictSame(outcomes(403, 603, 607, 608), ['refused']);
  t.strictSame(outcomes(480, 408), ['noAnswer']);
  t.strictSame(outcomes(302, 401, 404, 484, 487, 488, 500, 503, 604), ['failed']);
  t.equal(
    failureOf(leg(408, undefined, false)).outcome,
    'failed',
    'nothing rang: the network waited in vain',
  );
  t.equal(failureOf(leg(699)).outcome, 'refused', 'an unknown 6xx is meant for everybody (RFC 3261 §21.6)');
  t.match(failureOf(leg(null)), { outcome: 'failed', sipStatus: null, q850Cause: 41 });
  t.match(
    failureOf({ ...leg(503), undelivered: true }),
    { outcome: 'failed', sipStatus: null, q850Cause: 41, detail: /our SIP server could not send it there/ },
    'our own 503 is no word of the callee',
  );
});

t.test(
  'a Q.850 cause in the Reason header goes before the status, for every cause that says something',
  async (t) => {
    for (const [cause, outcome] of q850Table) {
      const { outcome: told, q850Cause } = failureOf(leg(500, `Q.850;cause=${cause}`));
      t.equal(q850Cause, cause);
      t.equal(told, outcome ?? 'failed', String(cause));
      t.equal(failureOf(leg(486, `Q.850 ;cause=${cause}`)).outcome, outcome ?? 'busy', String(cause));
    }
    t.match(failureOf(leg(486, 'SIP;cause=486')), { outcome: 'busy', q850Cause: 17 });
    t.equal(
      failureOf(leg(486, 'Q.850;cause=34')).detail,
      'the call could not be put through (Q.850 cause 34)',
      'a 486 that means no circuit is told as that',
    );
    t.equal(failureOf(leg(486, 'Q.850;cause=17')).detail, 'the callee is busy');
  },
);

t.test('of several telephones the failure that says most counts', async (t) => {
  const best = (...statuses: (number | null)[]) => worthiest(statuses.map((status) => leg(status))).status;
  t.equal(best(480, 486, 404), 486);
  t.equal(best(486, 603), 603);
  t.equal(best(404, 480), 480);
  t.equal(best(null, 503), 503);
  t.equal(best(null), null);
  t.equal(best(487, 403), 403);
});
