import t from 'tap';
import { ManualClock } from '../../../src/core/clock.js';
import { makeResponse } from '../../../src/embedded/sip/make-message.js';
import { SipMessage } from '../../../src/embedded/sip/message.js';
import { defaultTimers } from '../../../src/embedded/sip/timers.js';
import {
  InviteClientTransaction,
  ringingLimitMs,
} from '../../../src/embedded/sip/transaction-client-invite.js';
import { NonInviteClientTransaction } from '../../../src/embedded/sip/transaction-client-noninvite.js';
import { InviteServerTransaction } from '../../../src/embedded/sip/transaction-server-invite.js';
import { NonInviteServerTransaction } from '../../../src/embedded/sip/transaction-server-noninvite.js';
import type { Source } from '../../../src/embedded/sip/transport.js';
import { somebody } from './raw-peer.js';

function request(method: string): SipMessage {
  return SipMessage.request(method, 'sip:b@192.0.2.1')
    .append('Via', 'SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKx')
    .append('From', '<sip:a@h>;tag=1')
    .append('To', '<sip:b@h>')
    .append('Call-ID', 'c')
    .append('CSeq', `3 ${method}`);
}

/** A machine's surroundings, written down: what was sent and when, in milliseconds. */
function bench(reliable = false) {
  const clock = new ManualClock();
  const log: string[] = [];
  const write = (what: string): void => void log.push(`${clock.nowMs()} ${what}`);
  return {
    clock,
    log,
    take: () => log.splice(0),
    context: {
      clock,
      timers: defaultTimers,
      reliable,
      send: (m: SipMessage) => write(`send ${m.isRequest ? m.method : m.status}`),
      terminated: () => write('end'),
    },
    respond: (m: SipMessage, from: Source | undefined) =>
      write(`${from === undefined ? 'own ' : ''}${m.status}`),
  };
}

t.test('INVITE client: repeated at 0.5, 1.5, 3.5, ... s, given up at 32 s with our own 408', (t) => {
  const b = bench();
  new InviteClientTransaction(request('INVITE'), b.context, b.respond, () => undefined).start();
  b.clock.advance(60_000);
  t.same(b.log, [
    '0 send INVITE',
    '500 send INVITE',
    '1500 send INVITE',
    '3500 send INVITE',
    '7500 send INVITE',
    '15500 send INVITE',
    '31500 send INVITE',
    '32000 end',
    '32000 own 408',
  ]);
  t.equal(b.clock.pendingTimers, 0);
  t.end();
});

t.test('INVITE client: a provisional stops repeating; a failure is acknowledged, each time', (t) => {
  const b = bench();
  const invite = request('INVITE');
  const tx = new InviteClientTransaction(invite, b.context, b.respond, () => undefined);
  tx.start();
  b.clock.advance(100);
  tx.receive(makeResponse(invite, 180), somebody);
  b.clock.advance(50_000);
  tx.receive(makeResponse(invite, 486), somebody);
  t.equal(tx.state, 'completed');
  t.equal(tx.lingering, true);
  b.clock.advance(1000);
  tx.receive(makeResponse(invite, 486), somebody);
  t.same(b.take(), ['0 send INVITE', '100 180', '50100 send ACK', '50100 486', '51100 send ACK']);
  b.clock.advance(31_000);
  t.same(b.log, ['82100 end'], 'timer D: 32 s after the failure');
  t.equal(b.clock.pendingTimers, 0);
  t.end();
});

t.test('INVITE client: each 2xx goes up for 32 s (RFC 6026), nothing is acknowledged here', (t) => {
  const b = bench();
  const invite = request('INVITE');
  const tx = new InviteClientTransaction(invite, b.context, b.respond, () => undefined);
  tx.start();
  tx.receive(makeResponse(invite, 200), somebody);
  tx.receive(makeResponse(invite, 200), somebody);
  tx.receive(makeResponse(invite, 486), somebody);
  b.clock.advance(40_000);
  tx.receive(makeResponse(invite, 200), somebody);
  t.same(b.log, ['0 send INVITE', '0 200', '0 200', '32000 end']);
  t.end();
});

t.test('INVITE client: over TCP nothing is repeated and a failure ends at once', (t) => {
  const b = bench(true);
  const invite = request('INVITE');
  const tx = new InviteClientTransaction(invite, b.context, b.respond, () => undefined);
  tx.start();
  b.clock.advance(20_000);
  tx.receive(makeResponse(invite, 603), somebody);
  t.same(b.log, ['0 send INVITE', '20000 send ACK', '20000 603', '20000 end']);
  t.equal(b.clock.pendingTimers, 0);
  t.end();
});

t.test('INVITE client: CANCEL waits for a provisional, and for the 487 at most 32 s', (t) => {
  const b = bench();
  const invite = request('INVITE');
  const cancel = (): void => void b.log.push(`${b.clock.nowMs()} cancel`);
  const tx = new InviteClientTransaction(invite, b.context, b.respond, cancel);
  tx.start();
  tx.cancel();
  tx.cancel();
  b.clock.advance(200);
  tx.receive(makeResponse(invite, 100), somebody);
  tx.receive(makeResponse(invite, 180), somebody);
  b.clock.advance(40_000);
  t.same(b.log, ['0 send INVITE', '200 cancel', '200 100', '200 180', '32200 end', '32200 own 487']);
  t.end();
});

t.test('INVITE client: endless ringing is cancelled; an unreachable peer is a 503', (t) => {
  const b = bench();
  const invite = request('INVITE');
  const cancel = (): void => void b.log.push(`${b.clock.nowMs()} cancel`);
  const tx = new InviteClientTransaction(invite, b.context, b.respond, cancel);
  tx.start();
  tx.receive(makeResponse(invite, 180), somebody);
  b.clock.advance(100_000);
  tx.receive(makeResponse(invite, 180), somebody);
  b.clock.advance(ringingLimitMs);
  t.same(b.take().slice(3), ['285000 cancel', '285000 end', '285000 own 408']);
  const failed = new InviteClientTransaction(invite, b.context, b.respond, cancel);
  failed.start();
  failed.transportFailed();
  failed.transportFailed();
  t.same(b.log, ['285000 send INVITE', '285000 end', '285000 own 503']);
  t.equal(b.clock.pendingTimers, 0);
  t.end();
});

t.test('non-INVITE client: repeated doubling to 4 s, 408 after 32 s', (t) => {
  const b = bench();
  new NonInviteClientTransaction(request('BYE'), b.context, b.respond).start();
  b.clock.advance(60_000);
  const times = b.take().map((line) => Number(line.split(' ')[0]));
  t.same(times, [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500, 32000, 32000]);
  t.equal(b.clock.pendingTimers, 0);
  t.end();
});

t.test('non-INVITE client: after a provisional every 4 s; the final ends it, K absorbs for 5 s', (t) => {
  const b = bench();
  const bye = request('BYE');
  const tx = new NonInviteClientTransaction(bye, b.context, b.respond);
  tx.start();
  b.clock.advance(600);
  tx.receive(makeResponse(bye, 100), somebody);
  b.clock.advance(6000);
  tx.receive(makeResponse(bye, 200), somebody);
  tx.receive(makeResponse(bye, 200), somebody);
  b.clock.advance(10_000);
  t.same(b.log, [
    '0 send BYE',
    '500 send BYE',
    '600 100',
    '1500 send BYE',
    '5500 send BYE',
    '6600 200',
    '11600 end',
  ]);
  t.end();
});

t.test('INVITE server: 100 at once, the last answer again for each repetition', (t) => {
  const b = bench();
  const invite = request('INVITE');
  const tx = new InviteServerTransaction(invite, b.context);
  tx.start();
  tx.retransmitted();
  tx.respond(makeResponse(invite, 180));
  tx.retransmitted();
  t.same(b.take(), ['0 send 100', '0 send 100', '0 send 180', '0 send 180']);
  t.equal(tx.respond(makeResponse(invite, 486)), true);
  t.equal(tx.respond(makeResponse(invite, 200)), false, 'one final response');
  b.clock.advance(40_000);
  t.same(b.log, [
    '0 send 486',
    '500 send 486',
    '1500 send 486',
    '3500 send 486',
    '7500 send 486',
    '11500 send 486',
    '15500 send 486',
    '19500 send 486',
    '23500 send 486',
    '27500 send 486',
    '31500 send 486',
    '32000 end',
  ]);
  t.equal(b.clock.pendingTimers, 0);
  t.end();
});

t.test(
  'INVITE server: told to wait with its 100, it sends one only who is kept waiting or asks again',
  (t) => {
    const context = (b: ReturnType<typeof bench>) => ({
      ...b.context,
      timers: { ...defaultTimers, tryingMs: 200 },
    });
    const quick = bench();
    const answered = new InviteServerTransaction(request('INVITE'), context(quick));
    answered.start();
    quick.clock.advance(3);
    answered.respond(makeResponse(answered.request, 200, 'OK'));
    quick.clock.advance(1000);
    t.strictSame(quick.take(), ['3 send 200'], 'answered in time: no 100');

    const slow = bench();
    const waiting = new InviteServerTransaction(request('INVITE'), context(slow));
    waiting.start();
    slow.clock.advance(1000);
    t.strictSame(slow.take(), ['200 send 100'], 'once');
    waiting.close();

    const repeated = bench();
    const asked = new InviteServerTransaction(request('INVITE'), context(repeated));
    asked.start();
    repeated.clock.advance(100);
    asked.retransmitted();
    repeated.clock.advance(1000);
    t.strictSame(repeated.take(), ['100 send 100'], 'at the repetition, and not again');
    asked.close();
    repeated.clock.advance(1000);
    t.strictSame(repeated.take(), ['1100 end']);
    t.end();
  },
);

t.test('INVITE server: the ACK stops a failure; I absorbs for 5 s', (t) => {
  const b = bench();
  const invite = request('INVITE');
  const tx = new InviteServerTransaction(invite, b.context);
  tx.start();
  tx.respond(makeResponse(invite, 404));
  b.clock.advance(700);
  t.equal(tx.acknowledged(), true);
  t.equal(tx.acknowledged(), true);
  tx.retransmitted();
  b.clock.advance(10_000);
  t.same(b.log, ['0 send 100', '0 send 404', '500 send 404', '5700 end']);
  t.end();
});

t.test('INVITE server: a 2xx may be sent again by its user for 32 s, the ACK is not ours', (t) => {
  const b = bench();
  const invite = request('INVITE');
  const tx = new InviteServerTransaction(invite, b.context);
  tx.start();
  tx.respond(makeResponse(invite, 200));
  tx.retransmitted();
  t.equal(tx.acknowledged(), false);
  t.equal(tx.respond(makeResponse(invite, 200)), true);
  t.equal(tx.respond(makeResponse(invite, 500)), false);
  b.clock.advance(40_000);
  t.same(b.log, ['0 send 100', '0 send 200', '0 send 200', '32000 end']);
  t.end();
});

t.test('non-INVITE server: one answer, repeated when asked for 32 s; over TCP gone at once', (t) => {
  const b = bench();
  const bye = request('BYE');
  const tx = new NonInviteServerTransaction(bye, b.context);
  tx.start();
  tx.retransmitted();
  tx.respond(makeResponse(bye, 200));
  tx.retransmitted();
  t.equal(tx.respond(makeResponse(bye, 500)), false);
  b.clock.advance(40_000);
  t.same(b.log, ['0 send 200', '0 send 200', '32000 end']);
  const silent = bench();
  new NonInviteServerTransaction(bye, silent.context).start();
  silent.clock.advance(40_000);
  t.same(silent.log, ['32000 end'], 'never answered: forgotten');
  const tcp = bench(true);
  const fast = new NonInviteServerTransaction(bye, tcp.context);
  fast.start();
  fast.respond(makeResponse(bye, 200));
  t.same(tcp.log, ['0 send 200', '0 end']);
  t.equal(tcp.clock.pendingTimers, 0);
  t.end();
});
