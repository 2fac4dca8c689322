import t from 'tap';
import { ManualClock } from '../../src/core/clock.js';
import {
  Admission,
  bodyStep,
  capacityStep,
  contactStep,
  drainingStep,
  rateStep,
  scannerStep,
  type InviteFacts,
} from '../../src/sip/admission.js';
import { InviteRate } from '../../src/sip/invite-rate.js';

const good: InviteFacts = {
  sourceAddress: '127.0.0.1',
  userAgent: 'Linphone/5',
  hasContact: true,
  hasForeignBody: false,
  identity: { kind: 'stranger' },
  calledNumber: '1001',
  callingNumber: '',
  isAnonymous: false,
};
const nobody = () => false;

t.test('an INVITE in order passes every step', async (t) => {
  const admission = new Admission([
    drainingStep(() => false),
    contactStep,
    scannerStep,
    capacityStep(() => 1, { limit: 2, reserved: 0 }, nobody),
  ]);
  t.equal(admission.examine(good), undefined);
});

t.test('the first step that refuses decides, and is named', async (t) => {
  const admission = new Admission([scannerStep, capacityStep(() => 2, { limit: 2, reserved: 0 }, nobody)]);
  t.match(admission.examine({ ...good, userAgent: 'friendly-scanner' }), { step: 'scanner', status: 403 });
  t.match(admission.examine(good), { step: 'capacity', status: 503, headers: { 'Retry-After': '5' } });
});

t.test('an INVITE without Contact is a bad request', async (t) => {
  t.match(new Admission([contactStep]).examine({ ...good, hasContact: false }), { status: 400 });
});

t.test('an INVITE whose body is no SDP is told what we read', async (t) => {
  const refusal = new Admission([bodyStep]).examine({ ...good, hasForeignBody: true });
  t.match(refusal, { step: 'body', status: 415, headers: { Accept: 'application/sdp' } });
});

t.test('a draining server sends callers elsewhere', async (t) => {
  t.match(new Admission([drainingStep(() => true)]).examine(good), { step: 'draining', status: 503 });
});

t.test('the last places are kept for favoured callers, and no more than all are given', async (t) => {
  let live = 0;
  const favoured: InviteFacts = { ...good, callingNumber: '7' };
  const places = { limit: 3, reserved: 2 };
  const admission = new Admission([
    capacityStep(
      () => live,
      places,
      (invite) => invite === favoured,
    ),
  ]);
  t.equal(admission.examine(good), undefined);
  live = 1;
  t.match(admission.examine(good), {
    status: 503,
    reason: /last 2 places are kept/,
    headers: { 'Retry-After': '5' },
  });
  t.equal(admission.examine(favoured), undefined);
  live = 3;
  t.match(admission.examine(favoured), { status: 503, reason: /all 3 places/ });
});

t.test('INVITEs faster than allowed are refused with Retry-After; favoured ones never', async (t) => {
  const clock = new ManualClock();
  const rate = new InviteRate({ clock, perSecond: 8, perSecondPerAddress: 5 });
  const favoured: InviteFacts = { ...good, callingNumber: '7' };
  const trunk: InviteFacts = { ...good, identity: { kind: 'trunk', trunk: 'carrier' } };
  const admission = new Admission([rateStep(rate, (invite) => invite === favoured)]);
  const passed = (invite: InviteFacts, count: number) =>
    Array.from({ length: count }, () => admission.examine(invite)).filter((r) => r === undefined).length;
  t.equal(passed(good, 10), 5, 'a second of them at once');
  t.match(admission.examine(good), {
    step: 'rate',
    status: 503,
    reason: /one address/,
    headers: { 'Retry-After': '1' },
  });
  t.equal(passed(favoured, 100), 100);
  t.equal(passed(trunk, 10), 3, 'the limit of one address is for strangers; that of all is for everybody');
  t.match(admission.examine({ ...good, sourceAddress: '192.0.2.1' }), { reason: /in all/ });
  clock.advance(1000);
  t.equal(passed(good, 10), 5);
});

t.test('80 calls per second from one address pass with the defaults', async (t) => {
  const clock = new ManualClock();
  const rate = new InviteRate({ clock, perSecond: 300, perSecondPerAddress: 100 });
  let refused = 0;
  for (let call = 0; call < 2400; call++) {
    clock.advance(12.5);
    if (rate.exceeded('127.0.0.1') !== undefined) refused++;
  }
  t.equal(refused, 0);
});

t.test('the memory of addresses is bounded; a customer of IPv6 is one address', async (t) => {
  const clock = new ManualClock();
  const rate = new InviteRate({ clock, perSecond: 0, perSecondPerAddress: 1, maxAddresses: 100 });
  for (let i = 0; i < 1000; i++) rate.exceeded(`10.0.${i >> 8}.${i & 255}`);
  t.equal(rate.size, 100);
  const seen = [
    '2001:db8:1:2::1',
    '2001:DB8:1:2:ffff::9',
    '2001:db8:1:2:0:0:0:7',
    '2001:db8:1:3::1',
    '2001:db8::1',
  ];
  t.strictSame(
    seen.map((address) => rate.exceeded(address)),
    [undefined, 'address', 'address', undefined, undefined],
  );
  t.strictSame(
    ['::ffff:192.0.2.1', '192.0.2.1'].map((address) => rate.exceeded(address)),
    [undefined, 'address'],
  );
});
