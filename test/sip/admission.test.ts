import t from 'tap';
import {
  Admission,
  bodyStep,
  capacityStep,
  contactStep,
  drainingStep,
  scannerStep,
  type InviteFacts,
} from '../../src/sip/admission.js';

const good: InviteFacts = {
  sourceAddress: '127.0.0.1',
  userAgent: 'Linphone/5',
  hasContact: true,
  hasForeignBody: false,
  identity: { kind: 'stranger' },
  calledNumber: '1001',
  callingNumber: '',
};

t.test('an INVITE in order passes every step', async (t) => {
  const admission = new Admission([
    drainingStep(() => false),
    contactStep,
    scannerStep,
    capacityStep(() => 1, 2),
  ]);
  t.equal(admission.examine(good), undefined);
});

t.test('the first step that refuses decides, and is named', async (t) => {
  const admission = new Admission([scannerStep, capacityStep(() => 2, 2)]);
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
