import t from 'tap';
import { systemClock } from '../../src/core/clock.js';
import { eventually, House, longToneHz, shortToneHz } from './house.js';
import { countTone, Phone } from './phone.js';

t.setTimeout(60_000);
const house = await House.start(t);
const phone = await Phone.open(t);
const idle = await house.held();
const dial = async (number = '1') => (await phone.dial(house.uri(number))).answered();

t.test('a re-INVITE with a new address moves the sound there', async (t) => {
  const call = await dial();
  await call.hears(longToneHz);
  const old = call.socket;
  let strays = 0;
  const response = await call.move();
  t.equal(response?.status, 200);
  call.forget();
  await call.hears(longToneHz, 10);
  old.onMessage = () => void strays++;
  call.sing(440);
  await call.press('2');
  await call.farEnd();
  t.equal(strays, 0);
  await call.end();
  t.match(await house.record(call.sipCallId), { endReason: 'local-bye', path: ['main.ask', 'main.bye'] });
});

t.test('hold is answered with recvonly and silences the bot, resume brings it back', async (t) => {
  const call = await dial();
  await call.hears(longToneHz);
  const held = await call.reinvite('sendonly');
  t.equal(held?.status, 200);
  t.match(held?.body, /a=recvonly/);
  call.forget();
  await new Promise<void>((resolve) => void systemClock.after(300, resolve));
  t.ok(call.packets <= 1, `nothing is sent to who holds: ${call.packets} packets`);
  const resumed = await call.reinvite('sendrecv');
  t.equal(resumed?.status, 200);
  t.notMatch(resumed?.body, /a=(recvonly|inactive)/);
  call.forget();
  await call.hears(longToneHz);
  await call.end();
  await house.record(call.sipCallId);
});

t.test('an UPDATE without an offer is answered, one with an offer changes the session', async (t) => {
  const call = await dial();
  await call.hears(longToneHz);
  const plain = await call.dialog?.request('UPDATE');
  t.equal(plain?.status, 200);
  t.equal(plain?.body, '');
  const held = await call.dialog?.request('UPDATE', { body: call.offer('sendonly') });
  t.equal(held?.status, 200);
  t.match(held?.body, /a=recvonly/);
  t.match(held?.get('content-type'), /application\/sdp/);
  const back = await call.dialog?.request('UPDATE', { body: call.offer('sendrecv') });
  t.equal(back?.status, 200);
  call.forget();
  await call.hears(longToneHz);
  await call.end();
  await house.record(call.sipCallId);
});

t.test('a re-INVITE with nothing that we speak is refused with 488, and the call goes on', async (t) => {
  const call = await dial();
  await call.hears(longToneHz);
  const offer = call.offer().replace(/m=audio.*\r\n/, 'm=audio 4000 RTP/AVP 18\r\n');
  const response = await call.dialog?.reinvite(offer);
  t.equal(response?.status, 488);
  call.forget();
  await call.hears(longToneHz);
  await call.press('2');
  await call.farEnd();
  await call.end();
  t.match(await house.record(call.sipCallId), { endReason: 'local-bye' });
});

t.test('a re-INVITE without an offer gets ours; an ACK without the answer ends the call', async (t) => {
  const call = await dial();
  await call.hears(longToneHz);
  const response = await call.dialog?.reinvite('');
  t.equal(response?.status, 200);
  t.match(response?.body, /^v=0/);
  t.ok(await call.farEnd(3000).catch(() => false), 'an ACK without an answer ends the call');
  await call.end();
  t.match(await house.record(call.sipCallId), { endReason: 'error', sipStatus: null });
});

for (const [contentType, body] of [
  ['application/dtmf-relay', 'Signal=1\r\nDuration=160\r\n'],
  ['application/dtmf', '1'],
] as const) {
  t.test(`a key by INFO ${contentType} is a key`, async (t) => {
    const call = await dial();
    await call.hears(longToneHz);
    const response = await call.dialog?.request('INFO', { headers: { 'Content-Type': contentType }, body });
    t.equal(response?.status, 200);
    await call.hears(shortToneHz);
    await call.end();
    const record = await house.record(call.sipCallId);
    t.match(record.turns[0], { outcome: 'keys', heard: '1' });
    t.match(record, { endReason: 'remote-bye' });
  });
}

t.test('an INFO that nobody understands gets 415, an empty one 200, and the call goes on', async (t) => {
  const call = await dial();
  await call.hears(longToneHz);
  const headers = { 'Content-Type': 'application/x-strange' };
  t.equal((await call.dialog?.request('INFO', { headers, body: 'x=1' }))?.status, 415);
  t.equal((await call.dialog?.request('INFO'))?.status, 200);
  call.forget();
  await call.hears(longToneHz);
  await call.end();
  t.match(await house.record(call.sipCallId), { endReason: 'remote-bye' });
});

t.test('a REFER is declined with 603, and the call goes on', async (t) => {
  const call = await dial();
  await call.hears(longToneHz);
  const response = await call.dialog?.request('REFER', { headers: { 'Refer-To': '<sip:9@127.0.0.1>' } });
  t.equal(response?.status, 603);
  call.forget();
  await call.hears(longToneHz);
  await call.end();
  await house.record(call.sipCallId);
});

t.test('an INVITE without an offer: the answer of its ACK opens the sound', async (t) => {
  const call = await phone.dial(house.uri('1'), { offer: 'none' });
  const { status, response } = await call.outcome;
  t.equal(status, 200);
  t.match(response?.body, /^v=0/, 'our offer');
  call.talk(response?.body ?? '');
  call.invite.ack({ body: call.offer() });
  await call.hears(longToneHz);
  await call.press('2');
  await call.farEnd();
  await call.end();
  t.match(await house.record(call.sipCallId), { endReason: 'local-bye', path: ['main.ask', 'main.bye'] });
});

t.test('an INVITE without an offer whose ACK brings no answer ends', async (t) => {
  const call = await phone.dial(house.uri('1'), { offer: 'none' });
  t.equal((await call.outcome).status, 200);
  call.invite.ack();
  await call.farEnd();
  await call.end();
  t.match(await house.record(call.sipCallId), {
    endReason: 'error',
    detail: /ACK of an INVITE without an offer/,
    path: [],
  });
});

t.test('the caller hangs up in a prompt: one record, nothing left', async (t) => {
  const call = await dial();
  await call.hears(longToneHz);
  await call.end();
  const record = await house.record(call.sipCallId);
  t.match(record, { endReason: 'remote-bye', path: ['main.ask'] });
  t.match(record.turns, [{ node: 'main.ask', outcome: 'none', heard: null, heardMs: null }]);
});

t.test('a BYE that overtakes the answer to a re-INVITE ends both', async (t) => {
  for (let i = 0; i < 5; i += 1) {
    const call = await dial();
    await call.hears(longToneHz);
    const change = call.reinvite('sendonly');
    await call.end();
    const status = (await change)?.status;
    t.ok(status === 200 || status === 487, `the re-INVITE has its final response: ${status}`);
    t.match(await house.record(call.sipCallId), { endReason: 'remote-bye' });
  }
});

t.test('two calls at once do not hear each other', async (t) => {
  const [a, b] = [await dial('2'), await dial('2')];
  await Promise.all([a.hears(shortToneHz), b.hears(shortToneHz)]);
  a.sing(440);
  b.sing(1500);
  await eventually(() => (a.packets > 75 && b.packets > 75) || undefined);
  await Promise.all([a.end(), b.end()]);
  for (const [call, own, other] of [
    [a, 440, 1500],
    [b, 1500, 440],
  ] as const) {
    const { caller, heard } = await house.recording(await house.record(call.sipCallId));
    t.ok(countTone(caller, own) > 20, 'each is recorded');
    t.equal(countTone(caller, shortToneHz), 0, 'the prompt is not on the left');
    t.equal(countTone(caller, other) + countTone(heard, other), 0, 'nor is the other caller anywhere');
    t.equal(countTone(call.samples, other) + countTone(call.samples, own), 0, 'nobody hears a caller');
  }
});

t.test('after all of them nothing is left', async (t) => {
  t.same(await house.leftAbove(idle), {});
  t.same(
    house.log.filter(({ level, message }) => level === 'error' && !/could not go on/.test(message)),
    [],
  );
});
