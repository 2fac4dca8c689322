import t, { type Test } from 'tap';
import type { Dialog } from '../../../src/embedded/sip/dialog.js';
import type { IncomingInvite } from '../../../src/embedded/sip/incoming-invite.js';
import { fairClock } from './fair-clock.js';
import { lossyLink, type Link, type LinkOptions } from './lossy-link.js';
import { accepted, agent, empty, next, sdp } from './phones.js';

/** T4 is long beside what the network delays: a copy of an INVITE that comes after it is a new call. */
const timers = { t1Ms: 10, t2Ms: 40, t4Ms: 300 };

/** Two phones and the network between; `uri` is Bob as Alice reaches him. */
async function phones(t: Test, options: LinkOptions) {
  const alice = await agent(t, 'alice', { listen: ['udp:127.0.0.1:0'], timers, clock: fairClock });
  const bob = await agent(t, 'bob', { listen: ['udp:127.0.0.1:0'], timers, clock: fairClock });
  const port = (ua: typeof alice): number => ua.addresses[0]?.port ?? 0;
  const link: Link = await lossyLink(t, port(alice), port(bob), options);
  return { alice, bob, link, uri: `sip:bob@127.0.0.1:${link.nearPort}` };
}

/** What a call does: who ends it and how. */
const plans = ['caller hangs up', 'called hangs up', 'both hang up', 'cancel', 'cancel and answer'] as const;

/** Of the calls: with one packet of five lost, seven tries of an INVITE fail once in a thousand times. */
const atLeast = 0.95;

for (const loss of [0.05, 0.2]) {
  t.test(
    `${loss * 100} % loss, reordering, duplicates: every call ends on both sides, nothing left`,
    async (t) => {
      const { alice, bob, link, uri } = await phones(t, { loss, duplicates: 0.1, reordered: 0.2, seed: 7 });
      const calls = 60;
      const takenUp = new Set<string>();
      const bobs: Promise<unknown>[] = [];
      bob.on('invite', (incoming: IncomingInvite) => {
        const plan = incoming.request.get('x-plan');
        t.notOk(takenUp.has(incoming.request.get('call-id') ?? ''), 'repetitions are no new call');
        takenUp.add(incoming.request.get('call-id') ?? '');
        incoming.respond(180);
        if (plan === 'cancel') {
          // A caller that heard nothing gives up without a CANCEL: so does Bob, at last.
          const over = new Promise<void>((resolve) => {
            const limit = fairClock.after(1500, () => {
              incoming.respond(480);
              resolve();
            });
            incoming.on('cancel', () => {
              limit.cancel();
              resolve();
            });
          });
          bobs.push(over);
          return;
        }
        const dialog = incoming.accept({ body: sdp });
        bobs.push(next(dialog, 'ended'));
        if (plan === 'called hangs up' || plan === 'both hang up') dialog.on('ack', () => void dialog.bye());
      });
      const ends = Array.from({ length: calls }, async (_, i) => {
        const plan = plans[i % plans.length] as string;
        const call = alice.invite(uri, { body: sdp, headers: { 'X-Plan': plan } });
        if (plan.startsWith('cancel')) call.on('provisional', () => call.cancel());
        const end = await new Promise<string>((resolve) => {
          call.on('failed', (status) => resolve(`failed ${status}`));
          call.on('accepted', (_, dialog: Dialog) => {
            dialog.on('ended', (reason) => resolve(reason));
            call.ack();
            if (plan !== 'called hangs up') void dialog.bye();
          });
        });
        return [plan, end] as const;
      });
      const wanted: Record<string, RegExp> = {
        'caller hangs up': /^local-bye$/,
        'called hangs up': /^remote-bye$/,
        'both hang up': /^(local|remote)-bye$/,
        cancel: /^failed 487$/,
        'cancel and answer': /^(failed 487|local-bye|remote-bye)$/,
      };
      const outcomes = await Promise.all(ends);
      await Promise.all(bobs);
      for (const [plan, end] of outcomes) {
        // 408: nobody came through for 64*T1. 'cancel and answer' may also be accepted before the CANCEL left.
        if (wanted[plan]?.test(end) !== true) t.match(end, /^(failed (408|487)|error|remote-bye)$/, plan);
      }
      const good = outcomes.filter(([plan, end]) => wanted[plan]?.test(end)).length;
      t.ok(good >= atLeast * calls, `${good} of ${calls} as planned`);
      t.ok(link.lost.length > loss * 100, `${link.lost.length} packets lost, ${link.counts.passed} passed`);
      t.ok(await empty(alice, bob));
    },
  );
}

t.test('the ACK is lost three times: each repeated 200 brings it again, the call stands', async (t) => {
  let acks = 0;
  const { alice, bob, link, uri } = await phones(t, { drop: (p) => p.startsWith('ACK') && ++acks <= 3 });
  const answered = new Promise<Dialog>((resolve) =>
    bob.on('invite', (incoming) => resolve(incoming.accept({ body: sdp }))),
  );
  const call = alice.invite(uri, { body: sdp });
  const dialog = await accepted(call);
  call.ack();
  const bobs = await answered;
  await next(bobs, 'ack');
  t.equal(acks, 4);
  t.equal(link.lost.length, 3);
  t.equal(bobs.isEnded, false);
  await dialog.bye();
  t.ok(await empty(alice, bob));
});

t.test('every ACK is lost: the answer is given up after 64*T1, and both sides know', async (t) => {
  const { alice, bob, uri } = await phones(t, { drop: (packet) => packet.startsWith('ACK') });
  const ended = new Promise<string>((resolve) =>
    bob.on('invite', (incoming) => incoming.accept({ body: sdp }).on('ended', resolve)),
  );
  const call = alice.invite(uri, { body: sdp });
  const dialog = await accepted(call);
  call.ack();
  const [reason] = await next(dialog, 'ended');
  t.equal(reason, 'remote-bye');
  t.equal(await ended, 'ack-timeout');
  t.ok(await empty(alice, bob));
});

t.test('nothing comes back: 408 for INVITE after 64*T1; Bob, who answered, gives up too', async (t) => {
  const { alice, bob, uri } = await phones(t, { drop: (packet) => packet.startsWith('SIP/2.0') });
  const ended = new Promise<string>((resolve) =>
    bob.on('invite', (incoming) => incoming.accept({ body: sdp }).on('ended', resolve)),
  );
  t.equal((await next(alice.invite(uri, { body: sdp }), 'failed'))[0], 408);
  t.equal(await ended, 'ack-timeout');
  t.ok(await empty(alice, bob));
});

t.test('BYE crosses BYE: both get their 200', async (t) => {
  const { alice, bob, link, uri } = await phones(t, {});
  const answered = new Promise<Dialog>((resolve) =>
    bob.on('invite', (incoming) => resolve(incoming.accept({ body: sdp }))),
  );
  const call = alice.invite(uri, { body: sdp });
  const dialog = await accepted(call);
  const bobs = await answered;
  call.ack();
  await next(bobs, 'ack');
  const before = link.counts.passed;
  await Promise.all([dialog.bye(), bobs.bye()]);
  t.equal(link.counts.passed - before, 4, 'two BYEs, two answers, no repetition');
  t.ok(await empty(alice, bob));
});

t.test('the 200 crosses the CANCEL: taken, acknowledged and hung up', async (t) => {
  let held = true;
  // The 180 passes, the CANCEL only after the 200.
  const { alice, bob, uri } = await phones(t, {
    drop: (packet) => {
      if (packet.startsWith('SIP/2.0 200')) held = false;
      return packet.startsWith('CANCEL') && held;
    },
  });
  const cancelled = { later: undefined as IncomingInvite | undefined };
  bob.on('invite', (incoming) => {
    incoming.respond(180);
    cancelled.later = incoming;
  });
  const call = alice.invite(uri, { body: sdp });
  const failed = next(call, 'failed');
  call.on('accepted', () => t.fail('a cancelled call is not accepted'));
  await new Promise<void>((resolve) =>
    call.on('provisional', (response) => {
      if (response.status === 180) resolve();
    }),
  );
  call.cancel();
  const bobs = cancelled.later?.accept({ body: sdp });
  const ended = bobs === undefined ? undefined : next(bobs, 'ended');
  t.same(await failed, [487, undefined]);
  t.same(await ended, ['remote-bye']);
  t.ok(await empty(alice, bob));
});
