import t from 'tap';
import { ManualClock } from '../../src/core/clock.js';
import { Referral } from '../../src/sip/referral.js';

function sent() {
  const clock = new ManualClock();
  return { clock, referral: new Referral(clock, { responseMs: 8000, notifyMs: 40_000 }) };
}

t.test('a REFER that is not taken ends with the status, one that is not answered with 408', async (t) => {
  for (const status of [403, 405, 481, 501, 603]) {
    const { clock, referral } = sent();
    referral.answered(status);
    t.same(await referral.ended, { kind: 'refused', sipStatus: status });
    t.equal(clock.pendingTimers, 0);
  }
  const { clock, referral } = sent();
  clock.advance(8000);
  t.same(await referral.ended, { kind: 'refused', sipStatus: 408 });
});

t.test('the final status of the sipfrag is the end, provisional ones are not', async (t) => {
  for (const status of [200, 486, 603]) {
    const { clock, referral } = sent();
    referral.answered(100);
    referral.answered(202);
    referral.notified('SIP/2.0 100 Trying\r\n', 'active;expires=60');
    clock.advance(20_000);
    referral.notified('SIP/2.0 180 Ringing', 'active');
    referral.notified(`SIP/2.0 ${status} Whatever`, 'terminated;reason=noresource');
    referral.notified('SIP/2.0 200 OK', 'terminated');
    t.same(await referral.ended, { kind: 'told', sipStatus: status });
    t.equal(clock.pendingTimers, 0);
  }
});

t.test('a NOTIFY that overtakes the 202 counts as taken', async (t) => {
  const { clock, referral } = sent();
  referral.notified('SIP/2.0 100 Trying', 'active');
  clock.advance(8000);
  referral.answered(202);
  referral.notified('SIP/2.0 200 OK', 'terminated');
  t.same(await referral.ended, { kind: 'told', sipStatus: 200 });
});

t.test('a subscription that ends or falls silent without a final status is untold', async (t) => {
  const ended = sent();
  ended.referral.answered(202);
  ended.referral.notified('SIP/2.0 100 Trying', 'terminated;reason=noresource');
  t.same(await ended.referral.ended, { kind: 'untold' });
  const silent = sent();
  silent.referral.answered(202);
  silent.clock.advance(40_000);
  t.same(await silent.referral.ended, { kind: 'untold' });
  t.equal(silent.clock.pendingTimers, 0);
});

t.test('a peer that hangs up says whether it had taken the REFER', async (t) => {
  for (const accepted of [true, false]) {
    const { clock, referral } = sent();
    if (accepted) referral.answered(202);
    referral.gone();
    referral.answered(202);
    t.same(await referral.ended, { kind: 'gone', accepted });
    t.equal(clock.pendingTimers, 0);
  }
});
