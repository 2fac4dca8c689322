import { createSocket } from 'node:dgram';
import t from 'tap';
import type { UserAgent } from '../../src/embedded/sip/user-agent.js';
import { sdp } from '../embedded/drachtio/harness.js';
import { agent, empty, next } from '../embedded/sip/phones.js';
import { lossyLink } from '../embedded/sip/lossy-link.js';
import { answered, failed, portOf, real, testbed } from './carriers.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 4;

/** What Locations says of a telephone that registered from behind a NAT: its Contact leads nowhere. */
const binding = (phone: UserAgent, protocol: 'udp' | 'tcp' = 'udp') => ({
  contact: `sip:alice@192.0.2.7:5062;transport=${protocol}`,
  source: { protocol, address: '127.0.0.1', port: portOf(phone, protocol) },
});

t.test(
  'all telephones of a user ring; who answers wins, the others hear that it was elsewhere',
  async (t) => {
    const phones = [await agent(t, 'desk'), await agent(t, 'mobile'), await agent(t, 'soft')];
    const [desk, mobile, soft] = phones as [UserAgent, UserAgent, UserAgent];
    const bed = await testbed(t, {
      carriers: 0,
      bindings: (user) => (user === 'alice' ? [binding(desk), binding(mobile, 'tcp'), binding(soft)] : []),
    });
    const cancelled = [desk, soft].map(
      (phone) =>
        new Promise<unknown>((resolve) => {
          phone.on('invite', (incoming) => {
            t.equal(
              incoming.request.uri,
              'sip:alice@192.0.2.7:5062;transport=udp',
              'the Contact is the request URI',
            );
            incoming.respond(180);
            void next(incoming, 'cancel').then(resolve);
          });
        }),
    );
    mobile.on('invite', (incoming) => {
      incoming.respond(180);
      setTimeout(() => incoming.accept({ body: `${sdp}a=mobile\r\n` }), 50);
    });
    let rings = 0;
    const call = bed.dialer.place({ to: 'alice', from: 'bob', displayName: 'Bob' });
    call.on('ringing', () => rings++);
    const { sdp: answer, dialog } = answered(await call.dial(sdp));
    t.match(answer, /a=mobile/);
    t.equal(rings, 1, 'ringing is told once');
    await Promise.all(cancelled);
    await dialog.bye();
    t.ok(await bed.gone());
    t.ok(await empty(...phones));
  },
);

t.test('the CANCEL of a telephone that lost says that the call was completed elsewhere', async (t) => {
  const desk = await agent(t, 'desk');
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const bed = await testbed(t, {
    carriers: 0,
    bindings: () => [
      { contact: 'sip:alice@192.0.2.7', source: { protocol: 'udp', ...socket.address() } },
      binding(desk),
    ],
  });
  const cancelled = new Promise<string>((resolve) => {
    socket.on('message', (packet, from) => {
      const text = packet.toString();
      const respond = (status: string, request = text): void => {
        const copied = request.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line));
        const lines = copied.map((line) => (/^To:/i.test(line) ? `${line};tag=raw` : line));
        const response = [`SIP/2.0 ${status}`, ...lines, 'Content-Length: 0', '', ''].join('\r\n');
        socket.send(response, from.port, from.address);
      };
      if (text.startsWith('INVITE')) {
        respond('180 Ringing');
        socket.once('message', (later) => {
          if (!later.toString().startsWith('CANCEL')) return;
          resolve(later.toString());
          respond('200 OK', later.toString());
          respond('487 Request Terminated');
        });
      }
    });
  });
  desk.on('invite', (incoming) => {
    setTimeout(() => incoming.accept({ body: sdp }), 100);
  });
  const { dialog } = answered(await bed.dialer.place({ to: 'alice' }).dial(sdp));
  t.match(await cancelled, /\r\nReason: SIP;cause=200;text="Call completed elsewhere"\r\n/i);
  await dialog.bye();
});

t.test('by URI of this server a user is reached, by another host nobody', async (t) => {
  const phone = await agent(t, 'desk');
  const bed = await testbed(t, {
    carriers: 0,
    bindings: (user) => (user === 'alice' ? [binding(phone)] : []),
  });
  phone.on('invite', (incoming) => incoming.respond(486));
  t.equal(failed(await bed.dialer.place({ to: 'sip:alice@home.example' }).dial(sdp)).outcome, 'busy');
  t.equal(failed(await bed.dialer.place({ to: 'sip:alice@192.0.2.7' }).dial(sdp)).q850Cause, 21);
  t.equal(failed(await bed.dialer.place({ to: 'nobody' }).dial(sdp)).q850Cause, 3);
});

t.test('one busy telephone and one that is not there: busy; a 6xx ends it for all at once', async (t) => {
  const phones = [await agent(t, 'desk'), await agent(t, 'mobile')];
  const [desk, mobile] = phones as [UserAgent, UserAgent];
  const bed = await testbed(t, { carriers: 0, bindings: () => [binding(desk), binding(mobile)] });
  desk.on('invite', (incoming) => incoming.respond(486));
  mobile.on('invite', (incoming) => incoming.respond(480));
  t.match(failed(await bed.dialer.place({ to: 'alice' }).dial(sdp)), { outcome: 'busy', sipStatus: 486 });
  for (const phone of phones) phone.removeAllListeners();
  let cancels = 0;
  desk.on('invite', (incoming) => {
    incoming.respond(180);
    incoming.on('cancel', () => cancels++);
  });
  mobile.on('invite', (incoming) => incoming.respond(603));
  t.match(failed(await bed.dialer.place({ to: 'alice' }).dial(sdp)), { outcome: 'refused', sipStatus: 603 });
  t.equal(cancels, 1);
  t.ok(await bed.gone());
  t.ok(await empty(...phones));
});

t.test('two telephones that answer in the same moment: one call, the other is hung up', async (t) => {
  const phones = [await agent(t, 'desk'), await agent(t, 'mobile')];
  const [desk, mobile] = phones as [UserAgent, UserAgent];
  const bed = await testbed(t, { carriers: 0, bindings: () => [binding(desk), binding(mobile)] });
  const ended: string[] = [];
  for (const phone of phones) {
    phone.on('invite', (incoming) => {
      const dialog = incoming.accept({ body: sdp });
      dialog.once('ended', (why) => ended.push(String(why)));
    });
  }
  const { dialog } = answered(await bed.dialer.place({ to: 'alice' }).dial(sdp));
  t.equal(dialog.ending, undefined, 'the winner is up');
  await dialog.bye();
  t.ok(await bed.gone());
  t.ok(await empty(...phones));
  t.equal(ended.length, 2);
});

for (const seed of [1, 2, 3]) {
  t.test(
    `with a fifth of the packets lost (seed ${seed}) calls are answered, refused and cancelled cleanly`,
    // The real server repeats after half a second and more: a seed takes 20 s there.
    { skip: real !== undefined },
    async (t) => {
      const phone = await agent(t, 'far');
      const bed = await testbed(t, { carriers: 0 });
      const own = bed.server.sipAddresses.find(({ protocol }) => protocol === 'udp')?.port ?? 0;
      const link = await lossyLink(t, own, portOf(phone), {
        loss: 0.2,
        duplicates: 0.1,
        reordered: 0.1,
        seed,
      });
      await bed.write("directHosts: ['127.0.0.1']\n");
      await bed.trunks.load();
      phone.on('invite', (incoming) => {
        const user = /sip:(\w+)@/.exec(incoming.request.uri)?.[1];
        incoming.respond(180);
        if (user === 'busy') incoming.respond(486);
        if (user === 'answer') incoming.accept({ body: sdp });
      });
      const dial = (user: string, ringMs?: number) =>
        bed.dialer.place({
          to: `sip:${user}@127.0.0.1:${link.nearPort}`,
          ...(ringMs === undefined ? {} : { ringMs }),
        });
      for (let i = 0; i < 5; i++) {
        t.equal((await dial('busy').dial(sdp)).outcome, 'busy');
        const result = await dial('answer').dial(sdp);
        t.equal(result.outcome, 'answered');
        if (result.outcome === 'answered') await result.dialog.bye();
        t.equal((await dial('ring', 200).dial(sdp)).outcome, 'noAnswer');
        const cancelled = dial('ring');
        setTimeout(() => cancelled.cancel(), i * 7);
        t.equal((await cancelled.dial(sdp)).outcome, 'cancelled');
      }
      t.ok(link.lost.length > 0);
      t.ok(await bed.gone());
      t.ok(await empty(phone));
    },
  );
}
