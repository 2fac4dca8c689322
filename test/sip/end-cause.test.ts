import t from 'tap';
import { causeOfBye, q850FromReason, q850FromStatus } from '../../src/sip/end-cause.js';
import { keyOfInfo } from '../../src/sip/dtmf-info.js';

t.test('a BYE from the caller is a remote-bye with its Q.850 cause', async (t) => {
  t.same(causeOfBye('Q.850;cause=16;text="Normal call clearing"', 'normal release'), {
    end: 'remote-bye',
    q850Cause: 16,
  });
  t.same(causeOfBye(undefined, undefined), { end: 'remote-bye', q850Cause: null });
});

t.test('what the SIP server ended alone is named by its text', async (t) => {
  t.equal(causeOfBye('SIP ;cause=200', 'ACK timeout').end, 'timeout');
  t.equal(causeOfBye('SIP ;cause=200', 'Session timer expired').end, 'timeout');
  t.equal(causeOfBye('SIP ;cause=200', 'ACK-BYE due to cancel race condition').end, 'cancelled');
  t.equal(causeOfBye('SIP ;cause=200', 'CANCEL after 200 OK').end, 'cancelled');
});

t.test('a Reason header is searched for its Q.850 part only', async (t) => {
  t.equal(q850FromReason('SIP;cause=487;text="x", Q.850 ;cause=31'), 31);
  t.equal(q850FromReason('SIP;cause=487'), null);
});

t.test('every final status has a cause', async (t) => {
  t.equal(q850FromStatus(486), 17);
  t.equal(q850FromStatus(404), 1);
  t.equal(q850FromStatus(599), 41);
  t.equal(q850FromStatus(499), 31);
});

t.test('a key is read from both INFO bodies in use, and from nothing else', async (t) => {
  t.equal(keyOfInfo('application/dtmf-relay', 'Signal=5\r\nDuration=160\r\n'), '5');
  t.equal(keyOfInfo('Application/DTMF-Relay; charset=x', 'Signal= 11\r\nDuration= 160'), '#');
  t.equal(keyOfInfo('application/dtmf', '*'), '*');
  t.equal(keyOfInfo('application/dtmf', '55'), undefined);
  t.equal(keyOfInfo('text/plain', '5'), undefined);
  t.equal(keyOfInfo(undefined, ''), undefined);
});
