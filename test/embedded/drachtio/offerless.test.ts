import t from 'tap';
import { called, callee, hangUp } from './callee.js';
import {
  connectApp,
  once,
  sdp,
  serverEmpty,
  serverUri,
  startServer,
  type AppDialog,
  type Message,
  type Request,
} from './harness.js';
import type { SipMessage } from '../../../src/embedded/sip/message.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 4;

t.test('createUAC without an offer: the ACK has the answer that the library makes', async (t) => {
  const server = await startServer(t);
  const app = await connectApp(t, server);
  const bob = await callee(t);
  const dialing = app.createUAC(bob.uri, {});
  const invite = await bob.request();
  t.equal(invite.request.body, '');
  t.equal(invite.request.has('content-type'), false);
  invite.respond(bob.answer(invite, 200, {}, sdp));
  const ack = await bob.ack();
  t.match(ack.body, /^v=0[^]*a=recvonly/);
  t.equal(ack.get('content-type'), 'application/sdp');
  await hangUp(bob, await dialing);
  t.ok(await serverEmpty(server));
});

t.test(
  'createUAC with noAck: the ACK leaves with what the application says, and again for each 200',
  async (t) => {
    const server = await startServer(t);
    const app = await connectApp(t, server);
    const bob = await callee(t);
    const dialing = app.createUAC(bob.uri, { noAck: true }) as unknown as Promise<{
      sdp: string;
      ack(localSdp: string): Promise<AppDialog>;
    }>;
    const invite = await bob.request();
    const ok = bob.answer(invite, 200, {}, sdp);
    invite.respond(ok);
    const offered = await dialing;
    t.equal(offered.sdp, sdp);
    // Repeated for want of an ACK: nothing can be sent yet.
    invite.respond(ok);
    const dialog = await offered.ack(`${sdp}a=answer\r\n`);
    t.equal((await bob.ack()).body, `${sdp}a=answer\r\n`);
    invite.respond(ok);
    t.equal((await bob.ack()).body, `${sdp}a=answer\r\n`);
    await hangUp(bob, dialog);
    t.ok(await serverEmpty(server));
  },
);

t.test('a re-INVITE without an offer: both sides may ask for one', async (t) => {
  const server = await startServer(t);
  const app = await connectApp(t, server);
  const bob = await callee(t);
  const { dialog } = await called(app, bob);
  const modifying = dialog.modify('', { noAck: true }) as unknown as Promise<{
    sdp: string;
    ack(localSdp: string): void;
  }>;
  const again = await bob.request();
  t.equal(again.request.body, '');
  again.respond(bob.answer(again, 200, {}, `${sdp}a=offer\r\n`));
  const offered = await modifying;
  t.equal(offered.sdp, `${sdp}a=offer\r\n`);
  offered.ack(`${sdp}a=answer\r\n`);
  t.equal((await bob.ack()).body, `${sdp}a=answer\r\n`);
  await hangUp(bob, dialog);
  t.ok(await serverEmpty(server));
});

t.test('createUAS to a caller without an offer: the application gets the answer with the ACK', async (t) => {
  const server = await startServer(t);
  const bob = await callee(t);
  const made = new Promise<AppDialog>((resolve) => {
    void connectApp(t, server, (app) => {
      app.invite((req, res) => {
        t.equal(req.body, '');
        void app.createUAS(req, res, { localSdp: sdp }).then(resolve);
      });
    }).then(() => bob.call(serverUri(server), heard, ''));
  });
  let answered: (response: SipMessage) => void = () => undefined;
  const ok = new Promise<SipMessage>((resolve) => (answered = resolve));
  const heard = (response: SipMessage): void => {
    if (response.status === 200) answered(response);
  };
  const dialog = await made;
  const acked = once<Request>(dialog, 'ack');
  t.equal((await ok).body, sdp);
  bob.acknowledge(await ok, `${sdp}a=answer\r\n`);
  t.equal((await acked).body, `${sdp}a=answer\r\n`);
  t.equal(dialog.remote.sdp, `${sdp}a=answer\r\n`);
  await hangUp(bob, dialog);
  t.ok(await serverEmpty(server));
});

t.test(
  'createB2BUA without an offer: the offer of one side goes to the other, the answer back in the ACK',
  async (t) => {
    const server = await startServer(t);
    const alice = await callee(t);
    const bob = await callee(t);
    const joined = new Promise<{ uas: AppDialog; uac: AppDialog }>((resolve) => {
      void connectApp(t, server, (app) => {
        app.invite((req, res) => {
          void app.createB2BUA(req, res, bob.uri, { noAck: true }).then(resolve);
        });
      }).then(() =>
        alice.call(
          serverUri(server),
          (response) => {
            if (response.status === 200) answered(response);
          },
          '',
        ),
      );
    });
    let answered: (response: SipMessage) => void = () => undefined;
    const ok = new Promise<SipMessage>((resolve) => (answered = resolve));
    const invite = await bob.request();
    t.equal(invite.request.body, '');
    invite.respond(bob.answer(invite, 200, {}, `${sdp}a=offer\r\n`));
    t.equal((await ok).body, `${sdp}a=offer\r\n`);
    alice.acknowledge(await ok, `${sdp}a=answer\r\n`);
    t.equal((await bob.ack()).body, `${sdp}a=answer\r\n`);
    const { uas, uac } = await joined;
    const destroyed = once<Message>(uac, 'destroy');
    t.equal((await bob.ask(invite.request, 'BYE', 1)).status, 200);
    await destroyed;
    await hangUp(alice, uas);
    t.ok(await serverEmpty(server));
  },
);
