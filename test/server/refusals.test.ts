import t from 'tap';
import { explainEnd } from '../../src/store/end-reason-text.js';
import { House, longToneHz } from './house.js';
import { Phone } from './phone.js';

t.setTimeout(60_000);

t.test('what is refused is refused with a status, a reason, and a record', async (t) => {
  const house = await House.start(t, { 'calls.maxConcurrent': 1 });
  const phone = await Phone.open(t);
  const idle = await house.held();

  t.test('a number that nobody has: 404', async (t) => {
    const call = await phone.dial(house.uri('99'));
    t.equal((await call.outcome).status, 404);
    const record = await house.record(call.sipCallId);
    t.match(record, { endReason: 'rejected', sipStatus: 404, q850Cause: 1, dialplan: null, journal: null });
    t.match(explainEnd(record), /no rule in the numbers file/);
  });

  t.test('a scanner: 403', async (t) => {
    const call = await phone.dial(house.uri('1'), { headers: { 'User-Agent': 'friendly-scanner' } });
    t.equal((await call.outcome).status, 403);
    t.match(explainEnd(await house.record(call.sipCallId)), /scanner/);
  });

  t.test('an offer in which nothing fits: 488', async (t) => {
    const offer = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n';
    for (const media of ['m=audio 4000 RTP/AVP 18\r\n', 'm=video 4000 RTP/AVP 96\r\n', '', 'nonsense']) {
      const call = await phone.dial(house.uri('1'), { offer: offer + media });
      t.equal((await call.outcome).status, 488, JSON.stringify(media));
      t.match(await house.record(call.sipCallId), { endReason: 'rejected', sipStatus: 488, q850Cause: 65 });
    }
  });

  t.test('a body that is no SDP: 415, naming what we read', async (t) => {
    const call = await phone.dial(house.uri('1'), {
      offer: 'hello',
      headers: { 'Content-Type': 'text/plain' },
    });
    const { status, response } = await call.outcome;
    t.equal(status, 415);
    t.equal(response?.get('accept'), 'application/sdp');
    t.match(explainEnd(await house.record(call.sipCallId)), /no session description/);
  });

  t.test('an offer that needs DTLS: 488', async (t) => {
    const offer =
      'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\na=fingerprint:sha-256 AA:BB\r\n' +
      'a=setup:actpass\r\nm=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n';
    const call = await phone.dial(house.uri('1'), { offer });
    t.equal((await call.outcome).status, 488);
    t.match(await house.record(call.sipCallId), { endReason: 'rejected', sipStatus: 488 });
  });

  t.test('one call too many: 503 with Retry-After', async (t) => {
    const first = await (await phone.dial(house.uri('1'))).answered();
    await first.hears(longToneHz);
    const second = await phone.dial(house.uri('1'));
    const { status, response } = await second.outcome;
    t.equal(status, 503);
    t.equal(response?.get('retry-after'), '5');
    t.match(explainEnd(await house.record(second.sipCallId)), /all 1 places/);
    await first.end();
    await house.record(first.sipCallId);
    t.same(await house.leftAbove(idle), {}, 'no refusal left anything');
  });

  t.test('while draining: 503 for calls and OPTIONS, the live call goes on', async (t) => {
    const options = async () => (await phone.agent.request('OPTIONS', house.uri('1'))).status;
    t.equal(await options(), 200);
    const live = await (await phone.dial(house.uri('1'))).answered();
    house.server.drain();
    t.equal(await options(), 503);
    const late = await phone.dial(house.uri('1'));
    const { status, response } = await late.outcome;
    t.equal(status, 503);
    t.ok(response?.has('retry-after'));
    await live.hears(longToneHz);
    await live.press('2');
    await live.farEnd();
    await live.end();
    t.match(await house.record(live.sipCallId), { endReason: 'local-bye', detail: null });
    house.server.drain(false);
    t.equal(await options(), 200, 'an operator has thought better of it');
  });
});

t.test('a call that lasts too long is ended with the reason', async (t) => {
  const house = await House.start(t, { 'calls.maxDurationMs': 1000 });
  const phone = await Phone.open(t);
  const call = await (await phone.dial(house.uri('1'))).answered();
  await call.farEnd();
  await call.end();
  const record = await house.record(call.sipCallId);
  t.match(record, { endReason: 'timeout', detail: /longest call duration/ });
  const lastedMs = record.endedAtMs - (record.answeredAtMs ?? 0);
  t.ok(lastedMs >= 990 && lastedMs < 3000, `${lastedMs} ms`);
});
