import t from 'tap';
import { accepted, agent, empty, next, sdp, uriOf } from './phones.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 4;

for (const protocol of ['udp', 'tcp'] as const) {
  t.test(`a call over ${protocol} is answered, acknowledged and hung up, leaving nothing`, async (t) => {
    const alice = await agent(t, 'alice');
    const bob = await agent(t, 'bob');
    const invited = next(bob, 'invite');
    const call = alice.invite(uriOf(bob, protocol), { body: sdp, headers: { 'X-Thing': 'yes' } });
    const [incoming] = await invited;
    t.equal(incoming.request.body, sdp);
    t.equal(incoming.request.get('x-thing'), 'yes');
    t.equal(incoming.source.protocol, protocol);
    const ringing = next(call, 'provisional');
    incoming.respond(180);
    await ringing;
    const dialogAt = accepted(call);
    const bobs = incoming.accept({ body: sdp });
    const alices = await dialogAt;
    t.equal(alices.remoteTag, bobs.localTag);
    const acked = next(bobs, 'ack');
    call.ack();
    await acked;
    const ended = next(bobs, 'ended');
    await alices.bye();
    t.same(await ended, ['remote-bye']);
    t.ok(await empty(alice, bob));
  });
}

t.test('the called side hangs up', async (t) => {
  const alice = await agent(t, 'alice');
  const bob = await agent(t, 'bob');
  bob.on('invite', (incoming) => {
    const dialog = incoming.accept({ body: sdp });
    dialog.on('ack', () => void dialog.bye());
  });
  const call = alice.invite(uriOf(bob), { body: sdp });
  const dialog = await accepted(call);
  const ended = next(dialog, 'ended');
  call.ack();
  t.same(await ended, ['remote-bye']);
  t.ok(await empty(alice, bob));
});

t.test('a CANCEL ends a ringing call on both sides with 487', async (t) => {
  const alice = await agent(t, 'alice');
  const bob = await agent(t, 'bob');
  const invited = next(bob, 'invite');
  const call = alice.invite(uriOf(bob), { body: sdp });
  const [incoming] = await invited;
  const failed = next(call, 'failed');
  const cancelled = next(incoming, 'cancel');
  call.cancel();
  await cancelled;
  t.equal((await failed)[0], 487);
  t.equal(incoming.isPending, false);
  t.throws(() => incoming.accept({}), { code: 'SIP_WRONG_STATE' });
  t.ok(await empty(alice, bob));
});

t.test('a re-INVITE and an INFO pass inside the dialog, both ways', async (t) => {
  const alice = await agent(t, 'alice');
  const bob = await agent(t, 'bob');
  const invited = next(bob, 'invite');
  const call = alice.invite(uriOf(bob), { body: sdp });
  const bobs = (await invited)[0].accept({ body: sdp });
  const alices = await accepted(call);
  call.ack();
  await next(bobs, 'ack');
  const acked = next(bobs, 'ack');
  bobs.once('request', (incoming) => incoming.respond(200, undefined, { body: `${sdp}a=recvonly\r\n` }));
  const answer = await alices.reinvite(`${sdp}a=sendonly\r\n`);
  t.equal(answer.status, 200);
  t.equal(answer.body, `${sdp}a=recvonly\r\n`);
  await acked;
  alices.once('request', (incoming) => {
    t.equal(incoming.request.method, 'INFO');
    t.equal(incoming.request.body, 'Signal=5\r\n');
    incoming.respond(200);
  });
  const info = await bobs.request('INFO', {
    headers: { 'Content-Type': 'application/dtmf-relay' },
    body: 'Signal=5\r\n',
  });
  t.equal(info.status, 200);
  await bobs.bye();
  t.ok(await empty(alice, bob));
});

t.test('refusals, unknown dialogs, missing extensions and silence have their statuses', async (t) => {
  const alice = await agent(t, 'alice');
  const bob = await agent(t, 'bob');
  const refused = next(alice.invite(uriOf(bob), { body: sdp }), 'failed');
  t.equal((await refused)[0], 480, 'nobody takes calls');
  const stray = await alice.request('BYE', uriOf(bob), { headers: { To: '<sip:bob@x>;tag=1' } });
  t.equal(stray.status, 481);
  const required = await alice.request('OPTIONS', uriOf(bob), { headers: { Require: 'magic' } });
  t.equal(required.status, 420);
  t.equal(required.get('Unsupported'), 'magic');
  t.equal((await alice.request('OPTIONS', uriOf(bob))).status, 200);
  t.equal((await alice.request('PUBLISH', uriOf(bob))).status, 405);
  bob.on('invite', (incoming) => incoming.accept({ body: sdp }));
  const call = alice.invite(uriOf(bob), { body: sdp });
  const dialog = await accepted(call);
  call.ack();
  const inside = await dialog.request('INFO', { headers: { Require: 'magic, wand' } });
  t.match([inside.status, inside.get('Unsupported')], [420, 'magic, wand']);
  await dialog.bye();
  const silent = await agent(t, 'silent');
  silent.on('request', () => undefined);
  t.equal((await alice.request('MESSAGE', uriOf(silent))).status, 408);
  t.equal((await alice.request('OPTIONS', 'sip:x@127.0.0.1;transport=tls')).status, 503);
  t.equal((await alice.request('OPTIONS', 'sip:x@127.0.0.1:1;transport=tcp')).status, 503);
  t.ok(await empty(alice, bob, silent));
});

t.test('a 2xx that is never acknowledged is repeated, then ends the call with BYE', async (t) => {
  const alice = await agent(t, 'alice');
  const bob = await agent(t, 'bob');
  const invited = next(bob, 'invite');
  const call = alice.invite(uriOf(bob), { body: sdp });
  const bobs = (await invited)[0].accept({ body: sdp });
  const alices = await accepted(call);
  const ends = Promise.all([next(bobs, 'ended'), next(alices, 'ended')]);
  t.same(await ends, [['ack-timeout'], ['remote-bye']]);
  t.ok(await empty(alice, bob));
});

t.test('a port in use is named by the error', async (t) => {
  const alice = await agent(t, 'alice');
  const port = alice.addresses[0]?.port;
  await t.rejects(agent(t, 'second', { listen: [`udp:127.0.0.1:${port}`] }), {
    code: 'SIP_ADDRESS_IN_USE',
    message: new RegExp(`udp port ${port}`),
  });
  await t.rejects(agent(t, 'third', { listen: ['5060'] }), { code: 'SIP_BAD_LISTEN_ADDRESS' });
});

t.test('Via and Contact name the external address, and the call works all the same', async (t) => {
  const alice = await agent(t, 'alice');
  const bob = await agent(t, 'bob', { externalAddress: '203.0.113.7' });
  bob.on('invite', (incoming) => void incoming.accept({ body: sdp }));
  const call = alice.invite(uriOf(bob), { body: sdp });
  const dialog = await accepted(call);
  t.match(dialog.remoteTarget, '203.0.113.7');
  call.ack();
  await dialog.bye();
  t.ok(await empty(alice, bob));
});
