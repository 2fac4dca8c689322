import t, { type Test } from 'tap';
import type { Dialog } from '../../../src/embedded/sip/dialog.js';
import { fairClock } from './fair-clock.js';
import { lossyLink, type LinkOptions } from './lossy-link.js';
import { accepted, agent, empty, next, sdp } from './phones.js';

// Each has its own phones, and waits most of its time for 64 * T1.
t.jobs = 4;

/** Nothing is lost here by chance: what RFC 3261 keeps for 32 s is gone in 0.25 s. */
const timers = { t1Ms: 4, t2Ms: 16, t4Ms: 8 };

/** A call between two phones over a bad network: both ends of it. */
async function call(t: Test, options: LinkOptions) {
  const alice = await agent(t, 'alice', { listen: ['udp:127.0.0.1:0'], timers, clock: fairClock });
  const bob = await agent(t, 'bob', { listen: ['udp:127.0.0.1:0'], timers, clock: fairClock });
  const link = await lossyLink(t, alice.addresses[0]?.port ?? 0, bob.addresses[0]?.port ?? 0, options);
  const answered = new Promise<Dialog>((resolve) =>
    bob.on('invite', (incoming) => resolve(incoming.accept({ body: sdp }))),
  );
  const invite = alice.invite(`sip:bob@127.0.0.1:${link.nearPort}`, { body: sdp });
  const hers = await accepted(invite);
  invite.ack();
  const his = await answered;
  await next(his, 'ack');
  return { alice, bob, link, hers, his };
}

for (const method of ['INVITE', 'UPDATE', 'INFO']) {
  t.test(
    `${method} that nobody answers ends the call on both sides, not only on the one that asked`,
    async (t) => {
      const { alice, bob, hers, his } = await call(t, {
        drop: (packet) => packet.startsWith(`${method} `) && /^CSeq: 2 /m.test(packet),
      });
      const ends = Promise.all([next(hers, 'ended'), next(his, 'ended')]);
      const response = await (method === 'INVITE' ? hers.reinvite(sdp) : hers.request(method));
      t.equal(response.status, 408);
      t.same(await ends, [['error'], ['remote-bye']]);
      t.ok(await empty(alice, bob));
    },
  );
}

t.test(
  'an answer to a re-INVITE whose ACK never comes ends the call on both sides',
  { buffered: true },
  async (t) => {
    const { alice, bob, hers, his } = await call(t, {
      drop: (packet) => packet.startsWith('ACK ') && /^CSeq: 2 /m.test(packet),
    });
    his.on('request', ({ respond }) => respond(200, undefined, { body: sdp }));
    const ends = Promise.all([next(hers, 'ended'), next(his, 'ended')]);
    t.equal((await hers.reinvite(sdp)).status, 200);
    t.same(await ends, [['remote-bye'], ['ack-timeout']]);
    t.ok(await empty(alice, bob));
  },
);

t.test(
  'a re-INVITE that crosses one gets 491 on both sides, and the call stands',
  { buffered: true },
  async (t) => {
    const { alice, bob, hers, his } = await call(t, {});
    for (const dialog of [hers, his])
      dialog.on('request', ({ respond }) => respond(200, undefined, { body: sdp }));
    const statuses = (await Promise.all([hers.reinvite(sdp), his.reinvite(sdp)])).map(({ status }) => status);
    t.same(statuses, [491, 491]);
    t.equal((await hers.reinvite(sdp)).status, 200);
    await hers.bye();
    t.ok(await empty(alice, bob));
  },
);
