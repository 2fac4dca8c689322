import t from 'tap';
import { cseqNumber } from '../../../src/embedded/sip/make-message.js';
import { callee } from './callee.js';
import { connectApp, sdp, serverEmpty, startServer, type AppDialog } from './harness.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 4;

t.test(
  'two forks ring reliably: each gets the PRACK of its own 183, the one that answers the call',
  async (t) => {
    const server = await startServer(t);
    const app = await connectApp(t, server);
    const bob = await callee(t);
    const dialing = app.createUAC(bob.uri, { localSdp: sdp, headers: { Supported: '100rel' } });
    const invite = await bob.request();
    const cseq = cseqNumber(invite.request);
    const ring = (tag: string, rseq: string): void =>
      void invite.respond(bob.answer(invite, 183, { RSeq: rseq, Require: '100rel' }, sdp, tag));
    // Both are here before the application has answered the first.
    ring('desk', '7');
    ring('mobile', '90');
    const pracks = [await bob.request(), await bob.request()];
    for (const prack of pracks) prack.respond(bob.answer(prack, 200));
    t.same(
      pracks.map(
        ({ request }) =>
          `${request.uri.slice(0, 8)} ${request.get('to')?.split(';tag=')[1]} ${request.get('rack')}`,
      ),
      [`sip:desk desk 7 ${cseq} INVITE`, `sip:mobi mobile 90 ${cseq} INVITE`],
    );
    invite.respond(bob.answer(invite, 200, {}, sdp, 'desk'));
    t.match((await bob.ack()).get('to'), /;tag=desk$/);
    const dialog = await dialing;
    t.equal(dialog.sip.remoteTag, 'desk');
    const ended = dialog.destroy();
    const bye = await bob.request();
    t.equal(
      cseqNumber(bye.request),
      cseq + 2,
      'after the PRACK, which the other fork has not made forgotten',
    );
    t.match(bye.request.get('to'), /;tag=desk$/);
    bye.respond(bob.answer(bye, 200));
    await ended;
    t.ok(await serverEmpty(server));
  },
);

t.test('each of two ringing forks may ask inside its early dialog', async (t) => {
  const server = await startServer(t);
  const app = await connectApp(t, server);
  const bob = await callee(t);
  const dialing = app.createUAC(bob.uri, { localSdp: sdp });
  const invite = await bob.request();
  for (const tag of ['desk', 'mobile']) invite.respond(bob.answer(invite, 180, {}, '', tag));
  // The library answers an UPDATE of the called with the offer of the INVITE.
  for (const tag of ['desk', 'mobile']) {
    const { status, body } = await bob.ask(invite.request, 'UPDATE', 1, { tag, body: sdp });
    t.same({ status, body }, { status: 200, body: sdp }, tag);
  }
  invite.respond(bob.answer(invite, 200, {}, sdp, 'mobile'));
  await bob.ack();
  const dialog = await dialing;
  t.equal(
    (await bob.ask(invite.request, 'INFO', 2, { tag: 'desk' })).status,
    503,
    'it has lost: nobody takes INFO',
  );
  t.equal((await bob.ask(invite.request, 'INFO', 2, { tag: 'mobile' })).status, 200);
  t.equal(server.counts().dialogs, 1);
  const ended = dialog.destroy();
  const bye = await bob.request();
  bye.respond(bob.answer(bye, 200));
  await ended;
  t.ok(await serverEmpty(server));
});

t.test('three forks answer at once: the first gets the call, each other an ACK and a BYE', async (t) => {
  const server = await startServer(t);
  const app = await connectApp(t, server);
  const bob = await callee(t);
  const dialing: Promise<AppDialog> = app.createUAC(bob.uri, { localSdp: sdp });
  const invite = await bob.request();
  const tags = ['one', 'two', 'three'];
  for (const tag of tags) invite.respond(bob.answer(invite, 180, {}, '', tag));
  for (const tag of tags) invite.respond(bob.answer(invite, 200, {}, sdp, tag));
  const dialog = await dialing;
  t.equal(dialog.sip.remoteTag, 'one');
  const acked = [await bob.ack(), await bob.ack(), await bob.ack()].map(
    (ack) => ack.get('to')?.split('tag=')[1],
  );
  t.same(acked.sort(), ['one', 'three', 'two']);
  for (const tag of ['two', 'three']) {
    const bye = await bob.request();
    t.equal(bye.request.method, 'BYE');
    t.match(bye.request.get('to'), new RegExp(`;tag=${tag}$`));
    bye.respond(bob.answer(bye, 200));
  }
  const ended = dialog.destroy();
  const bye = await bob.request();
  t.match(bye.request.get('to'), /;tag=one$/);
  bye.respond(bob.answer(bye, 200));
  await ended;
  t.ok(await serverEmpty(server));
});

t.test('a called that rings under 100 tags and refuses leaves nothing', async (t) => {
  const server = await startServer(t);
  const app = await connectApp(t, server);
  const bob = await callee(t);
  const dialing = app.createUAC(bob.uri, { localSdp: sdp });
  const refused = dialing.catch((error: { status?: number }) => error.status);
  const invite = await bob.request();
  for (let i = 0; i < 100; i++) invite.respond(bob.answer(invite, 180, {}, '', `fork${i}`));
  t.equal((await bob.ask(invite.request, 'UPDATE', 1, { tag: 'fork99', body: sdp })).status, 200);
  t.ok(server.counts().dialogs <= 16, 'of the forks that ring, the last 16 are known');
  invite.respond(bob.answer(invite, 486));
  t.equal(await refused, 486);
  t.ok(await serverEmpty(server));
});
