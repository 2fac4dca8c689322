import t, { type Test } from 'tap';
import { ManualClock } from '../../../src/core/clock.js';
import { CallTrace, withoutSecrets } from '../../../src/embedded/sip/call-trace.js';
import { makeResponse } from '../../../src/embedded/sip/make-message.js';
import { SipMessage } from '../../../src/embedded/sip/message.js';
import type { TransactionUser } from '../../../src/embedded/sip/transaction-layer.js';
import { layerWithPeer, somebody } from './raw-peer.js';

function request(method: string, callId: string, body = ''): SipMessage {
  const message = SipMessage.request(method, 'sip:b@192.0.2.2')
    .append('Via', `SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bK${callId}${method}`)
    .append('From', '<sip:a@h>;tag=1')
    .append('To', '<sip:b@h>')
    .append('Call-ID', callId)
    .append('CSeq', `1 ${method}`);
  message.body = body;
  return message;
}

/** A layer that answers every request with 486, and a socket that talks to it. */
function open(t: Test) {
  const user: TransactionUser = {
    request: (transaction) =>
      void transaction.respond(makeResponse(transaction.request, 486, undefined, 'tag')),
    cancel: () => undefined,
    ack: () => undefined,
  };
  return layerWithPeer(t, user, { timers: { t1Ms: 20, t2Ms: 40, t4Ms: 50 } });
}

t.test('messages, repetitions both ways, malformed ones and final statuses are counted', async (t) => {
  const { observation, send, until } = await open(t);
  const invite = request('INVITE', 'counted').toBuffer();
  send('no SIP at all');
  send(invite);
  await until(3, 'SIP/2.0 486');
  send(invite);
  await until(4, 'SIP/2.0 486');
  send(request('WEIRD', 'other').toBuffer());
  await until(5, 'SIP/2.0 486');
  const text = observation.metrics({ dialogs: 7 });
  const figure = (line: string): number =>
    Number(new RegExp(`^xiangyin_sip_${line.replace(/[{}]/g, '\\$&')} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  t.equal(figure('requests_total{direction="in",method="INVITE",transport="udp"}'), 2);
  t.equal(
    figure('requests_total{direction="in",method="other",transport="udp"}'),
    1,
    "no label is a peer's word",
  );
  t.equal(figure('responses_total{direction="out",method="INVITE",status="100",transport="udp"}'), 1);
  const answers = figure('responses_total{direction="out",method="INVITE",status="486",transport="udp"}');
  t.ok(answers >= 4, `${answers} times 486`);
  t.equal(
    figure('retransmissions_total{direction="out",kind="response",method="INVITE"}'),
    answers - 1,
    'timer G',
  );
  t.equal(figure('retransmissions_total{direction="in",kind="request",method="INVITE"}'), 1);
  t.equal(figure('malformed_total{code="SIP_MALFORMED_START_LINE",transport="udp"}'), 1);
  t.equal(figure('transactions_total{role="server",method="INVITE",status="486"}'), 1);
  t.equal(figure('dialogs'), 7);
  t.equal(text.split('\n').filter((line) => line.startsWith('# TYPE')).length, 7);
});

t.test('what we send again and give up is counted: timers E and F', async (t) => {
  const { observation, layer, socketPort, until } = await open(t);
  const over = new Promise<number>((resolve) =>
    layer.request(
      SipMessage.request('OPTIONS', 'sip:x@127.0.0.1')
        .append('From', '<sip:a@h>;tag=1')
        .append('To', '<sip:b@h>')
        .append('Call-ID', 'ours')
        .append('CSeq', '1 OPTIONS'),
      { protocol: 'udp', host: '127.0.0.1', port: socketPort },
      (response) => resolve(response.status),
    ),
  );
  await until(3, 'OPTIONS');
  t.equal(await over, 408);
  const text = observation.metrics({});
  t.match(text, /transactions_total\{role="client",method="OPTIONS",status="408"\} 1/);
  const sent = Number(
    /requests_total\{direction="out",method="OPTIONS",transport="udp"\} (\d+)/.exec(text)?.[1],
  );
  const again = /retransmissions_total\{direction="out",kind="request",method="OPTIONS"\} (\d+)/.exec(
    text,
  )?.[1];
  t.ok(sent > 3);
  t.equal(Number(again), sent - 1);
});

t.test('a call is found by its Call-ID or a beginning, as it went over the wire', async (t) => {
  const clock = new ManualClock();
  const trace = new CallTrace(clock);
  const invite = request('INVITE', 'one@h');
  trace.received(invite, invite.toBuffer(), somebody, false);
  clock.advance(5);
  const busy = makeResponse(invite, 486, undefined, 'tag');
  trace.sent(busy, busy.toBuffer(), somebody.listener, somebody, false);
  trace.sent(busy, busy.toBuffer(), somebody.listener, somebody, true);
  for (const key of ['one@h', 'one']) {
    const found = trace.find(key);
    t.match(found, { found: 'call', call: { callId: 'one@h', dropped: 0, messages: { length: 3 } } });
  }
  t.match(trace.find('one'), {
    call: {
      messages: [
        {
          direction: 'in',
          repeated: false,
          peer: '192.0.2.1:5070',
          local: '192.0.2.2:5060',
          text: /^INVITE /,
        },
        { direction: 'out', repeated: false, text: /^SIP\/2\.0 486/ },
        { direction: 'out', repeated: true, wallMs: clock.wallMs() },
      ],
    },
  });
  const other = request('INVITE', 'one-more@h');
  trace.received(other, other.toBuffer(), somebody, false);
  t.same(trace.find('one'), { found: 'several', callIds: ['one@h', 'one-more@h'] });
  t.same(trace.find('two'), { found: 'none' });
  t.same(trace.find(''), { found: 'none' });
});

t.test('memory is bounded, and a flood of refused INVITEs washes out no answered call', async (t) => {
  const trace = new CallTrace(new ManualClock(), { traceBytes: 200_000 });
  const answered = request('INVITE', 'answered');
  trace.received(answered, answered.toBuffer(), somebody, false);
  const ok = makeResponse(answered, 200, undefined, 'tag');
  trace.sent(ok, ok.toBuffer(), somebody.listener, somebody, false);
  for (let i = 0; i < 5000; i++) {
    const scan = request('INVITE', `scan-${i}`);
    trace.received(scan, scan.toBuffer(), somebody, false);
  }
  t.ok(trace.bytes <= 200_000, `${trace.bytes} bytes`);
  t.match(trace.find('answered'), { found: 'call', call: { messages: { length: 2 } } });
  t.match(trace.find('scan-4999'), { found: 'call' });
  t.match(trace.find('scan-0'), { found: 'none' }, 'the oldest goes first');
});

t.test('a phone that registers under one Call-ID for weeks keeps its first and last messages', async (t) => {
  const trace = new CallTrace(new ManualClock());
  const register = request('REGISTER', 'phone');
  for (let i = 0; i < 1000; i++) trace.received(register, register.toBuffer(), somebody, i > 0);
  const answer = trace.find('phone');
  if (answer.found !== 'call') throw new Error('not found');
  const { messages, dropped } = answer.call;
  t.ok(trace.bytes <= 128 * 1024);
  t.equal(messages.length + dropped, 1000);
  t.equal(messages[0]?.repeated, false);
});

t.test('passwords, keys of SRTP and what was pressed are blanked', async (t) => {
  const secret = request('REGISTER', 'x')
    .append('Authorization', 'Digest username="bob", response="deadbeef"')
    .append('Proxy-Authorization', 'Digest response="cafe"');
  t.notMatch(withoutSecrets(secret.toString()), /deadbeef|cafe/);
  t.notMatch(
    withoutSecrets('REGISTER x\r\nAuthorization: Digest a="b",\r\n response="deadbeef"\r\nTo: y\r\n\r\n'),
    /deadbeef/,
  );
  const sdp =
    'v=0\r\nm=audio 4 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19\r\na=crypto:12 AES_CM_128_HMAC_SHA1_32 inline:PS1uQCV|2^20\r\na=ice-pwd:aSecretOfIce\r\nk=clear:abc\r\n';
  t.notMatch(
    withoutSecrets(request('INVITE', 'x', sdp).toString()),
    /WVNfX19|PS1uQCV|aSecretOfIce|clear:abc/,
  );
  const info = withoutSecrets(request('INFO', 'x', 'Signal=5\r\nDuration=160\r\n').toString());
  t.match(info, /^INFO [^]*\(blanked\)$/);
  t.notMatch(info, /Signal/);
});
